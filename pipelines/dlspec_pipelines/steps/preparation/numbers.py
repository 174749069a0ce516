"""Numbers of a column: read as floats, fill gaps, scale, standardise, and the way back."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    refused_value,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.written_numbers import number_text_help

Floats = NDArray[np.float64]
# Values handled at a time: 8 MiB of float64. The last bits of a mean depend on it.
_CHUNK_VALUES = 2**20


@dataclass(frozen=True, slots=True)
class Scaling:
    """What turns raw numbers into a model's: `(fill gaps, * scale, - mean) / deviation`.

    Each tuple has one number per entry of the last axis; None leaves that step out. A deviation
    is never 0.
    """

    fill: tuple[float, ...] | None = None
    scale: float | None = None
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None


def fit_chunked_scaling(chunks: Callable[[], Iterator[Array]], filling: Scaling) -> Scaling:
    """Fit the mean and the deviation on values that come in chunks, which are asked for twice.

    The second pass makes the deviations exact. The last bits depend on where the chunks are cut:
    at `row_stretches`, whatever memory there is.

    Args:
        filling: What is done to a value before.
        rows: The training rows' positions in `values` and `mask`; None means all.

    Shapes:
        chunk: (..., n)
    """
    mean = _chunked_means(chunks, filling)
    deviation = _chunked_deviations(chunks, filling, mean)
    return replace(filling, mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()))


def row_stretches(rows: int, shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield stretches of rows of a shape, each of as many values as are handled at a time."""
    step = max(1, _CHUNK_VALUES // (math.prod(shape) or 1))
    for start in range(0, max(rows, 1), step):
        yield slice(start, min(start + step, rows))


def fit_fill(missing: str | float, names: tuple[str, ...], columns: Iterable[Array]) -> Scaling:
    """Fit on the training rows what fills a gap in each of some columns.

    Args:
        names: The columns' names, or the one that all are from, for an error.
        columns: The training rows of each, asked for one after the other.

    Raises:
        StepError: If a column is empty, or `missing` is no word known (DL613).
    """
    if isinstance(missing, str) and missing not in ("mean", "median"):
        raise unpreparable_data(
            f"`missing: {missing}` says nothing that can be fitted",
            help="write `mean`, `median` or a number",
        )
    fill: list[float] = []
    for number, column in enumerate(columns):
        if not isinstance(missing, str):
            fill.append(float(missing))
            continue
        numbers = column.astype(np.float64, copy=False)
        if np.isnan(numbers).all():
            name = names[number] if len(names) > 1 else names[0]
            raise unpreparable_data(
                f"column `{name}` has no value in the training rows, so it has no {missing}",
                help="write a number as `missing`",
            )
        fill.append(float((np.nanmedian if missing == "median" else np.nanmean)(numbers)))
    return Scaling(tuple(fill))


def apply_scaling(scaling: Scaling, values: Array) -> Floats:
    """Return numbers as a model reads them, before they are cut down to float32."""
    numbers = values.astype(np.float64)
    if scaling.fill is not None:
        numbers = np.where(np.isnan(numbers), np.asarray(scaling.fill), numbers)
    if scaling.scale is not None:
        numbers *= scaling.scale
    if scaling.mean is not None:
        numbers -= np.asarray(scaling.mean)
    if scaling.deviation is not None:
        numbers /= np.asarray(scaling.deviation)
    return numbers


def invert_scaling(scaling: Scaling, values: Array) -> Floats:
    """Return a model's numbers in the unit of the column."""
    numbers = values.astype(np.float64)
    if scaling.deviation is not None:
        numbers *= np.asarray(scaling.deviation)
    if scaling.mean is not None:
        numbers += np.asarray(scaling.mean)
    if scaling.scale is not None:
        numbers /= scaling.scale
    return numbers


def _scaled_chunks(chunks: Iterator[Array], scaling: Scaling) -> Iterator[Floats]:
    for chunk in chunks:
        yield apply_scaling(scaling, chunk).reshape(-1, chunk.shape[-1])


def _chunked_means(chunks: Callable[[], Iterator[Array]], scaling: Scaling) -> Floats:
    total, count = np.zeros(1), 0
    for chunk in _scaled_chunks(chunks(), scaling):
        total = total + chunk.sum(axis=0)
        count += len(chunk)
    return total / max(count, 1)


def _chunked_deviations(
    chunks: Callable[[], Iterator[Array]], scaling: Scaling, mean: Floats
) -> Floats:
    """Return the deviations, by a second pass over the values, which is exact; 1 for a constant."""
    total, count = np.zeros(len(mean)), 0
    for chunk in _scaled_chunks(chunks(), scaling):
        total += np.square(chunk - mean).sum(axis=0)
        count += len(chunk)
    deviation = np.sqrt(total / max(count, 1))
    # Rounding of a constant column leaves a trace of the size of its last digit.
    constant = deviation <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    return np.where(constant, 1.0, deviation)


def numeric_column(name: str, column: Array, *, gaps: bool) -> Array:
    """Return one value per row as numbers.

    Args:
        gaps: Whether a missing value may stay, as nan.

    Raises:
        StepError: If a value is text, infinite, or missing where it may not be (DL613).
    """
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim != 1:
        raise unpreparable_data(
            f"column `{name}` holds arrays of shape {column.shape[1:]}, not numbers",
            help="take it as a `vector`, an `image` or a `sequence`",
        )
    return finite_numbers(name, as_numbers(name, column), gaps=gaps)


def as_numbers(name: str, column: Array) -> Array:
    """Return a column as numbers; texts that are numbers count, a missing value is nan.

    Raises:
        StepError: If a value is something else (DL613).
    """
    if column.dtype.kind in "iufb":
        return column
    if column.dtype.kind != "O":
        raise refused_value(name, 0, column.flat[0], "is not a number")
    flat = pd.Series(column.reshape(-1))
    numbers = np.array(pd.to_numeric(flat, errors="coerce"), dtype=np.float64)
    strange = np.flatnonzero(np.isnan(numbers) & ~np.asarray(pd.isna(flat)))
    if strange.size:
        value = flat.iloc[int(strange[0])]
        row = int(strange[0]) // max(1, flat.size // max(1, len(column)))
        raise refused_value(
            name,
            row,
            value,
            "is not a number",
            help=number_text_help(value),
        )
    return numbers.reshape(column.shape)


def finite_numbers(name: str, numbers: Array, *, gaps: bool) -> Array:
    """Return the numbers, all finite; with `gaps` a nan may stay.

    Raises:
        StepError: If one is infinite, or missing without `gaps` (DL613).
    """
    if numbers.dtype.kind != "f":
        return numbers
    rows = np.flatnonzero(_rows_not_finite(numbers, gaps=gaps))
    if not rows.size:
        return numbers
    row = int(rows[0])
    values = np.atleast_1d(numbers[row])
    value = values[np.isinf(values) if gaps else ~np.isfinite(values)][0]
    if np.isnan(value):
        count = f"; {counted(rows.size, 'row')} miss one" if rows.size > 1 else ""
        raise RefusedValue(
            name,
            row,
            f"the value is missing{count}",
            help="leave these rows out; of a `number`, `vector` or `series`, `missing: median` "
            "fills them",
        )
    raise refused_value(name, row, value, "is not finite")


def _rows_not_finite(numbers: Array, *, gaps: bool) -> NDArray[np.bool_]:
    found = [
        (np.isinf(block) if gaps else ~np.isfinite(block)).reshape(len(block), -1).any(axis=1)
        for block in row_blocks(numbers)
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=bool)
