"""Words beside their contexts and beside drawn words, made of rows of ids a block at a time."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.data_memory import give_back_pages
from dlspec_pipelines.steps.engine.batches import seeded_generator

Array = NDArray[Any]
Ids = NDArray[np.int64]
# Samples that are drawn and put in order at a time: some 20 MB while that is done.
BLOCK_SAMPLES = 2**18
# Ids that are counted at a time.
_CHUNK_IDS = 2**22
# The place of `label` behind `target` and `context`.
_LABEL = 2
# A count to the power of 0.75 in whole numbers, so that drawing is exact: five digits behind the
# point of the rarest word, and a sum over millions of words below 2^63.
_WEIGHT_UNIT = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class DrawnWords:
    """Which ids are words, and how often each is drawn.

    Attributes:
        is_word: By id, whether it stands for a word.
        upto: By id, the sum of the weights of all ids up to it.
    """

    is_word: NDArray[np.bool_]
    upto: Ids

    @property
    def weights(self) -> Ids:
        """Return how likely each id is, in whole numbers."""
        return np.diff(self.upto, prepend=0)

    def draw_other_than(self, words: Ids, generator: np.random.Generator) -> Ids:
        """Return a word for each of `words` that is another one."""
        weight = self.upto[words] - np.where(words > 0, self.upto[words - 1], 0)
        drawn = generator.integers(0, self.upto[-1] - weight)
        # What lies behind the word itself moves up over it.
        drawn += np.where(drawn >= self.upto[words] - weight, weight, 0)
        return np.asarray(np.searchsorted(self.upto, drawn, side="right"), np.int64)


def words_of_rows(rows: Array, num_ids: int, silent: tuple[int, ...]) -> DrawnWords:
    """Return how often the words of some rows are drawn: their count to the power of 0.75.

    Args:
        rows: Ids, (rows, length).
        silent: Ids that stand for no word.
    """
    counts = np.zeros(num_ids, dtype=np.int64)
    step = max(1, _CHUNK_IDS // max(rows.shape[1], 1))
    for start in range(0, len(rows), step):
        counts += np.bincount(rows[start : start + step].reshape(-1), minlength=num_ids)
    is_word = np.ones(num_ids, dtype=bool)
    is_word[list(silent)] = False
    counts[~is_word] = 0
    # Square roots are exact on every machine, powers are not.
    root = np.sqrt(counts.astype(np.float64))
    weights = np.rint(root * np.sqrt(root) * _WEIGHT_UNIT).astype(np.int64)
    return DrawnWords(is_word, np.cumsum(weights))


def contexts_in_rows(rows: Array, window: int, is_word: NDArray[np.bool_]) -> tuple[Ids, Ids]:
    """Return every word beside every word at most `window` ids away in its row, both ways."""
    words = is_word[rows]
    found: list[tuple[Array, Array]] = []
    for away in range(1, min(window, rows.shape[1] - 1) + 1):
        both = words[:, :-away] & words[:, away:]
        first, second = rows[:, :-away][both], rows[:, away:][both]
        found += [(first, second), (second, first)]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    centres, contexts = (np.concatenate(side).astype(np.int64) for side in zip(*found, strict=True))
    return centres, contexts


def count_contexts(rows: Array, window: int, is_word: NDArray[np.bool_]) -> Ids:
    """Return how many pairs `contexts_in_rows` finds in each row."""
    counts = np.zeros(len(rows), dtype=np.int64)
    step = max(1, _CHUNK_IDS // max(rows.shape[1], 1))
    for start in range(0, len(rows), step):
        words = is_word[rows[start : start + step]]
        for away in range(1, min(window, rows.shape[1] - 1) + 1):
            both = words[:, :-away] & words[:, away:]
            counts[start : start + step] += 2 * both.sum(axis=1)
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class ContextRows:
    """Rows of ids, of which samples are drawn.

    Attributes:
        rows: Ids, (rows, length), which may be mapped.
        counts: True contexts in each row.
        negatives: Drawn words for each of them.
    """

    rows: Array
    counts: Ids
    words: DrawnWords
    window: int
    negatives: int


@dataclass(eq=False)
class DrawnContexts:
    """The samples of one epoch: blocks of rows in a drawn order, each block in an order of its own.

    Only the block that is read and the samples that were asked for last are in memory.
    """

    of: ContextRows
    seed: tuple[int, ...]
    block_samples: int = BLOCK_SAMPLES
    _last: tuple[int, int, tuple[Array, ...]] | None = field(init=False, default=None)

    @cached_property
    def visit(self) -> Ids:
        """Return the rows in the order of the epoch."""
        return seeded_generator(*self.seed).permutation(len(self.of.rows))

    @cached_property
    def starts(self) -> Ids:
        """Return the first sample of each row, in the order of the epoch, and their number."""
        sizes = self.of.counts[self.visit] * (1 + self.of.negatives)
        return np.concatenate([[0], np.cumsum(sizes)])

    @cached_property
    def borders(self) -> Ids:
        """Return the first row of each block, and the number of rows; a block has one at least."""
        found = [0]
        while found[-1] < len(self.visit):
            end = self.starts[found[-1]] + self.block_samples
            found.append(max(found[-1] + 1, int(np.searchsorted(self.starts, end, "right")) - 1))
        return np.array(found)

    def __len__(self) -> int:
        """Return the number of samples."""
        return int(self.starts[-1])

    def samples(self, first: int, end: int) -> tuple[Array, Array, Array]:
        """Return `target`, `context` and `label` of the samples from `first` to `end`.

        Shapes:
            returns: (samples,) int32 twice, (samples, 1) float32
        """
        if self._last is None or self._last[:2] != (first, end):
            parts = [self._within_block(number, first, end) for number in self._blocks(first, end)]
            nothing = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 1), np.float32))
            sides = zip(nothing, *parts, strict=True)
            self._last = (first, end, tuple(np.concatenate(side) for side in sides))
        target, context, label = self._last[2]
        return target, context, label

    def labels(self, *, blocks: int | None = None) -> Array:
        """Return the labels of all samples, or of some blocks from the first, without words.

        Each block holds as large a share of true contexts as all of them.
        """
        parts = [self._order_of_block(number) for number in range(len(self.borders) - 1)[:blocks]]
        told = [(order < count).astype(np.float32) for order, count in parts]
        return np.concatenate([np.zeros(0, np.float32), *told])[:, None]

    def _blocks(self, first: int, end: int) -> range:
        begins = self.starts[self.borders]
        last = int(np.searchsorted(begins, end, "left"))
        return range(max(int(np.searchsorted(begins, first, "right")) - 1, 0), last)

    def _within_block(self, number: int, first: int, end: int) -> tuple[Array, ...]:
        begin = int(self.starts[self.borders[number]])
        part = slice(max(first - begin, 0), max(end - begin, 0))
        return tuple(side[part] for side in self._block(number))

    def _order_of_block(self, number: int) -> tuple[Ids, int]:
        """Return the order of a block's samples, and how many of them are true contexts."""
        begin, end = self.starts[self.borders[number : number + 2]]
        count = int(end - begin)
        order = seeded_generator(*self.seed, 1 + number).permutation(count)
        return order, count // (1 + self.of.negatives)

    def _block(self, number: int) -> tuple[Array, ...]:
        rows = self.visit[self.borders[number] : self.borders[number + 1]]
        centres, contexts = contexts_in_rows(
            np.asarray(self.of.rows[np.sort(rows)]), self.of.window, self.of.words.is_word
        )
        give_back_pages(self.of.rows)
        order, count = self._order_of_block(number)
        assert count == len(centres), "counted as they are found"
        again = np.repeat(contexts, self.of.negatives)
        drawn = self.of.words.draw_other_than(again, seeded_generator(*self.seed, 1 + number, 1))
        target = np.concatenate([centres, np.repeat(centres, self.of.negatives)])[order]
        context = np.concatenate([contexts, drawn])[order]
        label = (order < count).astype(np.float32)[:, None]
        return target.astype(np.int32), context.astype(np.int32), label


@dataclass(frozen=True, slots=True, eq=False)
class ContextColumn:
    """One of the arrays of drawn contexts, made where it is read."""

    drawn: DrawnContexts
    number: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the extents, the samples first."""
        return (len(self.drawn), 1) if self.number == _LABEL else (len(self.drawn),)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""
        return np.dtype(np.float32 if self.number == _LABEL else np.int32)

    @property
    def nbytes(self) -> int:
        """Return how much memory all samples together would take."""
        return len(self) * self.dtype.itemsize

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.drawn)

    def __getitem__(self, rows: slice | Ids) -> Array:
        """Return some samples; those of places are made block by block."""
        if isinstance(rows, slice):
            first, end, step = rows.indices(len(self.drawn))
            return self.drawn.samples(first, max(first, end))[self.number][::step]
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for place, row in enumerate(rows):
            found[place] = self.drawn.samples(int(row), int(row) + 1)[self.number][0]
        return found
