"""Windows hold rows that lie one step apart in time: doubled moments, gaps, zones."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dlspec.language.features import NumberFeature, SeriesFeature, SeriesTarget
from dlspec.language.row_splits import TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, ParquetSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation, windows_left_out
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.moments import moments_of_column
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Return a function that prepares windows of 3 and 1 rows over rows at some moments."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def prepare(*files, gaps="drop"):
        names = [f"part{number}.csv" for number in range(len(files))]
        start = 0
        for name, stamps in zip(names, files, strict=True):
            rows = [f"{stamp},{start + i}" for i, stamp in enumerate(stamps)]
            (tmp_path / name).write_text("\n".join(["t,v", *rows]))
            start += len(stamps)
        data = Data(
            CsvSource(tuple(names)),
            {"past": SeriesFeature(("v",), 3)},
            {"next": SeriesTarget(("v",), 1)},
            TimeSplit("t", 0.0, 0.25, gaps),
        )
        return prepare_dataset(data, base=tmp_path)

    return prepare


def _days(count, start="2024-01-01", freq="D"):
    return [str(stamp.date()) for stamp in pd.date_range(start, periods=count, freq=freq)]


def _findings(dataset):
    found = json.loads(Path(dataset.path, "contract.json").read_text())["findings"]
    return {f["kind"]: f["message"] for f in found}


def _windows(dataset):
    return [
        [*past[:, 0].astype(int).tolist(), int(coming[0])]
        for name in ("train", "test")
        for part in [open_part(dataset, name)]
        for past, coming in zip(part.inputs["past"], part.targets["next"], strict=True)
    ]


def test_a_course_without_gaps_still_refuses_two_rows_of_one_moment_and_knows_its_column(prepared):
    days = _days(20)
    with pytest.raises(StepError, match="column `t`: line 11"):
        prepared([*days[:10], days[9], *days[10:]], gaps="cross")
    steps = ["2024-01-01", "2024-01-02", "2024-01-09", "2024-02-11", "2024-05-30", "2025-01-01"]
    with pytest.raises(StepError, match="apart in column `t`, and no step is usual"):
        prepared(steps, [f"20{year}-07-07" for year in (26, 29, 37, 52)])


def test_two_rows_of_one_moment_are_refused_with_file_row_and_moment(prepared):
    days = _days(20)
    with pytest.raises(StepError) as caught:
        prepared(days[:10], [days[9], *days[10:]])
    assert caught.value.code == "DL613"
    assert caught.value.message.startswith(
        "column `t`: line 11 of `part0.csv` and line 2 of `part1.csv` have one moment, `2024-01-10`"
    )


def test_one_moment_in_two_zones_is_one_moment(prepared):
    stamps = [f"2024-01-01T{hour:02}:00Z" for hour in range(20)]
    stamps[8] = "2024-01-01T08:00+01:00"
    with pytest.raises(StepError) as caught:
        prepared(stamps)
    assert "`2024-01-01T07:00Z` and `2024-01-01T08:00+01:00`" in caught.value.message


def test_rows_that_are_no_windows_may_share_a_moment(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    (tmp_path / "a.csv").write_text("t,v\n" + "\n".join(f"{i // 2},{i}" for i in range(20)))
    features = {"x": NumberFeature("v")}, {"y": NumberFeature("v")}
    data = Data(CsvSource(("a.csv",)), *features, TimeSplit("t", 0.0, 0.2))
    assert prepare_dataset(data, base=tmp_path).rows["test"] == 4


@pytest.mark.parametrize("backwards", [False, True])
def test_no_window_reaches_over_a_gap_and_the_gap_is_told(prepared, backwards):
    stamps = np.delete(np.arange(0, 240, 10), 8)
    dataset = prepared(stamps[::-1] if backwards else stamps)
    values = np.arange(23)[::-1] if backwards else np.arange(23)
    whole = [values[i : i + 4].tolist() for i in (*range(14), *range(17, 20))]
    over = [w for i, w in enumerate(whole) if i in (5, 6, 7)]
    assert _windows(dataset) == [window for window in whole if window not in over]
    place = "line 17 of `part0.csv`" if backwards else "line 9 of `part0.csv`"
    assert _findings(dataset)["time_gaps"] == (
        f"column `t` steps by 10 except in 1 place: 20 after {place}, `70`; "
        "3 windows across them are left out"
    )


def test_gaps_may_be_crossed_where_the_spec_says_so(prepared):
    dataset = prepared(np.delete(np.arange(24), 8), gaps="cross")
    assert [5, 6, 7, 8] in _windows(dataset)
    assert "time_gaps" not in _findings(dataset)


def test_moments_without_a_usual_step_are_refused(prepared):
    stamps = np.cumsum([1, 100] * 3 + [7, 3000, 40, 900] * 4)
    with pytest.raises(StepError) as caught:
        prepared(stamps)
    assert "no step is usual" in caught.value.message
    assert "`gaps: cross`" in caught.value.help
    assert len(_windows(prepared(stamps, gaps="cross"))) > 0


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "W", "h"])
def test_the_steps_of_a_calendar_are_no_gaps(prepared, freq):
    stamps = pd.date_range("2000-01-01", periods=60, freq=freq)
    dataset = prepared([stamp.isoformat() for stamp in stamps])
    assert len(_windows(dataset)) == 42 + 12
    assert {"time_gaps", "uneven_steps"}.isdisjoint(_findings(dataset))


def test_a_month_that_lacks_is_a_gap(prepared):
    stamps = _days(40, freq="MS")
    told = _findings(prepared(stamps[:12] + stamps[13:]))["time_gaps"]
    assert "except in 1 place: 62 days after line 13 of `part0.csv`, `2024-12-01`;" in told


def test_days_of_trade_pass_over_weekends_and_not_over_holidays(prepared):
    days = _days(40, freq="B")
    whole = prepared(days)
    assert "time_gaps" not in _findings(whole)
    assert len(_windows(whole)) == 27 + 7
    told = _findings(prepared(days[:10] + days[11:]))["time_gaps"]
    assert "steps by 1 day, weekends left out, except in 1 place" in told


def test_a_clock_that_jitters_is_told_and_kept(prepared):
    stamps = np.arange(40) * 10.0
    stamps[5] += 2
    dataset = prepared(stamps)
    assert _findings(dataset)["uneven_steps"] == "2 steps of column `t` are uneven: 8 to 12"
    assert len(_windows(dataset)) == 27 + 7


def test_new_rows_keep_the_step_of_the_training(prepared):
    preparation = load_preparation(Path(prepared(_days(40)).path))
    stamps = np.array(_days(30)[::2] + _days(6, start="2025-01-01"), dtype=object)
    table = Table({"t": stamps, "v": np.arange(21)})
    part = apply_preparation(preparation, table)
    assert part.inputs["past"][:, 0, 0].tolist() == [15, 16, 17, 18]
    assert windows_left_out(preparation, table) == (15, 15)
    few = Table({"t": stamps[:9], "v": np.arange(9)})
    with pytest.raises(StepError, match="no window fits the 9 rows between 8 gaps in time"):
        apply_preparation(preparation, few)


def test_new_rows_of_one_moment_are_refused(prepared):
    preparation = load_preparation(Path(prepared(_days(40)).path))
    stamps = np.array(["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"], dtype=object)
    with pytest.raises(StepError, match="row 1 and row 2 have one moment, `2024-01-02`"):
        apply_preparation(preparation, Table({"t": stamps, "v": np.arange(4)}))


def test_a_moment_without_an_offset_among_those_with_one_is_refused():
    stamps = np.array(["2024-01-01T00:00+02:00", "2024-01-01", "2024-01-02T00:00"], dtype=object)
    with pytest.raises(StepError) as caught:
        moments_of_column("t", stamps)
    assert caught.value.message == (
        "column `t`, row 1: `2024-01-01` has no offset from UTC, and row 0 has one"
    )


@pytest.mark.parametrize(
    "column", [np.array([0.0, np.inf]), np.array([True, False]), np.array([0.0, np.nan])]
)
def test_what_has_no_place_in_time_is_refused(column):
    with pytest.raises(StepError, match="is no moment in time"):
        moments_of_column("t", column)


def test_moments_of_parquet_are_one_whatever_their_zone(tmp_path):
    stamps = pd.date_range("2024-01-01", periods=3, freq="D")
    pq.write_table(
        pa.table({"utc": stamps.tz_localize("UTC"), "zurich": stamps.tz_localize("Europe/Zurich")}),
        tmp_path / "a.parquet",
    )
    columns = read_source_table(ParquetSource(("a.parquet",)), tmp_path).columns
    hours = moments_of_column("utc", columns["utc"]) - moments_of_column("z", columns["zurich"])
    assert (hours / np.timedelta64(1, "h")).tolist() == [1.0, 1.0, 1.0]
