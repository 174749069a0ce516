"""Rows that are arrays: as one dense array, or filled up and cut to one length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlspec_pipelines.steps.data_memory import (
    BLOCK_BYTES,
    give_back_pages,
    is_mapped,
    rows_of_mapped_array,
)
from dlspec_pipelines.steps.datasets.ragged import rows_share_a_dtype
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    Rows,
    holds_arrays,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.numbers import as_numbers


@dataclass(frozen=True, slots=True)
class Remark:
    """What was done to some samples of a feature that its spec allows: a kind, how many, a clause.

    `severity` is that of a finding: `warn` for what may surprise, `info` for what was expected.
    """

    kind: str
    count: int
    what: str
    severity: str = "warn"


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A feature's values in the source's rows.

    `mask` marks the real steps of sequences that were filled up; None when all are. `cut` counts
    the samples that were longer than the feature, `unknown` in each row the values that are read
    as the unknown id; None where that is not for this to say. `remarks` tell what else was done.
    `beside` are the further columns of a feature that takes one number of each: they are put side
    by side when rows are asked for, so that nobody holds a table twice. `classes` are the values
    that 0 and 1 stand for, of a target that finds them in its column.
    """

    values: Array
    mask: Array | None = None
    cut: int = 0
    unknown: Array | None = None
    remarks: tuple[Remark, ...] = ()
    beside: tuple[Array, ...] = ()
    classes: tuple[object, ...] | None = None

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Return the shape of one row."""
        return (1 + len(self.beside),) if self.beside else self.values.shape[1:]

    def at(self, rows: Rows) -> Array:
        """Return the values in some rows; what was read of mapped files is given back."""
        found = [_rows_of_column(column, rows) for column in (self.values, *self.beside)]
        return np.stack(found, axis=-1) if self.beside else found[0]

    def each_column_at(self, rows: Rows) -> Iterator[Array]:
        """Yield the values of each column of numbers in some rows, one column after the other."""
        whole = (self.values, *self.beside) if self.beside else self.values.T
        for column in whole:
            yield _rows_of_column(column, rows)


def _rows_of_column(column: Array, rows: Rows) -> Array:
    if rows.ndim == 1 and is_mapped(column):
        return rows_of_mapped_array(column, rows, BLOCK_BYTES)
    # Of windows, whose rows lie together.
    found: Array = column[rows]
    give_back_pages(column)
    return found


def side_by_side(columns: Sequence[Array]) -> Raw:
    """Return columns of one number per row as the values of one feature."""
    first, *others = columns
    return Raw(first, beside=tuple(others)) if others else Raw(first[:, None])


def dense_numeric_rows(name: str, column: Array) -> Array:
    """Return rows of arrays as one numeric array; all of the same shape.

    Raises:
        StepError: If one has another shape, or is none (DL613).
    """
    if not holds_arrays(column):
        return as_numbers(name, column)
    _require_present(name, column)
    try:
        rows = [np.asarray(row) for row in column]
    except ValueError as error:
        raise unpreparable_data(
            f"column `{name}` holds lists of several lengths in one row"
        ) from error
    for number, row in enumerate(rows):
        if row.shape != rows[0].shape or row.dtype.kind not in "iufb":
            what = f"an array of shape {row.shape}" if row.dtype.kind in "iufb" else "no numbers"
            what += f", where row 0 has shape {rows[0].shape}"
            raise RefusedValue(name, number, what, help=None)
    return np.stack(rows)


def _require_present(name: str, column: Array) -> None:
    for number, row in enumerate(column):
        if not isinstance(row, np.ndarray | list):
            found = "the value is missing" if row is None else "no array, as other rows have"
            raise RefusedValue(name, number, found, help=None)


@dataclass(frozen=True, slots=True)
class Fill:
    """How rows come to one length: where zeros stand in a short one, where a long one is cut."""

    pad: str = "end"
    cut: str = "end"


def padded_rows(name: str, column: Array, extents: tuple[int, ...], fill: Fill) -> Raw:
    """Return one array of `extents` per row: filled up with 0, or cut, at one side.

    Raises:
        StepError: If a row has steps of another shape, or is no sequence (DL613).
    """
    if not holds_arrays(column):
        return _padded_dense(name, as_numbers(name, column), extents, fill)
    rows = _rows_of_steps(name, column, extents[1:])
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    length = extents[0]
    kind = np.result_type(np.uint8, *{row.dtype for row in rows})
    out = np.zeros((len(column), *extents), dtype=kind)
    kept = np.minimum(lengths, length)
    first = length - kept if fill.pad == "start" else np.zeros_like(kept)
    behind = first + kept
    skipped = lengths - kept if fill.cut == "start" else np.zeros_like(kept)
    bounds = np.stack([first, behind, skipped, skipped + kept], axis=1).tolist()
    for place, row, (start, stop, row_start, row_stop) in zip(out, rows, bounds, strict=True):
        place[start:stop] = row[row_start:row_stop]
    steps = np.arange(length)
    mask = (steps >= first[:, None]) & (steps < behind[:, None])
    return Raw(out, None if mask.all() else mask, int((lengths > length).sum()))


def _rows_of_steps(name: str, column: Array, wanted: tuple[int, ...]) -> Sequence[Array]:
    """Return each row as an array of steps of one shape."""
    rows: list[Array] = column.tolist()
    if rows_share_a_dtype(rows) and all(row.ndim and row.shape[1:] == wanted for row in rows):
        return rows
    _require_present(name, column)
    return [_steps_of_row(name, number, row, wanted) for number, row in enumerate(column)]


def _steps_of_row(name: str, number: int, row: Array, wanted: tuple[int, ...]) -> Array:
    """Return a row as an array of steps of one shape."""
    try:
        values = np.asarray(row)
        if values.dtype == np.object_:
            values = np.stack([np.asarray(step) for step in values])
    except ValueError as error:
        raise RefusedValue(name, number, "its steps have several lengths", help=None) from error
    if values.size and values.dtype.kind not in "iufb":
        raise RefusedValue(name, number, "an array of something else than numbers", help=None)
    if values.size and values.shape[1:] != wanted and (wanted, values.ndim) != ((1,), 1):
        raise RefusedValue(
            name, number, f"its steps have the shape {values.shape[1:]}, not {wanted}", help=None
        )
    return values.reshape(-1, *wanted)


def _padded_dense(name: str, values: Array, extents: tuple[int, ...], fill: Fill) -> Raw:
    if values.ndim < 2:
        raise unpreparable_data(f"column `{name}` holds one value per row, not a sequence")
    wanted, rows = extents[1:], len(values)
    if values.shape[2:] != wanted and values.ndim == 2 and wanted == (1,):
        values = values[:, :, None]
    if values.shape[2:] != wanted:
        raise unpreparable_data(
            f"column `{name}` has steps of shape {values.shape[2:]}, not {wanted}",
            help="say how many numbers a step has under `features`",
        )
    length, found = extents[0], values.shape[1]
    if found >= length:
        kept = values[:, :length] if fill.cut == "end" else values[:, found - length :]
        return Raw(kept, None, rows if found > length else 0)
    real = slice(0, found) if fill.pad == "end" else slice(length - found, length)
    out = np.zeros((rows, *extents), dtype=values.dtype)
    out[:, real] = values
    mask = np.zeros((rows, length), dtype=bool)
    mask[:, real] = True
    return Raw(out, mask, 0)
