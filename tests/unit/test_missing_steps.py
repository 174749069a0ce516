"""Missing values of a series: an error, a counted fill, or windows that are left out."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dlspec.language.features import SeriesFeature, SeriesTarget
from dlspec.language.row_splits import TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.missing_policies import missing_in_new_rows
from dlspec_pipelines.steps.preparation.missing_steps import left_out_windows
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

DATA = Path(os.environ.get("DLSPEC_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
ROWS = 40


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Return a function that prepares windows of 3 rows of `v` and 1 row of `w`."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def prepare(frame, *, past=None, coming=None, standardize=False, group=None):
        frame.to_csv(tmp_path / "rows.csv", index=False)
        source = CsvSource(("rows.csv",), missing=("",))
        window = SeriesFeature(("v",), 3, group=group, missing=past, standardize=standardize)
        target = SeriesTarget(("w",), 1, missing=coming)
        split = TimeSplit("t", 0.0, 0.25)
        data = Data(source, {"past": window}, {"next": target}, split)
        return prepare_dataset(data, base=tmp_path)

    return prepare


def frame_of(*missing, target=()):
    rows = pd.DataFrame({"t": range(ROWS), "v": np.arange(ROWS) * 1.0, "w": np.arange(ROWS) * 1.0})
    rows.loc[list(missing), "v"] = np.nan
    rows.loc[list(target), "w"] = np.nan
    return rows


def findings_of(dataset):
    found = json.loads(Path(dataset.path, "contract.json").read_text())["findings"]
    return [f["message"] for f in found if f["kind"] in ("missing_values", "windows_that_miss")]


def test_left_out_windows_are_told_of_windows_and_by_their_number():
    assert list(left_out_windows(9, 9)) == []
    assert list(left_out_windows(9, 8)) == [
        Finding(
            "windows_that_miss",
            "window",
            1,
            "1 of 9 windows holds a missing value and is left out",
        )
    ]


def pasts(dataset, part="train"):
    return open_part(dataset, part).inputs["past"][:, :, 0].tolist()


@pytest.mark.parametrize(
    ("options", "column"), [({"coming": "drop"}, "v"), ({"past": "previous"}, "w")]
)
def test_a_missing_value_that_nobody_speaks_of_is_refused(prepared, options, column):
    with pytest.raises(StepError) as caught:
        prepared(frame_of(5, target=(5,)), **options)
    assert caught.value.code == "DL612"
    assert caught.value.message.startswith(f"the data breaks its contract: `{column}` fails a ")


def test_the_value_before_stands_for_a_missing_one(prepared):
    dataset = prepared(frame_of(5, 6, 30), past="previous")
    assert pasts(dataset)[3:7] == [[3, 4, 4], [4, 4, 4], [4, 4, 7], [4, 7, 8]]
    # The last training row is known to the test rows, as it would be on the day.
    assert pasts(dataset, "test")[0] == [29, 31, 32]
    assert findings_of(dataset) == [
        "column `v` misses 3 of 40 values; the value before stands for each"
    ]


def test_the_value_before_is_of_the_same_series(prepared):
    north, south = frame_of(4), frame_of(7)
    south["v"] += 100
    frame = pd.concat([north.assign(g="n"), south.assign(g="s")]).sort_values("t", kind="stable")
    dataset = prepared(frame, past="previous", group="g")
    assert pasts(dataset)[2] == [2, 3, 3]
    assert pasts(dataset)[27 + 5] == [105, 106, 106]
    south.loc[0, "v"] = np.nan
    frame = pd.concat([north.assign(g="n"), south.assign(g="s")])
    with pytest.raises(StepError) as caught:
        prepared(frame, past="previous", group="g")
    assert "line 42 of `rows.csv`: the value is missing, and a series begins" in (
        caught.value.message
    )
    assert "`missing: drop`" in caught.value.help


def test_windows_with_a_missing_value_are_left_out_and_counted(prepared):
    dataset = prepared(frame_of(5, 35), past="drop", coming="drop")
    kept = [[i, i + 1, i + 2] for i in range(27) if i not in (3, 4, 5)]
    assert pasts(dataset) == kept
    assert findings_of(dataset) == [
        "column `v` misses 2 of 40 values; windows that hold one are left out",
        "6 of 34 windows hold a missing value and are left out",
    ]


def test_a_target_that_is_missing_leaves_its_window_out(prepared):
    dataset = prepared(frame_of(target=(7,)), coming="drop")
    assert [4, 5, 6] not in pasts(dataset)
    assert len(pasts(dataset)) == 26


@pytest.mark.parametrize("missing", ["mean", "median", "drop", "previous", 2.5])
def test_what_is_missing_is_fitted_on_the_training_rows_and_applied_to_new_ones(prepared, missing):
    frame = frame_of(3, 9, 33)
    dataset = prepared(frame, past=missing, standardize=True)
    fitted = load_preparation(Path(dataset.path)).inputs["past"]
    train = frame["v"][:30]
    filled = {
        "mean": train.fillna(train.mean()),
        "median": train.fillna(train.median()),
        "drop": train.dropna(),
        "previous": train.ffill(),
        2.5: train.fillna(2.5),
    }[missing]
    assert fitted.scaling.mean == pytest.approx((filled.mean(),))
    assert fitted.scaling.deviation == pytest.approx((filled.std(ddof=0),))
    preparation = load_preparation(Path(dataset.path))
    # The rows of training themselves, as new ones: every window that was, and no other.
    new = Table({name: frame[name].to_numpy() for name in ("t", "v")})
    applied = apply_preparation(preparation, new)
    for part in ("train", "test"):
        there = open_part(dataset, part)
        at = np.flatnonzero(np.isin(applied.rows, there.rows))
        np.testing.assert_array_equal(applied.inputs["past"][at], there.inputs["past"])
    (told,) = missing_in_new_rows(preparation, new)
    assert told.message.startswith("column `v` misses 3 of 40 values; ")
    assert np.isfinite(applied.inputs["past"]).all()


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not here: set DLSPEC_DATA")
def test_the_air_of_beijing_is_filled_or_left_out_as_pandas_does_it(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DLSPEC_DATA", str(DATA))
    data = Data(
        CsvSource(("timeseries/pollution.csv",), missing=("NA",)),
        {"past": SeriesFeature(("pm2.5", "PRES"), 24, missing="drop")},
        {"next": SeriesTarget(("pm2.5",), 6, gap=2, missing="drop")},
        TimeSplit("No", 0.1, 0.1),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    frame = pd.read_csv(DATA / "timeseries" / "pollution.csv")
    train = frame["pm2.5"][: 43824 - 2 * 4382].to_numpy()
    whole = np.lib.stride_tricks.sliding_window_view(train, 24 + 2 + 6)
    kept = ~np.isnan(whole[:, [*range(24), *range(26, 32)]]).any(axis=1)
    part = open_part(dataset, "train")
    np.testing.assert_array_equal(part.targets["next"], whole[kept][:, 26:].astype(np.float32))
    np.testing.assert_array_equal(part.inputs["past"][:, :, 0], whole[kept][:, :24].astype("f4"))
