"""How far apart the rows of a series lie, and where no window may reach across."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.row_splits import TimeSplit
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    shown_value,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.moments import moments_of_column, order_of_moments
from dlspec_pipelines.steps.preparation.series_groups import in_order_of_series

NO_BREAKS: Rows = np.zeros(0, dtype=np.int64)
# Seconds, as the units below.
_DAY = 86_400.0
_SHORTEST_MONTH = 28 * _DAY
_UNITS = (("day", _DAY), ("hour", 3600.0), ("minute", 60.0), ("second", 1.0))
# Monday is 0.
_FRIDAY = 4
# Between half a step and one and a half: months of 28 to 31 days and a clock that jitters are
# even, a row that lacks or one too many is not.
_LEAST, _MOST = 0.5, 1.5
# Beyond this share of a step, steps that count as one are told: more than rounding.
_UNEVEN = 0.01
# Places to look at; the rest is counted, and the sentence stays readable.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TimeSteps:
    """The usual step from one row of a series to the next.

    Attributes:
        usual: In seconds, or in the column's own numbers.
        weekdays: Whether Saturdays and Sundays do not count, as where nothing is traded on them.
        months: How many months a step is, whose days differ; 0 where it is of equal time.
    """

    usual: float
    weekdays: bool = False
    months: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class TimeCourse:
    """The rows of a series in the order of time, or of several behind one another.

    Attributes:
        name: The column that orders them.
        ordered: Its moments, ascending in each series; `order` holds their rows.
        steps: None where windows may cross gaps.
        breaks: The places whose row does not lie one step after the last of its series.
        starts: The places at which another series begins.
    """

    name: str
    order: Rows
    ordered: Array
    steps: TimeSteps | None
    breaks: Rows
    starts: Rows

    @property
    def ends(self) -> Rows:
        """Return the places before which a window ends: gaps in time, and another series."""
        return np.union1d(self.breaks, self.starts)

    @property
    def is_dated(self) -> bool:
        """Return whether it is of dates, and not of plain numbers."""
        return self.ordered.dtype.kind == "M"


def fit_time_course(
    table: Table, split: TimeSplit, train: Rows, numbers: Rows | None = None
) -> TimeCourse:
    """Return the course of a table whose usual step is that of the training rows.

    Args:
        train: The training rows, those of one series behind one another, each in order of time.
        numbers: The number of each row's series; None where all are one.

    Raises:
        StepError: If two rows of one series have one moment, or no step is usual (DL613).
    """
    moments = moments_of_column(split.time, table.columns[split.time])
    steps = None
    if split.gaps != "cross":
        within = _are_of_one_series(None if numbers is None else numbers[train], len(train))
        steps = _fit_time_steps(split.time, moments[train], within)
    return _course_of_moments(table, (split.time, moments), steps, numbers)


def time_course(
    table: Table, name: str, steps: TimeSteps | None, numbers: Rows | None = None
) -> TimeCourse:
    """Return the rows of a table in the order of a column, and where windows end.

    Args:
        numbers: The number of each row's series; None where all are one.

    Raises:
        StepError: If a value is no moment, or two rows of one series have one (DL613).
    """
    moments = moments_of_column(name, table.columns[name])
    return _course_of_moments(table, (name, moments), steps, numbers)


def _course_of_moments(
    table: Table, column: tuple[str, Array], steps: TimeSteps | None, numbers: Rows | None
) -> TimeCourse:
    name, moments = column
    order, starts = in_order_of_series(order_of_moments(moments), numbers)
    ordered = moments[order]
    within = _are_of_one_series(None if numbers is None else numbers[order], len(order))
    _require_one_row_a_moment(name, table, order, (ordered[1:] == ordered[:-1]) & within)
    breaks = _rows_after_gaps(ordered, steps, within)
    return TimeCourse(name, order, ordered, steps, breaks, starts)


def _are_of_one_series(numbers: Rows | None, rows: int) -> NDArray[np.bool_]:
    """Return of each row but the last whether the next is of the same series."""
    if numbers is None:
        return np.ones(max(rows - 1, 0), dtype=bool)
    return np.asarray(np.diff(numbers) == 0)


def _require_one_row_a_moment(
    name: str, table: Table, order: Rows, repeats: NDArray[np.bool_]
) -> None:
    doubled = np.flatnonzero(repeats)
    if not doubled.size:
        return
    first, second = (int(row) for row in order[doubled[0] : doubled[0] + 2])
    written = [shown_value(table.columns[name][row]) for row in (first, second)]
    stamps = " and ".join(dict.fromkeys(written))
    more = f"; {counted(doubled.size, 'row')} repeat a moment" if doubled.size > 1 else ""
    raise unpreparable_data(
        f"column `{name}`: {table.place_of(first)} and {table.place_of(second)} have one moment, "
        f"{stamps}, and a window would take them for two steps{more}",
        help="leave one row for each moment in the source, such as their mean; of several series "
        "in one table, name the column that tells them apart: `group: station` beside the `series`",
    )


def _fit_time_steps(name: str, ordered: Array, within: NDArray[np.bool_]) -> TimeSteps | None:
    """Return the usual step of rows; None of single ones."""
    lengths = _step_lengths(ordered)[within]
    if not lengths.size:
        return None
    steps = TimeSteps(float(np.sort(lengths)[(len(lengths) - 1) // 2]))
    if _skips_weekends(ordered, steps.usual):
        steps = TimeSteps(steps.usual, weekdays=True)
    else:
        steps = TimeSteps(steps.usual, months=_months_of_steps(ordered, within))
    counts = _counted_steps(ordered, steps)[within]
    if 2 * _is_one_step(counts).sum() < len(counts):
        dated = ordered.dtype.kind == "M"
        raise unpreparable_data(
            f"the rows of a series lie {_step_text(lengths.min(), dated=dated)} to "
            f"{_step_text(lengths.max(), dated=dated)} apart in column `{name}`, and no step "
            "is usual",
            help="give rows at even steps, or write `gaps: cross` beside `time` where a window "
            "counts rows and not time",
        )
    return steps


def _rows_after_gaps(ordered: Array, steps: TimeSteps | None, within: NDArray[np.bool_]) -> Rows:
    if steps is None or len(ordered) < 2:
        return NO_BREAKS
    return np.flatnonzero(~_is_one_step(_counted_steps(ordered, steps)) & within) + 1


def odd_time_steps(course: TimeCourse, table: Table, *, lost: int) -> Iterator[Finding]:
    """Find steps that are not the usual one: gaps, and a clock that jitters.

    Args:
        lost: The windows that were left out over gaps.
    """
    if course.steps is None or len(course.ordered) < 2:
        return
    if course.breaks.size:
        windows = f"{counted(lost, 'window')} across them {agreed(lost, 'are')} left out"
        text = f"{_gaps_text(course, table)}; {windows}"
        yield Finding("time_gaps", course.name, int(course.breaks.size), text)
    counts = _counted_steps(course.ordered, course.steps)
    within = np.ones(len(counts), dtype=bool)
    within[course.starts - 1] = False
    even = _is_one_step(counts) & within
    uneven = even & (np.abs(counts - 1) > _UNEVEN)
    if uneven.any() and not _months_of_steps(course.ordered, within):
        odd = int(uneven.sum())
        kept, dated = _step_lengths(course.ordered)[even], course.is_dated
        text = (
            f"{counted(odd, 'step')} of column `{course.name}` {agreed(odd, 'are')} uneven: "
            f"{_step_text(kept.min(), dated=dated)} to {_step_text(kept.max(), dated=dated)}"
        )
        yield Finding("uneven_steps", course.name, odd, text)


def _gaps_text(course: TimeCourse, table: Table) -> str:
    assert course.steps is not None
    lengths, column = _step_lengths(course.ordered), table.columns[course.name]
    places = []
    for at in course.breaks[:_SHOWN]:
        row = int(course.order[at - 1])
        step = _step_text(lengths[at - 1], dated=course.is_dated)
        places.append(f"{step} after {table.place_of(row)}, {shown_value(column[row])}")
    more = course.breaks.size - _SHOWN
    usual = _step_text(course.steps.usual, dated=course.is_dated)
    week = ", weekends left out," if course.steps.weekdays else ""
    count = counted(course.breaks.size, "place")
    return (
        f"column `{course.name}` steps by {usual}{week} except in {count}: "
        + "; ".join(places)
        + (f"; and {more} more" if more > 0 else "")
    )


def _step_lengths(ordered: Array) -> NDArray[np.float64]:
    """Return the time from each row to the next, in seconds or in the column's numbers."""
    steps = np.diff(ordered)
    lengths = steps / np.timedelta64(1, "s") if steps.dtype.kind == "m" else steps
    return lengths.astype(np.float64)


