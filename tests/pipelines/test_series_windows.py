"""Windows with steps, gaps and groups, judged by Keras's time series and by loops in numpy."""

import itertools

import numpy as np
import pandas as pd
import pytest
from keras.utils import timeseries_dataset_from_array

from dlspec.language.features import SeriesFeature, SeriesTarget
from dlspec.language.row_splits import ColumnSplit, FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

PARTS = ("train", "validation", "test")


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Return a function that prepares the windows of a table, and gives its parts."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def prepare(frame, past, split, *, test=None, **targets):
        frame.to_csv(tmp_path / "rows.csv", index=False)
        given = None
        if test is not None:
            test.to_csv(tmp_path / "test.csv", index=False)
            given = CsvSource(("test.csv",))
        data = Data(CsvSource(("rows.csv",)), {"past": past}, targets, split, test=given)
        dataset = prepare_dataset(data, base=tmp_path)
        return {name: open_part(dataset, name) for name in PARTS}

    return prepare


def rows_of(count, *, seed=0, start="2024-01-01", **more):
    rng = np.random.default_rng(seed)
    values = {"a": rng.normal(size=count), "b": rng.normal(size=count)}
    return pd.DataFrame({"t": pd.date_range(start, periods=count, freq="h"), **values, **more})


def idiom_windows(values, *, length, step, stride, gap, horizon, ahead):
    """Return the windows that a loop over the rows of one series gives: inputs, what follows."""
    span = (length - 1) * step + 1
    reach = span + gap + (horizon - 1) * ahead + 1
    starts = range(0, len(values) - reach + 1, stride)
    x = [values[i : i + span : step] for i in starts]
    y = [values[i + span + gap : i + reach : ahead, 0] for i in starts]
    return np.array(x), np.array(y)


@pytest.mark.parametrize(
    ("length", "step", "stride", "gap"),
    [(6, 1, 1, 0), (6, 4, 1, 0), (5, 3, 2, 7), (1, 9, 3, 1), (4, 1, 5, 0)],
)
def test_windows_are_those_of_keras(prepared, length, step, stride, gap):
    frame = rows_of(150)
    parts = prepared(
        frame,
        SeriesFeature(("a", "b"), length, stride, step),
        TimeSplit("t", 0.0, 0.4),
        next=SeriesTarget(("a",), 1, gap),
    )
    # Rows of one moment stay together: the border lies where the share says.
    for name, rows in (("train", frame[:90]), ("test", frame[90:])):
        values = rows[["a", "b"]].to_numpy()
        # Keras's idiom: the target of a window stands where the window starts.
        delay = (length - 1) * step + 1 + gap
        theirs = timeseries_dataset_from_array(
            values[:-delay],
            values[delay:, 0],
            sequence_length=length,
            sequence_stride=stride,
            sampling_rate=step,
            batch_size=None,
        )
        # It leaves out the windows at the end whose last row is none of a target's start.
        xs, ys = zip(*((x.numpy(), y.numpy()) for x, y in theirs), strict=True)
        ours = parts[name]
        count = len(xs)
        assert count <= len(ours.rows)
        np.testing.assert_allclose(ours.inputs["past"][:count], np.array(xs), rtol=1e-6)
        np.testing.assert_allclose(ours.targets["next"][:count, 0], np.array(ys), rtol=1e-6)
        # All that a loop finds is there, also behind the end of Keras's.
        x, y = idiom_windows(
            values, length=length, step=step, stride=stride, gap=gap, horizon=1, ahead=1
        )
        np.testing.assert_allclose(ours.inputs["past"], x, rtol=1e-6)
        np.testing.assert_allclose(ours.targets["next"], y, rtol=1e-6)


