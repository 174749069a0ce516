"""A metric that the test rows cannot give is told before a training."""

import pytest

import dlspec
from dlspec_pipelines.steps.evaluation.computable_metrics import require_computable_metrics
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
