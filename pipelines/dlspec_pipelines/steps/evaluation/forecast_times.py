"""The moments that forecasts of new rows are of: those of the table, and those that come next."""

import numpy as np

from dlspec.language.features import SeriesTarget
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.applying import course_of_new_rows, samples_of_new_rows
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.moments import has_offsets
from dlspec_pipelines.steps.preparation.sampling import Samples
from dlspec_pipelines.steps.preparation.time_steps import TimeCourse, TimeSteps
from dlspec_pipelines.steps.preparation.windows import group_of_series

# What a column of moments is called, behind the name of its target.
TIME_ENDING = "_time"


def columns_of_windows(preparation: Preparation, table: Table) -> dict[str, Array]:
    """Return what tells the windows of new rows apart: their series, and the moments of each row.

    Where there are no windows, or no column of time, nothing stands for it.

    Shapes:
        `<target>_time`: (windows, rows of the target), or (windows,) where a target has one row.
    """
    features = [one.feature for one in preparation.inputs.values()]
    samples = samples_of_new_rows(preparation, table)
    if samples.window is None:
        return {}
    columns: dict[str, Array] = {}
    group = group_of_series(features)
    if group is not None:
        columns[group] = table.columns[group][samples.last_rows]
    course = course_of_new_rows(preparation, table)
    if course is None:
        return columns
    in_utc = has_offsets(table.columns[course.name])
    for name, one in preparation.targets.items():
        if isinstance(one.feature, SeriesTarget):
            moments = _target_moments(one.feature, samples, course)
            columns[f"{name}{TIME_ENDING}"] = _texts_in_utc(moments) if in_utc else moments
    return columns


def columns_told_by_windows(preparation: Preparation) -> frozenset[str]:
    """Return the columns of new rows that `columns_of_windows` already tells."""
    features = [one.feature for one in preparation.inputs.values()]
    if all(one.window is None for one in features):
        return frozenset()
    told = (preparation.time, group_of_series(features))
    return frozenset(name for name in told if name is not None)


def _texts_in_utc(moments: Array) -> Array:
    """Return moments as texts that say their offset, as those of the table do."""
    texts = np.datetime_as_string(moments, unit="s", timezone="UTC").astype(np.object_)
    texts[np.isnat(moments)] = None
    return texts


def _target_moments(feature: SeriesTarget, samples: Samples, course: TimeCourse) -> Array:
    """Return the moment of each row of a target, also of rows that are still to come."""
    window = feature.window
    assert samples.run_end is not None, "windows over new rows know where their rows end"
    at = samples.places[:, None] + np.arange(window.first, window.end, window.step)
    last = np.maximum(samples.run_end[samples.places - 1] - 1, 0)[:, None]
    moments = moments_ahead(
        course.ordered[np.minimum(at, last)], np.maximum(at - last, 0), course.steps
    )
    seconds = moments.astype("datetime64[s]") if course.is_dated else moments
    if course.is_dated and (np.isnat(moments) | (seconds == moments)).all():
        moments = seconds
    first: Array = moments[:, 0]
    return first if moments.shape[1] == 1 else moments


def moments_ahead(moments: Array, counts: Rows, steps: TimeSteps | None) -> Array:
    """Return the moments so many usual steps after others; missing where no step is usual."""
    dated = moments.dtype.kind == "M"
    if steps is None:
        missing = np.datetime64("NaT", "ns") if dated else np.nan
        return np.where(counts == 0, moments, missing)
    if not dated:
        ahead: Array = moments + counts * steps.usual
        whole = moments.dtype.kind in "iu" and steps.usual == int(steps.usual)
        return ahead.astype(np.int64) if whole else ahead
    if steps.weekdays:
        days = moments.astype("datetime64[D]")
        days_later = np.busday_offset(days, counts, roll="forward")
        # A row of a Saturday or Sunday, of which nothing is forecast, keeps its day.
        return np.where(counts == 0, moments, days_later + (moments - days))
    if steps.months:
        return _months_ahead(moments, counts * steps.months)
    nanoseconds = np.round(counts * (steps.usual * 1e9)).astype("timedelta64[ns]")
    later: Array = moments.astype("datetime64[ns]") + nanoseconds
    return later


def _months_ahead(moments: Array, months: Rows) -> Array:
    """Return the same day of later months; of the last day of a month, the last one there."""
    month = moments.astype("datetime64[M]")
    within = moments - month.astype(moments.dtype)
    one_day = np.timedelta64(1, "D")
    own_last = (month + 1).astype("datetime64[D]") - one_day
    is_last = own_last == moments.astype("datetime64[D]")
    later = month + months
    last = (later + 1).astype("datetime64[D]") - one_day
    day = later.astype(moments.dtype) + within
    clock = moments - moments.astype("datetime64[D]").astype(moments.dtype)
    latest = last.astype(moments.dtype) + clock
    found: Array = np.where(is_last | (day > latest), latest, day)
    return found
