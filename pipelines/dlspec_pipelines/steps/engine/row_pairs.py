"""Which rows go together in the pairs and triplets of an epoch, by their classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlspec.diagnostics.codes import Code
from dlspec_pipelines.steps.engine.batches import drawn_again, seeded_generator
from dlspec_pipelines.steps.step_errors import StepError

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowPairs:
    """The places of two rows for each pair, and whether their classes agree."""

    left: Places
    right: Places
    same: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RowTriplets:
    """The places of three rows: two of one class, and one of another."""

    anchor: Places
    positive: Places
    negative: Places


@dataclass(frozen=True, slots=True, eq=False)
class RowsByClass:
    """Rows in the order of their classes.

    Attributes:
        order: The places of all rows, one class after the other.
        at: Where each row stands in `order`.
        first: Where the class of each row begins in `order`.
        size: How many rows the class of each row has.
    """

    order: Places
    at: Places
    first: Places
    size: Places

    def mates(self, rows: Places, generator: np.random.Generator) -> Places:
        """Return another row of the class of each of `rows`, whose classes have two at least."""
        first, size = self.first[rows], self.size[rows]
        step = generator.integers(1, size)
        return self.order[first + (self.at[rows] - first + step) % size]

    def strangers(self, rows: Places, generator: np.random.Generator) -> Places:
        """Return a row of another class for each of `rows`; every such row is as likely."""
        first, size = self.first[rows], self.size[rows]
        drawn = generator.integers(0, len(self.order) - size)
        return self.order[np.where(drawn < first, drawn, drawn + size)]


def rows_by_class(ids: NDArray[np.int64], *, part: str) -> RowsByClass:
    """Return rows in the order of their classes.

    Args:
        ids: The class of each row.
        part: Which rows these are, for an error.

    Raises:
        StepError: If no pair can be of one class, or none of two (DL613).
    """
    _, of_row, counts = np.unique(ids, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise unpairable_rows(f"all {part} rows are of one class, and no pair is of two", part)
    if counts.max() < 2:
        raise unpairable_rows(f"no class has two {part} rows, and no pair is of one class", part)
    order = np.argsort(of_row, kind="stable")
    at = np.empty_like(order)
    at[order] = np.arange(len(order))
    first = np.cumsum(counts) - counts
    return RowsByClass(order, at, first[of_row], counts[of_row])


def unpairable_rows(message: str, part: str) -> StepError:
    """Return the refusal of rows that no pairs can be drawn from."""
    return StepError(
        message,
        code=Code.NOT_PREPARABLE.value,
        help=f"let the {part} rows have two classes or more, and two rows of one of them: give "
        "the part a larger share under `data.split`",
    )


def draw_row_pairs(rows: RowsByClass, seed: tuple[int, ...], count: int) -> RowPairs:
    """Return pairs of rows, which depend on nothing but the arguments.

    `left` goes through all rows in a drawn order, again after the last of them. Every second pair
    is of one class, unless the class has no other row.

    Args:
        seed: Of training (seed, epoch).
        count: How many pairs.
    """
    generator = seeded_generator(*seed)
    left = drawn_again(generator, np.arange(len(rows.order)), count)
    same = (np.arange(count) % 2 == 0) & (rows.size[left] > 1)
    right = np.empty_like(left)
    right[same] = rows.mates(left[same], generator)
    right[~same] = rows.strangers(left[~same], generator)
    return RowPairs(left, right, same)


def draw_row_triplets(rows: RowsByClass, seed: tuple[int, ...], count: int | None) -> RowTriplets:
    """Return triplets of rows, which depend on nothing but the arguments.

    `anchor` goes through all rows that are not alone in their class in a drawn order, again after
    the last of them.

    Args:
        seed: Of training (seed, epoch).
        count: How many triplets; None for each such row once.
    """
    generator = seeded_generator(*seed)
    paired = np.flatnonzero(rows.size > 1)
    anchor = drawn_again(generator, paired, len(paired) if count is None else count)
    return RowTriplets(anchor, rows.mates(anchor, generator), rows.strangers(anchor, generator))
