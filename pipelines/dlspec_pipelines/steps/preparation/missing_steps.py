"""Missing values of series: windows without them, or the value before in their place."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.features import Feature, SeriesFeature, SeriesTarget
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import Array, RefusedValue, Rows, Table
from dlspec_pipelines.steps.preparation.numbers import numeric_column
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.sampling import Samples

DROP, PREVIOUS = "drop", "previous"


def without_missing_steps(samples: Samples, features: Iterable[Feature], table: Table) -> Samples:
    """Return the windows of which no feature with `missing: drop` lacks a value."""
    kept = np.ones(len(samples.places), dtype=bool)
    for feature in features:
        if isinstance(feature, SeriesFeature | SeriesTarget) and feature.missing == DROP:
            lost = _rows_that_miss(feature, table)[samples.order]
            window = feature.window
            for offset in range(window.first, window.end, window.step):
                kept &= ~lost[samples.places + offset]
    return samples if kept.all() else replace(samples, places=samples.places[kept])


def _rows_that_miss(feature: SeriesFeature | SeriesTarget, table: Table) -> Array:
    lost = np.zeros(table.rows, dtype=bool)
    for name in feature.columns:
        column = numeric_column(name, table.columns[name], gaps=True)
        lost |= np.isnan(column) if column.dtype.kind == "f" else False
    return lost


def left_out_windows(whole: int, kept: int) -> Iterable[Finding]:
    """Tell how many windows were left out because a value is missing."""
    if kept < whole:
        lost = whole - kept
        text = f"{lost:,} of {counted(whole, 'window')} {agreed(lost, 'hold')} a missing value"
        text += f" and {agreed(lost, 'are')} left out"
        yield Finding("windows_that_miss", "window", lost, text)


def with_values_before(feature: Feature, raw: Raw, order: Rows, starts: Rows) -> Raw:
    """Return what a feature reads, with the value before in the place of a missing one.

    Args:
        order: The rows, those of one series behind one another, each in the order of time.
        starts: The places at which another series begins.

    Raises:
        StepError: If a series begins with a missing value (DL613).
    """
    if not isinstance(feature, SeriesFeature) or feature.missing != PREVIOUS:
        return raw
    columns = (raw.values, *raw.beside) if raw.beside else (raw.values[:, 0],)
    first, *others = (
        _filled_from_before(name, column, order, starts)
        for name, column in zip(feature.columns, columns, strict=True)
    )
    return replace(raw, values=first if others else first[:, None], beside=tuple(others))


def _filled_from_before(name: str, column: Array, order: Rows, starts: Rows) -> Array:
    if column.dtype.kind != "f" or not np.isnan(column).any():
        return column
    ordered = column[order]
    at = np.arange(len(ordered))
    begins = np.zeros(len(ordered), dtype=bool)
    begins[starts] = True
    known = np.maximum.accumulate(np.where(np.isnan(ordered) & ~begins, 0, at))
    filled = ordered[known]
    unknown = np.flatnonzero(np.isnan(filled))
    if unknown.size:
        raise RefusedValue(
            name,
            int(order[unknown[0]]),
            "the value is missing, and a series begins with it: none is before it",
            help="write `missing: drop`, which leaves out windows that hold one, or a number",
        )
    found = np.empty_like(column)
    found[order] = filled
    return found
