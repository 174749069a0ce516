"""What is said of a run that does not become the champion, whole."""

import pytest
from evaluated_runs import evaluated_run
from refusals import told

import dlspec
from dlspec.language.features import ClassFeature, NumberFeature
from dlspec.language.row_splits import ColumnSplit
from dlspec.language.sample_weights import SampleWeight
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.promotion import current_champion, promote
from dlspec_pipelines.steps.records import (
    Baseline,
    Comparison,
    GateResult,
)

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")
PLAN = dlspec.loads(
    """
dlspec: 1
name: m
data:
  source: {csv: a.csv}
  inputs: {x: {number: x}}
  targets: {y: {number: y}}
model:
  inputs: {x: [1]}
  graph: [{Dense: 1, name: y}]
training: {epochs: 1, loss: MeanSquaredError}
evaluation: {metrics: [mae]}
"""
)


def run(name, **changes):
    return evaluated_run(name, "m", {"mae": 2.0}, **changes)


def test_a_gate_that_failed():
    gate = GateResult("mae", "<= 1", 2.0, passed=False)
    gone = GateResult("mse", "<= 1", None, passed=False, reason="the model gave none")
    assert told(promote, PLAN, *run("r1", gates=(gate, gone))) == (
        "run `r1` does not become the champion: mae 2, required <= 1; mse was not measured (the "
        "model gave none), required <= 1",
        "the report shows where it falls short; the champion is unchanged",
    )


def test_a_first_run_without_a_gate():
    measured = Baseline({"y": "the mean"}, {"mae": 1.5}, None, not_compared="it has one row")
    way = "evaluate again: `dlspec run m --again`; or write a gate"
    head = "run `r1` does not become the first champion: no gate judges it, and "
    assert told(promote, PLAN, *run("r1", baseline=measured)) == (head + "it has one row", way)
    assert told(promote, PLAN, *run("r1")) == (head + "it was compared with no baseline", way)
    found = Comparison("", "mae", "bootstrap", 2.0, 1.5, 0.3, better=False, rows=29, least=0.75)
    rules = {"y": "the mean", "z": "always 1"}
    refused = told(promote, PLAN, *run("r1", baseline=Baseline(rules, {"mae": 1.5}, found)))
    assert refused == (
        "run `r1` does not become the first champion: it is not shown to be better than a "
        "baseline: mae 2 against 1.5 of a baseline (`y`: the mean, `z`: always 1) on 29 rows, "
        "where less than 0.75 between them is chance, bootstrap p = 0.3",
        "the report shows both; where another figure shall decide, list it under "
        '`evaluation.metrics` and write a gate: `gates: {mae: "<= 1.5"}`',
    )


def test_a_champion_whose_run_is_gone():
    promote(PLAN, *run("r1", gates=(GateResult("mae", "<= 3", 2.0, passed=True),)))
    folder = store.run_folder("m", "r1")
    (folder / "model.keras").unlink()
    assert told(current_champion, "m") == (
        f"the champion of `m` is run `r1`, and `{folder}` is gone",
        "restore the folder, go back to the one before with `dlspec champion m --rollback`, or "
        f"remove `{store.champion_file('m')}` to begin without a champion",
    )


def test_parts_in_which_nothing_counts(tmp_path):
    rows = "\n".join(f"{i},{i % 2},{'abc'[i % 3]},{int(i % 3 == 2)}" for i in range(12))
    (tmp_path / "a.csv").write_text(f"x,y,part,w\n{rows}\n")
    data = Data(
        CsvSource(("a.csv",)),
        {"x": NumberFeature("x")},
        {"y": ClassFeature("y", 2)},
        ColumnSplit("part", ("c",), ("b",)),
        weights={"y": SampleWeight("w", ())},
    )
    assert told(prepare_dataset, data, base=tmp_path) == (
        "all training samples of `y` weigh 0 in column `w`",
        "give some of them a weight above 0, or split the rows otherwise",
    )