@pytest.mark.parametrize(
    "said",
    [*itertools.product((1, 5), (1, 3), (1, 4), (0, 2), (1, 3), (1, 2))][::3],
)
def test_no_window_straddles_a_border_or_a_group(prepared, said):
    length, step, stride, gap, horizon, ahead = said
    stations = [rows_of(80, seed=number, station=word) for number, word in enumerate("xyz")]
    frame = pd.concat(stations).sort_values("t", kind="stable")
    parts = prepared(
        frame,
        SeriesFeature(("a", "b"), length, stride, step, "station"),
        TimeSplit("t", 0.25, 0.25),
        next=SeriesTarget(("a",), horizon, gap, ahead),
    )
    borders = {"train": (0, 40), "validation": (40, 60), "test": (60, 80)}
    names = ("length", "step", "stride", "gap", "horizon", "ahead")
    for name, (start, end) in borders.items():
        pairs = [
            idiom_windows(
                one[start:end][["a", "b"]].to_numpy(), **dict(zip(names, said, strict=True))
            )
            for one in stations
        ]
        x = np.concatenate([x for x, _ in pairs if len(x)])
        y = np.concatenate([y for _, y in pairs if len(y)])
        np.testing.assert_allclose(parts[name].inputs["past"], x, rtol=1e-6)
        np.testing.assert_allclose(parts[name].targets["next"], y, rtol=1e-6)
        # A sample is known by the first row that it forecasts.
        first = frame["a"].to_numpy()[parts[name].rows]
        np.testing.assert_allclose(first, y[:, 0], rtol=1e-6)


def test_the_window_itself_is_the_target_of_an_autoencoder(prepared):
    parts = prepared(
        rows_of(60),
        SeriesFeature(("a", "b"), 6, step=2),
        TimeSplit("t", 0.0, 0.3),
        same=SeriesTarget(("b",), window_="input", length=6, step=2),
    )
    np.testing.assert_array_equal(
        parts["train"].targets["same"], parts["train"].inputs["past"][:, :, 1:]
    )
    # Nothing follows, so the windows reach to the last row of the part.
    assert parts["train"].rows.tolist() == list(range(10, 42))


def test_whole_series_are_dealt_by_their_group(prepared):
    runs = [rows_of(12, seed=number, run=f"r{number}") for number in range(30)]
    frame = pd.concat(runs)
    parts = prepared(
        frame,
        SeriesFeature(("a",), 4, group="run"),
        FractionSplit(0.2, 0.2, seed=3, group="run"),
        next=SeriesTarget(("a",), 1),
    )
    seen = [set(frame["run"].to_numpy()[parts[name].rows]) for name in PARTS]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 30
    # Twelve rows are eight windows of four and the row behind them, in each run.
    assert [len(parts[n].rows) for n in PARTS] == [8 * len(one) for one in seen]
    for name in PARTS:
        at = parts[name].rows
        before = frame["a"].to_numpy()[at - 1]
        np.testing.assert_allclose(parts[name].inputs["past"][:, -1, 0], before, rtol=1e-6)


def test_a_column_and_given_rows_keep_the_order_of_the_source(prepared):
    frame = rows_of(40, fold=[0] * 30 + [1] * 10)
    past, coming = SeriesFeature(("a",), 4), SeriesTarget(("a",), 1)
    parts = prepared(frame, past, ColumnSplit("fold", (1,)), next=coming)
    assert parts["train"].rows.tolist() == list(range(4, 30))
    assert parts["test"].rows.tolist() == list(range(34, 40))
    parts = prepared(
        frame[:30], past, GivenSplit("given"), test=frame[30:], next=SeriesTarget(("a",), 1)
    )
    assert parts["train"].rows.tolist() == list(range(4, 30))
    assert parts["test"].rows.tolist() == list(range(34, 40))


def test_moments_are_compared_within_a_group(prepared):
    north, south = (rows_of(40, seed=n, station=w) for n, w in enumerate(("north", "south")))
    past = SeriesFeature(("a",), 4, group="station")
    split = TimeSplit("t", 0.0, 0.25)
    # A gap of one station ends no window of the other.
    parts = prepared(
        pd.concat([north.drop(index=10), south]), past, split, next=SeriesTarget(("a",), 1)
    )
    assert len(parts["train"].rows) == (6 + 15) + 26
    doubled = pd.concat([north, south, south[7:8]])
    with pytest.raises(StepError) as caught:
        prepared(doubled, past, split, next=SeriesTarget(("a",), 1))
    assert caught.value.code == "DL613"
    assert "line 49 of `rows.csv` and line 82 of `rows.csv` have one moment" in caught.value.message
    south["station"] = [None, *["south"] * 39]
    with pytest.raises(StepError) as caught:
        prepared(pd.concat([north, south]), past, split, next=SeriesTarget(("a",), 1))
    assert caught.value.message == (
        "column `station`, line 42 of `rows.csv`: the value is missing, and `group` tells series "
        "apart by it (1 such row)"
    )
    with pytest.raises(StepError) as caught:
        prepared(north.drop(columns="station"), past, split, next=SeriesTarget(("a",), 1))
    assert caught.value.code == "DL611"