def _counted_steps(ordered: Array, steps: TimeSteps) -> NDArray[np.float64]:
    """Return how many usual steps lie between each row and the next."""
    if steps.weekdays and ordered.dtype.kind == "M":
        days = ordered.astype("datetime64[D]")
        counted = np.busday_count(days[:-1], days[1:]).astype(np.float64)
        # A row of a Saturday or Sunday is none that such a series has.
        counted[~(np.is_busday(days[1:]) & np.is_busday(days[:-1]))] = 0
        return counted
    return _step_lengths(ordered) / steps.usual


def _is_one_step(counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (counts > _LEAST) & (counts < _MOST)


def _skips_weekends(ordered: Array, usual: float) -> bool:
    if ordered.dtype.kind != "M" or usual != _DAY:
        return False
    days = ordered.astype("datetime64[D]")
    # Day 0 of numpy's dates was a Thursday.
    weekday = (days.astype(np.int64) + 3) % 7
    over_weekend = (weekday[:-1] == _FRIDAY) & (np.diff(days).astype(np.int64) == 3)
    return bool(np.is_busday(days).all() and over_weekend.any())


def _months_of_steps(ordered: Array, within: NDArray[np.bool_]) -> int:
    """Return how many months all steps are, whose days differ; 0 where they are of equal time."""
    if ordered.dtype.kind != "M":
        return 0
    months = np.diff(ordered.astype("datetime64[M]").astype(np.int64))[within]
    shortest = _step_lengths(ordered)[within].min(initial=_SHORTEST_MONTH)
    is_even = months.size > 0 and shortest >= _SHORTEST_MONTH and (months == months[0]).all()
    return int(months[0]) if is_even else 0


def _step_text(length: float, *, dated: bool) -> str:
    """Return a step in the largest unit that it fills."""
    if not dated:
        return f"{length:g}"
    for word, seconds in _UNITS:
        if length >= seconds:
            count = f"{length / seconds:.3g}"
            return f"{count} {word}" + ("" if count == "1" else "s")
    return f"{length:g} seconds"
