"""A metric that the test rows cannot give is told before a training."""

import json

import numpy as np
import pytest

import dlspec
from dlspec.language.metrics import METRIC_OF
from dlspec_pipelines.steps.evaluation.computable_metrics import require_computable_metrics
from dlspec_pipelines.steps.evaluation.measures import FUNCTIONS, value_or_reason
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.step_errors import StepError

SPEC = """\
dlspec: 1
name: m
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{number: x}}}}
  targets: {{y: {target}}}
  split: {{column: part, validation: [v], test: [t]}}
model: {{inputs: {{x: [1]}}, graph: [{{Dense: {head}, name: y}}]}}
training: {{epochs: 1, loss: {loss}}}
evaluation: {{metrics: [{metric}]}}
"""
CROSSENTROPY = "{SparseCategoricalCrossentropy: {from_logits: true}}"
CLASSES = {"target": "{class: y, classes: 3}", "head": 3, "loss": CROSSENTROPY}
ONE_HOT = {
    "target": "{class: y, classes: 3, one_hot: true}",
    "head": 3,
    "loss": "{CategoricalCrossentropy: {from_logits: true}}",
}
BINARY = {
    "target": "{binary: y}",
    "head": 1,
    "loss": "{BinaryCrossentropy: {from_logits: true}}",
}
NUMBER = {"target": "{number: y}", "head": 1, "loss": "MeanSquaredError"}


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Return what a spec's metric meets on test rows of these targets; None when it is defined."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def judge(said, metric, test):
        train = [0, 1, 2] * 4 if said in (CLASSES, ONE_HOT) else [0, 1] * 6
        rows = [f"{i},{y},r" for i, y in enumerate(train)] + ["1,0,v", "2,1,v"]
        rows += [f"{i},{y},t" for i, y in enumerate(test)]
        (tmp_path / "a.csv").write_text("\n".join(["x,y,part", *rows]))
        plan = dlspec.loads(SPEC.format(metric=metric, **said))
        try:
            require_computable_metrics(plan, prepare_dataset(plan.data, base=tmp_path))
        except StepError as error:
            return str(error).partition("\n")[0]
        return None

    return judge


@pytest.mark.parametrize("said", [CLASSES, ONE_HOT], ids=["ids", "one-hot"])
def test_a_class_without_test_rows_leaves_no_roc_curve(judged, said):
    assert "no test row of `y` has the class 2" in judged(said, "roc_auc", [0, 1, 0, 1])
    assert judged(said, "roc_auc", [0, 1, 2]) is None
    assert judged(said, "accuracy", [0, 0]) is None


def test_test_rows_of_one_binary_value_leave_no_roc_curve(judged):
    assert "no test row of `y` has the class 1" in judged(BINARY, "roc_auc", [0, 0])
    assert judged(BINARY, "roc_auc", [0, 1]) is None


def test_a_single_row_has_no_variance_to_explain(judged):
    assert "`r2` is not defined on a single test row" in judged(NUMBER, "r2", [3])
    assert judged(NUMBER, "r2", [3, 4]) is None
    assert judged(NUMBER, "mae", [3]) is None


def test_targets_that_are_all_the_same_have_no_variance_to_explain(judged):
    told = judged(NUMBER, "r2", [3, 3, 3])
    assert "`r2` is not defined where the target `y` of all test rows is the same" in told
    assert judged(NUMBER, "rmse", [3, 3, 3]) is None
    told = judged(NUMBER, "mape", [3, 0, 3])
    assert "`mape` is not defined where the target `y` of a test row is 0" in told
    assert judged(NUMBER, "mape", [3, 1, 3]) is None


TOKENS = """\
dlspec: 1
name: m
data:
  source: {json_lines: a.jsonl}
  inputs: {x: {tokens: x, length: 5, vocabulary: 9}}
  targets: {y: {tokens: y, length: 5, vocabulary: 9}}
  split: {column: part, validation: [v], test: [t]}
model:
  inputs: {x: {shape: [5], dtype: int32}}
  graph: [{Embedding: [9, 4]}, {Dense: 9, name: y}]
training: {epochs: 1, loss: {SparseCategoricalCrossentropy: {from_logits: true}}}
evaluation: {metrics: [METRIC]}
"""


@pytest.fixture
def judged_ids(tmp_path, monkeypatch):
    """Return what a metric of ids meets on one test row; None when it is defined."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def judge(metric, ids):
        rows = [{"x": [1, 2], "y": [2, 1], "part": part} for part in "rv"]
        rows.append({"x": [1, 2], "y": ids, "part": "t"})
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
        plan = dlspec.loads(TOKENS.replace("METRIC", metric))
        try:
            require_computable_metrics(plan, prepare_dataset(plan.data, base=tmp_path))
        except StepError as error:
            return str(error).partition("\n")[0]
        return None

    return judge


def test_padding_alone_has_no_accuracy(judged_ids):
    assert "where no test row of `y` holds an id" in judged_ids("token_accuracy", [0, 0])
    assert judged_ids("token_accuracy", [0, 3]) is None
    assert judged_ids("sequence_accuracy", [0, 0]) is None


def test_what_a_record_says_of_rows_is_what_its_function_refuses():
    """The check before a training and the measurement after it agree on every metric."""
    same = Predicted("number", np.ones((3, 1)), np.zeros((3, 1)))
    one_class = Predicted("class", np.zeros(3, int), np.zeros(3, int), np.full((3, 2), 0.5))
    padding = Predicted("tokens", np.zeros((3, 2), int), np.zeros((3, 2), int))
    no_label = np.zeros((3, 2), int)
    poor_rows = {
        "number": same,
        "class": one_class,
        "tokens": padding,
        "sequence": Predicted("sequence", padding.true, padding.guess),
        "labels": Predicted("labels", no_label, no_label, np.full((3, 2), 0.5)),
        "mask": Predicted("mask", no_label, no_label),
        "binary": Predicted("binary", np.zeros(3, int), np.zeros(3, int), np.full(3, 0.5)),
    }
    other_class = {"specificity": Predicted("binary", np.ones(3, int), np.zeros(3, int))}
    for name, function in FUNCTIONS.items():
        record = METRIC_OF[name]
        poor = other_class.get(name, poor_rows[record.on[0]])
        asks = record.varied or record.every_class or record.least_ids > 0
        assert isinstance(value_or_reason(function, poor, name=name), str) == asks, name
