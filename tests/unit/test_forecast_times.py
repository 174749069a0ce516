"""The moments of forecasts: those of the table, and those that come next."""

import numpy as np
import pandas as pd
import pytest

from dlspec.language.features import SeriesFeature, SeriesTarget
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.forecast_times import (
    columns_of_windows,
    columns_told_by_windows,
    moments_ahead,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.time_steps import TimeSteps

HOUR, DAY = 3600.0, 86_400.0


def preparation(past, *, steps, time="t", **targets):
    made = {name: Fitted(feature) for name, feature in targets.items()}
    return Preparation({"past": Fitted(past)}, made, time, "f", "d", {}, steps)


def texts(moments):
    return np.datetime_as_string(moments, unit="s").tolist()


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "ME-17"])
def test_months_go_on_as_pandas_counts_them(freq):
    months = pd.date_range("2023-01-01", periods=14, freq=freq.removesuffix("-17"))
    if freq.endswith("-17"):
        months = months - pd.Timedelta(days=17)
    step = {"Q": 3, "Y": 12}.get(freq[0], 1)
    first = np.repeat(months.to_numpy()[:1], 14)
    if freq.endswith("-17"):
        # No day of the month is kept: 14 days before its end is another day in February.
        months = pd.DatetimeIndex([months[0] + pd.DateOffset(months=n) for n in range(14)])
    found = moments_ahead(first, np.arange(14), TimeSteps(30 * DAY, months=step))
    assert texts(found) == texts(months.to_numpy())


def test_a_day_that_a_month_lacks_is_its_last():
    start = np.array(["2024-01-30T06:00"], dtype="M8[ns]")
    found = moments_ahead(start.repeat(3), np.arange(3), TimeSteps(30 * DAY, months=1))
    assert texts(found) == ["2024-01-30T06:00:00", "2024-02-29T06:00:00", "2024-03-30T06:00:00"]


def test_days_of_trade_go_on_over_weekends():
    friday = np.array(["2024-01-05T17:30"] * 4, dtype="M8[ns]")
    found = moments_ahead(friday, np.arange(4), TimeSteps(DAY, weekdays=True))
    assert texts(found) == [f"2024-01-{day:02}T17:30:00" for day in (5, 8, 9, 10)]


def test_numbers_go_on_and_whole_ones_stay_whole():
    found = moments_ahead(np.array([7, 7]), np.array([0, 3]), TimeSteps(2.0))
    assert (found.tolist(), found.dtype) == ([7, 13], np.int64)
    assert moments_ahead(np.array([7]), np.array([1]), TimeSteps(0.5)).tolist() == [7.5]


def test_without_a_usual_step_what_comes_next_is_not_known():
    found = moments_ahead(np.array([7.0, 7.0]), np.array([0, 1]), None)
    assert (found[0], np.isnan(found[1])) == (7.0, True)
    dated = moments_ahead(np.array(["2024-01-01"] * 2, "M8[ns]"), np.array([0, 1]), None)
    assert np.isnat(dated).tolist() == [False, True]


def test_every_row_of_a_forecast_has_its_moment_in_its_series():
    past = SeriesFeature(("v",), 3, group="station")
    fitted = preparation(past, steps=TimeSteps(HOUR), next=SeriesTarget(("v",), 2, 1))
    # The rows of two stations lie between one another, one an hour after the other.
    hours = pd.date_range("2024-01-01", periods=5, freq="h")
    stamps = [t for hour in hours for t in (hour, hour + pd.Timedelta(hours=12))]
    columns = {
        "t": np.array([str(t) for t in stamps], dtype=object),
        "station": np.array(["north", "south"] * 5, dtype=object),
        "v": np.arange(10.0),
    }
    found = columns_of_windows(fitted, Table(columns))
    assert list(found) == ["station", "next_time"]
    assert found["station"].tolist() == ["north"] * 3 + ["south"] * 3
    ahead = [[4, 5], [5, 6], [6, 7]]
    assert texts(found["next_time"]) == [
        [f"2024-01-01T{start + hour:02}:00:00" for hour in row]
        for start in (0, 12)
        for row in ahead
    ]
    assert columns_told_by_windows(fitted) == {"t", "station"}


def test_the_window_itself_has_the_moments_of_its_rows():
    past = SeriesFeature(("v",), 2, step=2)
    target = SeriesTarget(("v",), window_="input", length=2, step=2)
    fitted = preparation(past, steps=TimeSteps(1.0), same=target)
    found = columns_of_windows(fitted, Table({"t": np.arange(4), "v": np.arange(4.0)}))
    assert found["same_time"].tolist() == [[0, 2], [1, 3]]


def test_moments_with_an_offset_are_told_in_utc_and_say_so():
    stamps = [f"2024-01-01T0{hour}:00+02:00" for hour in range(4)]
    fitted = preparation(
        SeriesFeature(("v",), 3), steps=TimeSteps(HOUR), next=SeriesTarget(("v",), 1)
    )
    columns = {"t": np.array(stamps, dtype=object), "v": np.arange(4.0)}
    found = columns_of_windows(fitted, Table(columns))["next_time"]
    assert found.tolist() == ["2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"]


def test_rows_without_a_time_have_no_moments():
    fitted = preparation(
        SeriesFeature(("v",), 3, group="g"), steps=None, time=None, next=SeriesTarget(("v",), 1)
    )
    columns = {"g": np.array(["a", "b"] * 4, dtype=object), "v": np.arange(8.0)}
    assert {k: v.tolist() for k, v in columns_of_windows(fitted, Table(columns)).items()} == {
        "g": ["a", "a", "b", "b"]
    }
