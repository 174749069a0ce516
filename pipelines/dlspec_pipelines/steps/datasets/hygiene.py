"""What is odd about data that nobody forbade: said in contract.json, never silent."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec.diagnostics.counts import agreed, counted
from dlspec_pipelines.steps.data_memory import give_back_pages, row_blocks
from dlspec_pipelines.steps.datasets.table import Array, Table, shown_value

# 8 MB at a time: small beside the data, large beside the cost of a call.
_CHUNK_BYTES = 2**23
# The largest class against the smallest, in training rows: above it accuracy alone says little.
_IMBALANCE = 10
# Rows to look at; the count says how many there are.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One oddity: its kind, the column, part or target, how many rows or values, a sentence.

    `examples` says where up to ten of the rows stand.
    """

    kind: str
    subject: str
    count: int
    message: str
    severity: str = "warn"
    examples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class SamplePlaces:
    """Where the samples of the parts stand in the source, for the examples of a finding.

    Attributes:
        rows: For each part the row of each sample.
    """

    table: Table
    rows: Mapping[str, Array]

    def pairs_told(self, part: str, pairs: Iterable[tuple[int, int]]) -> tuple[str, ...]:
        """Return where the first samples of a part stand, each with one of the training samples."""
        return tuple(
            f"{part}: {self._place_of_sample(part, place)}; "
            f"train: {self._place_of_sample('train', other)}"
            for place, other in islice(pairs, _SHOWN)
        )

    def _place_of_sample(self, part: str, place: int) -> str:
        # Of windows, a row may stand behind the last of the source.
        return str(self.table.place_of(min(int(self.rows[part][place]), self.table.rows - 1)))


def odd_columns(
    table: Table, names: Iterable[str], policies: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Find missing values in columns, and columns that hold one value only.

    Args:
        policies: What becomes of missing values, by column.
    """
    policies = policies or {}
    for name in dict.fromkeys(names):
        column = table.columns[name]
        missing = _count_rows_with_gaps(column)
        if missing:
            text = f"column `{name}` misses {missing:,} of {counted(table.rows, 'value')}"
            text += f"; {policies[name]}" if name in policies else ""
            yield Finding("missing_values", name, missing, text)
        if column.ndim == 1 and _is_constant_column(column):
            text = f"column `{name}` holds {shown_value(column[0])} in every row"
            yield Finding("constant_column", name, table.rows, text)


def _count_rows_with_gaps(column: Array) -> int:
    if column.dtype.kind not in "fOM":
        return 0
    return sum(
        int(np.asarray(pd.isna(block)).reshape(len(block), -1).any(axis=1).sum())
        for block in row_blocks(column)
    )


def _is_constant_column(column: Array) -> bool:
    if len(column) < 2 or isinstance(column[0], np.ndarray | list | dict):
        return False
    first = column[0]
    return all(bool((block == first).all()) for block in row_blocks(column))


def repeated_rows(
    train: Mapping[str, Array],
    others: Mapping[str, Mapping[str, Array]],
    places: SamplePlaces | None = None,
) -> Iterator[Finding]:
    """Find samples of other parts whose inputs equal those of a training sample.

    Args:
        train: The inputs of the training samples, by name.
        others: The same of the parts that should share nothing with them, by part.
        places: Where they stand; None to give no examples.
    """
    known = _word_sum_hashes(train)
    sorted_known = np.sort(known)
    for part, inputs in others.items():
        asked = _word_sum_hashes(inputs)
        candidates = np.flatnonzero(_are_known_hashes(sorted_known, asked))
        if not candidates.size:
            continue
        at = _first_rows_of_hashes(known, asked[candidates])
        same = np.ones(len(candidates), dtype=bool)
        for name, array in inputs.items():
            same &= _are_equal_samples(train[name], at, array, candidates)
        count = int(same.sum())
        if count:
            text = (
                f"{count:,} of {counted(len(asked), part + ' sample')} {agreed(count, 'have')} "
                "the inputs of a training sample"
            )
            pairs = zip(candidates[same].tolist(), at[same].tolist(), strict=True)
            told = () if places is None else places.pairs_told(part, pairs)
            yield Finding("repeated_rows", part, count, text, examples=told)


def _are_known_hashes(
    sorted_known: NDArray[np.uint64], asked: NDArray[np.uint64]
) -> NDArray[np.bool_]:
    if not sorted_known.size:
        return np.zeros(len(asked), dtype=bool)
    # Looked up in ascending order, neighbours lie in the same part of memory: ten times faster.
    order = np.argsort(asked)
    ascending = asked[order]
    at = np.minimum(np.searchsorted(sorted_known, ascending), len(sorted_known) - 1)
    found = np.empty(len(asked), dtype=bool)
    found[order] = sorted_known[at] == ascending
    return found


def _first_rows_of_hashes(
    known: NDArray[np.uint64], wanted: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Return for each wanted hash, all of which are known, the first row that has it."""
    rows = np.flatnonzero(_are_known_hashes(np.sort(wanted), known))
    hashes, first = np.unique(known[rows], return_index=True)
    return rows[first[np.searchsorted(hashes, wanted)]]


def _word_sum_hashes(arrays: Mapping[str, Array]) -> NDArray[np.uint64]:
    """Return a number per sample: sums of its words times fixed random odd numbers, modulo 2^64."""
    total: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
    for number, name in enumerate(sorted(arrays)):
        array = arrays[name]
        words = max(1, array[:1].nbytes // 4) if len(array) else 1
        factors = np.random.default_rng(number).integers(
            0, 2**63, words, dtype=np.uint64
        ) * np.uint64(2) + np.uint64(1)
        found = np.concatenate(
            [_weighted_word_sums(block, factors) for block in row_blocks(array)] or [total]
        )
        total = found if not total.size else total * np.uint64(0x9E3779B97F4A7C15) + found
    return total


def _weighted_word_sums(chunk: Array, factors: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = np.ascontiguousarray(chunk).reshape(len(chunk), -1).view(np.uint32)
    return words.astype(np.uint64) @ factors


def _are_equal_samples(
    left: Array, left_at: Array, right: Array, right_at: Array
) -> NDArray[np.bool_]:
    step = max(1, _CHUNK_BYTES // max(1, right[:1].nbytes))
    found = np.ones(len(left_at), dtype=bool)
    for start in range(0, len(left_at), step):
        part = slice(start, start + step)
        pair = left[left_at[part]], right[right_at[part]]
        found[part] = (pair[0] == pair[1]).reshape(len(pair[0]), -1).all(axis=1)
        give_back_pages(left)
        give_back_pages(right)
    return found


def class_counts(targets: Mapping[str, NDArray[np.int64]], classes: int) -> dict[str, list[int]]:
    """Return how many samples of each class each part has.

    Args:
        targets: For each part the class ids.
    """
    return {part: np.bincount(ids, minlength=classes).tolist() for part, ids in targets.items()}


def odd_balance(target: str, counts: Mapping[str, list[int]]) -> Iterator[Finding]:
    """Find classes that a part lacks, and training classes of very different sizes."""
    for part, found in counts.items():
        absent = [str(number) for number, count in enumerate(found) if count == 0]
        if absent and sum(found):
            text = f"target `{target}` has no {part} sample of class {', '.join(absent[:10])}"
            yield Finding("absent_class", f"{target}/{part}", len(absent), text)
    train = [count for count in counts["train"] if count]
    if train and max(train) > _IMBALANCE * min(train):
        text = f"target `{target}` has {min(train)} to "
        text += f"{counted(max(train), 'training sample')} per class"
        yield Finding("imbalance", target, min(train), text)
