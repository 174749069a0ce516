"""What makes a row the same row wherever it stands: 64 bits of its content.

A value is hashed as what it says and not as how its column happens to be stored: a whole number as
the float that it equals, a text that is a number as that number. So the rows that were there before
keep their identity when a row with a gap or a word turns a column of integers into one of floats or
texts.
"""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.ragged import joined_row_stretches, rows_share_a_dtype
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, holds_arrays
from dlspec_pipelines.steps.preparation.named_files import digests_of_named_files, names_files

Identities = NDArray[np.uint64]

# Above it a float does not hold every whole number.
_EXACT = 2**53
# 2**64 over the golden ratio, odd: the step of SplitMix64.
_MISSING = 0x9E3779B97F4A7C15
# What a seed is taken modulo of: a word has as many values.
_SIXTY_FOUR_BITS = 2**64


def row_identities(
    table: Table, columns: Iterable[str], *, files: tuple[str, ...] = ()
) -> Identities:
    """Return a number for each row, equal where the named columns hold the same.

    Args:
        files: The columns that may name files; what counts of those is the files' bytes.

    Raises:
        StepError: If a column names a file that is not there (DL613).
    """
    total = np.zeros(table.rows, dtype=np.uint64)
    for name in sorted(set(columns)):
        column = table.columns[name]
        if name in files and names_files(column):
            found = iter([_file_identities(name, table)])
        else:
            found = _identity_blocks(column)
        start = 0
        for block in found:
            part = slice(start, start + len(block))
            total[part] = _mix_words(total[part] * np.uint64(_MISSING) + block)
            start += len(block)
    return total


def value_identities(column: Array) -> Identities:
    """Return a number for each row of one column, equal where the rows hold the same."""
    return np.concatenate([np.zeros(0, dtype=np.uint64), *_identity_blocks(column)])


def _identity_blocks(column: Array) -> Iterator[Identities]:
    """Yield the numbers of the rows, some at a time: nothing of a column's size is held."""
    arrays = column.ndim > 1 or holds_arrays(column)
    for block in row_blocks(column):
        yield _block_identities(block, arrays=arrays)


def _block_identities(column: Array, *, arrays: bool) -> Identities:
    if arrays:
        return _array_identities(column)
    if column.dtype.kind in "iufb":
        return _number_identities(column)
    if column.dtype.kind == "M":
        moments = column.astype("datetime64[ns]").view(np.uint64)
        return np.where(np.isnat(column), np.uint64(_MISSING), _mix_words(moments))
    # A text is hashed once, however many rows hold it; -1 of a missing one takes the last.
    codes, values = pd.factorize(column)
    known = _object_identities(np.asarray(values, dtype=np.object_))
    return np.append(known, np.uint64(_MISSING))[codes]


def places_in_unit_interval(identities: Identities, *, seed: int) -> NDArray[np.float64]:
    """Return for each identity its place in [0, 1), which the seed and nothing else decides."""
    start = _mix_words(np.array([seed % _SIXTY_FOUR_BITS], dtype=np.uint64) + np.uint64(_MISSING))
    return (_mix_words(identities ^ start) >> np.uint64(11)) / 2.0**53


def _mix_words(words: Identities) -> Identities:
    """Return the finaliser of SplitMix64, a bijection that spreads every bit.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014, figure 17.
    """
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _number_identities(numbers: Array) -> Identities:
    # Adding 0 makes one of the two zeros.
    floats = np.ascontiguousarray(numbers, dtype=np.float64) + 0.0
    found = _mix_words(floats.view(np.uint64))
    found[np.isnan(floats)] = _MISSING
    if numbers.dtype.kind in "iu":
        large = np.flatnonzero(np.abs(floats) >= _EXACT)
        found[large] = _text_identities([str(number) for number in numbers[large].tolist()])
    return found


def _object_identities(column: Array) -> Identities:
    found = np.full(len(column), _MISSING, dtype=np.uint64)
    there = np.flatnonzero(~np.asarray(pd.isna(column)))
    values = column[there].tolist()
    texts = [str(int(value)) if isinstance(value, bool) else str(value) for value in values]
    numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
    plain = np.abs(numbers) < _EXACT
    found[there[plain]] = _number_identities(numbers[plain])
    words = np.flatnonzero(~plain)
    found[there[words]] = _text_identities([texts[number] for number in words])
    return found


def _text_identities(texts: list[str]) -> Identities:
    hashed: Identities = pd.util.hash_array(np.array(texts, dtype=object))
    return hashed


def _array_identities(column: Array) -> Identities:
    """Return the numbers of rows that are arrays: of the bytes of the numbers in each."""
    if column.dtype.kind in "iufb":
        plain = _plain_numbers(column)
        ends = np.arange(1, len(plain) + 1) * plain[:1].nbytes
        return _digests_of_stretches(plain, ends)
    rows = column.tolist()
    if rows_share_a_dtype(rows):
        found = []
        for values, ends in joined_row_stretches(rows):
            plain = _plain_numbers(values)
            found.append(_digests_of_stretches(plain, ends * plain.itemsize))
        return np.concatenate(found)
    return _digests_of_contents(map(_content_of_row, rows))


def _digests_of_stretches(values: Array, ends: Rows) -> Identities:
    content, stops = values.reshape(-1).view(np.uint8).data, ends.tolist()
    return _digests_of_contents(
        content[start:stop] for start, stop in zip([0, *stops], stops, strict=False)
    )


def _digests_of_contents(contents: Iterable[bytes | memoryview]) -> Identities:
    digests = [hashlib.blake2b(content, digest_size=8).digest() for content in contents]
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def _content_of_row(row: object) -> bytes:
    numbers = _row_as_numbers(row)
    return numbers.tobytes() if isinstance(numbers, np.ndarray) else repr(numbers).encode()


def _row_as_numbers(row: object) -> object:
    """Return a row of a ragged column as numbers; what holds none as nested lists."""
    if row is None:
        return None
    try:
        found = np.asarray(row)
    except ValueError:
        return _nested_row_as_lists(row)
    return _plain_numbers(found) if found.dtype.kind in "iufb" else _nested_row_as_lists(row)


def _nested_row_as_lists(row: object) -> object:
    if isinstance(row, list | np.ndarray):
        return [_nested_row_as_lists(value) for value in row]
    return float(row) if isinstance(row, int | float | np.number) else row


def _plain_numbers(values: Array) -> Array:
    """Return numbers of one type, whatever they were stored in; pixels stay small."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    floats = np.ascontiguousarray(values, dtype=np.float64) + 0.0
    floats[np.isnan(floats)] = np.nan
    return floats


def _file_identities(name: str, table: Table) -> Identities:
    digests = digests_of_named_files(name, table)
    found = [int.from_bytes(digest[:8], "little") for digest in digests]
    return np.array(found, dtype=np.uint64)
