"""A fitted preparation applied to new rows."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.features import Feature
from dlspec_pipelines.steps.datasets.table import Rows, Table, require_columns, unpreparable_data
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.missing_steps import (
    with_values_before,
    without_missing_steps,
)
from dlspec_pipelines.steps.preparation.prepared_arrays import Part
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.sampling import Samples, feature_elements
from dlspec_pipelines.steps.preparation.series_groups import in_order_of_series, series_numbers
from dlspec_pipelines.steps.preparation.time_steps import NO_BREAKS, TimeCourse, time_course
from dlspec_pipelines.steps.preparation.trained_types import with_trained_types
from dlspec_pipelines.steps.preparation.windows import (
    Window,
    group_of_series,
    runs_of_positions,
    window_anchors,
    window_of,
)


def apply_preparation(preparation: Preparation, table: Table) -> Part:
    """Return the model's inputs for all rows of a table, exactly as they were for training.

    With series there is a sample for each window, its horizon may lie behind the last row; `rows`
    then holds the first row of the horizon.

    Raises:
        StepError: If a column is missing (DL611), or a value cannot become an element (DL613).
    """
    inputs = preparation.inputs
    require_columns(table, [name for one in inputs.values() for name in one.feature.columns])
    table = with_trained_types(preparation, table)
    samples = samples_of_new_rows(preparation, table)
    if not samples.places.size:
        _, gaps = windows_left_out(preparation, table)
        between = f" between {counted(gaps, 'gap')} in time" if gaps else ""
        raise unpreparable_data(
            f"no window fits the {counted(table.rows, 'row')}{between}", help="give more rows"
        )
    order, starts, _ = _order_of_new_rows(preparation, table)
    raws = {
        name: with_values_before(one.feature, gather_raw_values(one.feature, table), order, starts)
        for name, one in inputs.items()
    }
    return Part(feature_elements(inputs, raws, samples), {}, samples.rows)


def windows_left_out(preparation: Preparation, table: Table) -> tuple[int, int]:
    """Return how many windows of a table are left out over gaps in time, and how many gaps."""
    window = _window_to_predict(preparation)
    course = course_of_new_rows(preparation, table)
    if window is None or course is None:
        return 0, 0
    rows = np.arange(table.rows)
    kept, whole = (
        len(_anchors_of_new_rows(rows, window, breaks, course.starts))
        for breaks in (course.breaks, NO_BREAKS)
    )
    return whole - kept, len(course.breaks)


def course_of_new_rows(preparation: Preparation, table: Table) -> TimeCourse | None:
    """Return the course of a table in time; None where there are no windows, or no time.

    Raises:
        StepError: If a column is missing (DL611), or holds no moments (DL613).
    """
    if preparation.time is None or _window_to_predict(preparation) is None:
        return None
    require_columns(table, [preparation.time])
    numbers = series_numbers(table, group_of_series(_features_of(preparation)))
    return time_course(table, preparation.time, preparation.steps, numbers)


def samples_of_new_rows(preparation: Preparation, table: Table) -> Samples:
    """Return the samples that new rows make: the rows, or the windows whose inputs they hold.

    Raises:
        StepError: If a column is missing (DL611), or holds what orders no rows (DL613).
    """
    rows = np.arange(table.rows)
    window = _window_to_predict(preparation)
    if window is None or not table.rows:
        return Samples(rows, rows, None)
    order, starts, breaks = _order_of_new_rows(preparation, table)
    anchors = _anchors_of_new_rows(rows, window, breaks, starts)
    _, run_end = runs_of_positions(rows, np.union1d(breaks, starts))
    whole = Samples(order, anchors, window_of(_features_of(preparation)), run_end)
    features = [one.feature for one in preparation.inputs.values()]
    return without_missing_steps(whole, features, table)


def _order_of_new_rows(preparation: Preparation, table: Table) -> tuple[Rows, Rows, Rows]:
    """Return the rows in the order of their series, where another begins, and gaps in time."""
    course = course_of_new_rows(preparation, table)
    if course is not None:
        return course.order, course.starts, course.breaks
    numbers = series_numbers(table, group_of_series(_features_of(preparation)))
    return (*in_order_of_series(np.arange(table.rows), numbers), NO_BREAKS)


def _anchors_of_new_rows(rows: Rows, window: Window, breaks: Rows, starts: Rows) -> Rows:
    """Return the anchors of windows whose forecast begins with a row, or behind a series.

    Before a gap it begins at a moment that the table does not hold.
    """
    anchors = window_anchors(rows, window, np.union1d(breaks, starts))
    return anchors[~np.isin(anchors, breaks)]


def _window_to_predict(preparation: Preparation) -> Window | None:
    """Return the rows that a sample needs: nothing of what it forecasts."""
    window = window_of(_features_of(preparation))
    return None if window is None else replace(window, horizon=0)


def _features_of(preparation: Preparation) -> Iterator[Feature]:
    return (one.feature for one in (*preparation.inputs.values(), *preparation.targets.values()))
