"""Metrics of Keras on the test rows of a run: their figures, gates, champion and what is reused."""

from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn import metrics as sk
from test_evaluation import FORECAST
from training_specs import DIGITS, prepared

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.promotion import promote
from dlspec_pipelines.steps.training.train import train

TOP = (
    DIGITS.replace("epochs: 2", "epochs: $epochs")
    .replace("data:", "params: {epochs: 2}\ndata:", 1)
    .replace(
        "[accuracy, f1_macro, log_loss]",
        "[accuracy, {SparseTopKCategoricalAccuracy: {k: 3}}, "
        "{SparseCategoricalCrossentropy: {from_logits: true, name: entropy}}]\n"
        '  gates: {sparse_top_k_categorical_accuracy: ">= 0.5", entropy: "<= 0.001"}',
    )
)


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))


def _evaluated(text, run, *, champion=None, **params):
    plan, dataset = prepared(text, **params)
    trained = train(plan, dataset, run=run, spec_text=text)
    return plan, dataset, trained, evaluate(plan, trained, dataset, champion)


def test_a_metric_of_keras_has_scikit_learns_value_and_is_a_gate():
    _, dataset, trained, evaluation = _evaluated(TOP, "r1")
    test = open_part(dataset, "test")
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    logits = model.predict(test.inputs["image"], verbose=0)
    true = np.asarray(test.targets["digit"])
    expected = sk.top_k_accuracy_score(true, logits, k=3)
    value = evaluation.metrics["sparse_top_k_categorical_accuracy"]
    assert value == pytest.approx(expected)
    entropy = sk.log_loss(true, keras.ops.convert_to_numpy(keras.ops.softmax(logits)))
    assert evaluation.metrics["entropy"] == pytest.approx(entropy, rel=1e-4)
    top, low = evaluation.gates
    assert (top.metric, top.value, top.passed) == (
        *("sparse_top_k_categorical_accuracy", value),
        value >= 0.5,
    )
    assert (low.metric, low.passed) == ("entropy", False)


def test_numbers_are_measured_in_their_own_unit():
    text = FORECAST.replace("[mae, r2]", "[mae, MeanAbsoluteError]")
    evaluation = _evaluated(text, "r1")[3]
    expected = evaluation.metrics["mae"]
    assert evaluation.metrics["mean_absolute_error"] == pytest.approx(expected, rel=1e-5)


def test_a_champion_is_compared_in_a_metric_of_keras():
    text = TOP.replace("  gates: ", "  champion: {metric: entropy}\n  gates: ").replace(
        "<= 0.001", "<= 100"
    )
    plan, _, trained, evaluation = _evaluated(text, "champion", epochs=1)
    champion = promote(plan, evaluation, trained)
    plan, _, trained, evaluation = _evaluated(text, "r2", champion=champion, epochs=12)
    found = evaluation.comparison
    assert found is not None
    assert (found.metric, found.test) == ("entropy", "bootstrap")
    assert found.challenger == pytest.approx(evaluation.metrics["entropy"], rel=1e-4)
    assert found.champion == pytest.approx(champion.metrics["entropy"], rel=1e-4)
    # Less is better.
    assert found.challenger < found.champion
    assert found.better
    assert promote(plan, evaluation, trained).run == "r2"


def test_a_metric_that_is_asked_for_later_trains_nothing_again():
    before, after = (dlspec.loads(text) for text in (DIGITS, TOP))
    assert step_digest(before, "model") == step_digest(after, "model")
    assert step_digest(before, "evaluation") != step_digest(after, "evaluation")
