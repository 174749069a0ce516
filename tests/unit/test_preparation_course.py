"""The course of time of a table: which step is usual, where it breaks, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from dlspec.language.row_splits import TimeSplit
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.time_steps import (
    TimeSteps,
    fit_time_course,
    odd_time_steps,
    time_course,
)
from dlspec_pipelines.steps.step_errors import StepError


def table_at(moments):
    return Table({"t": np.array(moments, dtype=object if isinstance(moments[0], str) else None)})


def fitted_steps(moments, train=None):
    rows = np.arange(len(moments) if train is None else train)
    return fit_time_course(table_at(moments), TimeSplit("t", 0.0, 0.2, "drop"), rows).steps


def told_steps(moments, usual, *, weekdays=False, lost=0):
    """Return the breaks, and the kind, the column, the count and the text of each finding."""
    table = table_at(moments)
    course = time_course(table, "t", TimeSteps(usual, weekdays))
    found = odd_time_steps(course, table, lost=lost)
    return course.breaks.tolist(), [(f.kind, f.subject, f.count, f.message) for f in found]


@pytest.mark.parametrize(
    ("moments", "steps"),
    [
        ([0, 10, 20], TimeSteps(10.0)),
        ([0, 10], TimeSteps(10.0)),
        ([7], None),
        # Of an even number of steps, the smaller one in the middle; half of them is enough.
        ([0, 10, 20, 40, 60], TimeSteps(10.0)),
        (["2024-01-01", "2024-01-02", "2024-01-03"], TimeSteps(86_400.0)),
        (["2024-01-01T00:00", "2024-01-01T01:00"], TimeSteps(3600.0)),
        # Thursday and Friday, then Monday: days of trade.
        (["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"], TimeSteps(86_400.0, True)),  # noqa: FBT003 - two fields
        # The same with a Saturday, with a Tuesday for the Monday, and three days later in a week.
        (["2024-01-05", "2024-01-08", "2024-01-12", "2024-01-13", "2024-01-14"], None),
        (["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-09"], TimeSteps(86_400.0)),
        (["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-15", "2024-01-16"], None),
    ],
)
def test_the_usual_step_is_the_one_in_the_middle(moments, steps):
    if steps is None and len(moments) > 1:
        steps = TimeSteps(86_400.0)
    assert fitted_steps(moments) == steps


def test_the_usual_step_is_that_of_the_training_rows():
    assert fitted_steps([0, 1, 2, 3, 10, 20, 30, 40, 50], train=4) == TimeSteps(1.0)
    crossed = TimeSplit("t", 0.0, 0.2, "cross")
    assert fit_time_course(table_at([0, 1, 2]), crossed, np.arange(2)).steps is None


@pytest.mark.parametrize(
    ("moments", "between"),
    [
        ([0, 10, 20, 50, 80, 130], "10 to 50"),
        (["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-15"], "1 day to 10 days"),
    ],
)
def test_steps_of_which_fewer_than_half_are_usual_are_refused(moments, between):
    with pytest.raises(StepError) as caught:
        fitted_steps(moments)
    assert (caught.value.code, caught.value.message) == (
        "DL613",
        f"the rows of a series lie {between} apart in column `t`, and no step is usual",
    )
    assert caught.value.help == (
        "give rows at even steps, or write `gaps: cross` beside `time` where a window counts rows "
        "and not time"
    )


@pytest.mark.parametrize(
    ("moments", "text"),
    [
        ([0, 1, 1], "row 1 and row 2 have one moment, `1`, and a window would take them for two"),
        ([1, 0, 1], "row 0 and row 2 have one moment, `1`, and a window would take them for two"),
        ([0, 1, 1, 2, 2], "for two steps; 2 rows repeat a moment"),
    ],
)
def test_rows_of_one_moment_are_refused_with_how_many_there_are(moments, text):
    with pytest.raises(StepError) as caught:
        time_course(table_at(moments), "t", None)
    assert text in caught.value.message
    assert ("repeat" in caught.value.message) == (len(moments) == 5)
    assert caught.value.help == (
        "leave one row for each moment in the source, such as their mean; of several series in "
        "one table, name the column that tells them apart: `group: station` beside the `series`"
    )


def test_a_step_counts_as_one_between_a_half_and_one_and_a_half():
    steps = [10, 5, 10, 15, 10, 5.1, 14.9]
    breaks, _ = told_steps(np.cumsum([0, *steps]).tolist(), 10.0)
    assert breaks == [2, 4]


def test_at_most_three_gaps_are_shown_and_the_others_counted():
    assert told_steps([0, 10, 30], 10.0, lost=2) == (
        [2],
        [
            (
                *("time_gaps", "t", 1),
                "column `t` steps by 10 except in 1 place: 20 after row 1, `10`; "
                "2 windows across them are left out",
            )
        ],
    )
    three = (
        "column `t` steps by 10 except in %d places: 20 after row 0, `0`; 20 after row 1, `20`; "
        "30 after row 2, `40`%s; 0 windows across them are left out"
    )
    moments = [0, 20, 40, 70]
    assert told_steps(moments, 10.0)[1] == [("time_gaps", "t", 3, three % (3, ""))]
    more = three % (5, "; and 2 more")
    assert told_steps([*moments, 80, 100, 120], 10.0)[1] == [("time_gaps", "t", 5, more)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "0.5 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "1.5 minutes"),
        (3600, "1 hour"),
        (86_399, "24 hours"),
        (86_400, "1 day"),
        (3 * 86_400, "3 days"),
    ],
)
def test_a_step_is_told_in_the_largest_unit_that_it_fills(seconds, text):
    start = pd.Timestamp("2024-01-01")
    moments = [start, start + pd.Timedelta(seconds=seconds), start + pd.Timedelta(days=40)]
    ((*_, told),) = told_steps([moment.isoformat() for moment in moments], seconds)[1]
    assert told.startswith(f"column `t` steps by {text} except in 1 place: ")


def test_on_days_of_trade_a_weekend_is_one_step_and_a_row_on_it_none():
    days = ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-13", "2024-01-15", "2024-01-17"]
    breaks, ((*_, told),) = told_steps(days, 86_400.0, weekdays=True)
    # Saturday the 13th, the Monday after it, and the Wednesday after that.
    assert breaks == [3, 4, 5]
    assert told.startswith("column `t` steps by 1 day, weekends left out, except in 3 places: ")


@pytest.mark.parametrize(
    ("moments", "found"),
    [
        ([0, 10, 22, 30], [("uneven_steps", "t", 2, "2 steps of column `t` are uneven: 8 to 12")]),
        ([0, 1000, 2005], []),
        (
            [0, 1000, 2011],
            [("uneven_steps", "t", 1, "1 step of column `t` is uneven: 1000 to 1011")],
        ),
        ([0, 1000], []),
        ([0], []),
        # Months differ, and what is no month at all does not.
        (["2024-01-01", "2024-02-01", "2024-03-01"], []),
    ],
)
def test_steps_that_are_one_and_not_even_are_told_unless_they_are_months(moments, found):
    usual = 31 * 86_400.0 if isinstance(moments[0], str) else 10.0 if 10 in moments else 1000.0
    assert told_steps(moments, usual) == ([], found)


def test_days_that_are_uneven_within_a_month_are_told():
    moments = ["2024-01-01T00:00", "2024-01-01T10:00", "2024-01-01T21:00"]
    ((kind, _, count, text),) = told_steps(moments, 36_000.0)[1]
    assert (kind, count) == ("uneven_steps", 1)
    assert text == "1 step of column `t` is uneven: 10 hours to 11 hours"


def test_months_that_are_not_equal_are_told():
    ((kind, _, count, text),) = told_steps(["2024-01-01", "2024-01-31", "2024-03-01"], 31 * 86_400)[
        1
    ]
    assert (kind, count) == ("uneven_steps", 2)
    assert text == "2 steps of column `t` are uneven: 30 days to 30 days"
