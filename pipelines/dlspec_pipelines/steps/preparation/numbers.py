"""Numbers of a column: read as floats, fill gaps, scale, standardise, and the way back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec.language.features import NumberFeature, VectorFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    Rows,
    refused_value,
    unpreparable_data,
)

Floats = NDArray[np.float64]
# Values handled at a time: 64 MiB of float64.
_CHUNK_VALUES = 2**23


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


def fit_scaling(
    values: Array,
    mask: Array | None = None,
    *,
    filling: Scaling,
    standardize: bool,
    rows: Rows | None = None,
) -> Scaling:
    """Fit the mean and the deviation on the training rows.

    Args:
        mask: Which entries of all axes but the last count; None means all.
        filling: What is done to a value before.
        rows: The training rows' positions in `values` and `mask`; None means all.

    Shapes:
        values: (rows, ..., n)
    """
    if not standardize:
        return filling
    at = np.arange(len(values)) if rows is None else rows
    fitted = _Fitting(values, mask, filling, at)
    mean = _column_means(fitted)
    deviation = _column_deviations(fitted, mean)
    return replace(filling, mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist()))


def fit_filled_scaling(
    values: Array, feature: NumberFeature | VectorFeature, names: tuple[str, ...]
) -> Scaling:
    """Fit on the training rows what fills a gap, then the mean and the deviation.

    Args:
        names: The columns, for an error.

    Shapes:
        values: (rows, n)

    Raises:
        StepError: If a column of the training rows is empty, or `missing` is no word known (DL613).
    """
    assert feature.missing is not None, "a column without gaps is fitted by `fit_scaling`"
    filling = Scaling(_fit_fill(feature.missing, names, values), feature.scale)
    return fit_scaling(values, filling=filling, standardize=feature.standardize)


def _fit_fill(missing: str | float, names: tuple[str, ...], values: Array) -> tuple[float, ...]:
    if not isinstance(missing, str):
        return tuple([float(missing)] * values.shape[-1])
    if missing not in ("mean", "median"):
        raise unpreparable_data(
            f"`missing: {missing}` says nothing that can be fitted",
            help="write `mean`, `median` or a number",
        )
    numbers = values.astype(np.float64, copy=False)
    empty = np.flatnonzero(np.isnan(numbers).all(axis=0))
    if empty.size:
        name = names[empty[0]] if len(names) > 1 else names[0]
        raise unpreparable_data(
            f"column `{name}` has no value in the training rows, so it has no {missing}",
            help="write a number as `missing`",
        )
    found = np.nanmedian if missing == "median" else np.nanmean
    fill: list[float] = found(numbers, axis=0).tolist()
    return tuple(fill)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Fitting:
    """What is fitted: values, which of them count, what is done to them before, in which rows."""

    values: Array
    mask: Array | None
    filling: Scaling
    rows: Rows


def _scaled_value_chunks(fitted: _Fitting) -> Iterator[Floats]:
    values = fitted.values
    per_row = int(np.prod(values.shape[1:])) or 1
    step = max(1, _CHUNK_VALUES // per_row)
    for start in range(0, len(fitted.rows), step):
        at = fitted.rows[start : start + step]
        chunk = values[at] if fitted.mask is None else values[at][fitted.mask[at]]
        yield apply_scaling(fitted.filling, chunk).reshape(-1, values.shape[-1])


def _column_means(fitted: _Fitting) -> Floats:
    total, count = np.zeros(fitted.values.shape[-1]), 0
    for chunk in _scaled_value_chunks(fitted):
        total += chunk.sum(axis=0)
        count += len(chunk)
    return total / max(count, 1)


def _column_deviations(fitted: _Fitting, mean: Floats) -> Floats:
    """Return the deviations, by a second pass over the values, which is exact; 1 for a constant."""
    total, count = np.zeros(fitted.values.shape[-1]), 0
    for chunk in _scaled_value_chunks(fitted):
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
            help="add it to the source's `missing`, or take the column as a `category`",
        )
    return numbers.reshape(column.shape)


def finite_numbers(name: str, numbers: Array, *, gaps: bool) -> Array:
    """Return the numbers, all finite; with `gaps` a nan may stay.

    Raises:
        StepError: If one is infinite, or missing without `gaps` (DL613).
    """
    if numbers.dtype.kind != "f":
        return numbers
    wrong = np.isinf(numbers) if gaps else ~np.isfinite(numbers)
    rows = np.flatnonzero(wrong.reshape(len(numbers), -1).any(axis=1))
    if not rows.size:
        return numbers
    row = int(rows[0])
    value = numbers[row][wrong[row]][0] if numbers.ndim > 1 else numbers[row]
    if np.isnan(value):
        count = f"; {rows.size} rows miss one" if rows.size > 1 else ""
        raise RefusedValue(
            name,
            row,
            f"the value is missing{count}",
            help="leave these rows out; of a `number` or `vector`, `missing: median` fills them",
        )
    raise refused_value(name, row, value, "is not finite")
