"""Rows that are arrays: as one dense array, or filled up and cut to one length."""

from dataclasses import dataclass

import numpy as np

from dlspec_pipelines.steps.datasets.ragged import flatten_ragged_rows
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    holds_arrays,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.numbers import as_numbers


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A feature's values in the source's rows.

    `mask` marks the real steps of sequences that were filled up; None when all are. `cut` counts
    the samples that were longer than the feature.
    """

    values: Array
    mask: Array | None = None
    cut: int = 0


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


def padded_rows(name: str, column: Array, extents: tuple[int, ...], *, at_end: bool) -> Raw:
    """Return one array of `extents` per row: filled up with 0, or cut, at one side.

    Raises:
        StepError: If a row has steps of another shape, or is no sequence (DL613).
    """
    if not holds_arrays(column):
        return _padded_dense(name, as_numbers(name, column), extents, at_end=at_end)
    _require_present(name, column)
    try:
        values, lengths = flatten_ragged_rows(column)
        if values.dtype == np.object_:
            values = np.stack([np.asarray(step) for step in values])
    except ValueError as error:
        raise unpreparable_data(f"column `{name}` has steps of several lengths") from error
    steps = _as_steps(name, values, extents)
    length = extents[0]
    out = np.zeros((len(column), *extents), dtype=steps.dtype)
    row = np.repeat(np.arange(len(column)), lengths)
    step = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    if not at_end:
        step += np.repeat(length - lengths, lengths)
    kept = (step >= 0) & (step < length)
    out[row[kept], step[kept]] = steps[kept]
    mask = np.zeros((len(column), length), dtype=bool)
    mask[row[kept], step[kept]] = True
    return Raw(out, None if mask.all() else mask, int((lengths > length).sum()))


def _as_steps(name: str, values: Array, extents: tuple[int, ...]) -> Array:
    """Return the steps of all rows behind one another, each of `extents[1:]`."""
    wanted = extents[1:]
    if values.size and values.dtype.kind not in "iufb":
        raise unpreparable_data(f"column `{name}` holds arrays of {values.dtype}, not of numbers")
    if values.shape[1:] != wanted and not (wanted == (1,) and values.ndim == 1):
        raise unpreparable_data(
            f"column `{name}` has steps of shape {values.shape[1:]}, not {wanted}"
        )
    return values.reshape(-1, *wanted)


def _padded_dense(name: str, values: Array, extents: tuple[int, ...], *, at_end: bool) -> Raw:
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
        kept = values[:, :length] if at_end else values[:, found - length :]
        return Raw(kept, None, rows if found > length else 0)
    real = slice(0, found) if at_end else slice(length - found, length)
    out = np.zeros((rows, *extents), dtype=values.dtype)
    out[:, real] = values
    mask = np.zeros((rows, length), dtype=bool)
    mask[:, real] = True
    return Raw(out, mask, 0)
