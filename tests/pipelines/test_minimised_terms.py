"""Terms beside the losses: trained, measured, stopped, continued and kept out of what predicts."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score
from stopped_trainings import whole_and_continued
from training_specs import CONTRAST, TERMS, prepared, said_of_model_by_keras_alone

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.forward import load_model
from dlspec_pipelines.steps.evaluation.new_rows import predict_new_rows
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.objective_file import load_objective
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")

GOLDEN = Path(__file__).parents[1] / "golden/valid"


class HandWritten(keras.Model):
    """The autoencoder of TERMS as a Keras program says it."""

    def __init__(self, predicting):
        super().__init__()
        self.inner = keras.Model(
            predicting.input, [predicting.get_layer(n).output for n in ("mean", "log_variance")]
        )
        self.predicting = predicting

    def call(self, x, training=None):
        return self.predicting(x, training=training)

    def terms(self, x, y):
        mean, log_variance = self.inner(x)
        kl = 0.5 * keras.ops.sum(mean**2 + keras.ops.exp(log_variance) - log_variance - 1, axis=-1)
        told = keras.ops.binary_crossentropy(y, self.predicting(x))
        return keras.ops.sum(told, axis=(1, 2, 3)), kl


def test_terms_are_measured_as_a_program_of_keras_has_them():
    plan, dataset = prepared(TERMS)
    trained = train(plan, dataset, run="r1", spec_text=TERMS)
    measured = evaluate(plan, trained, dataset)
    model = HandWritten(load_model(Path(trained.path), with_loss=False))
    part = samples_for_model(plan, dataset, "test")
    x, y = np.array(part.inputs["image"]), np.array(part.targets["picture"])
    reconstruction, kl = (float(np.mean(term)) for term in model.terms(x, y))
    assert measured.metrics["reconstruction"] == pytest.approx(reconstruction, rel=1e-5)
    assert measured.metrics["kl"] == pytest.approx(kl, rel=1e-4)
    # The loss has the weight 0 and is only told.
    assert measured.metrics["loss"] == pytest.approx(reconstruction + 0.5 * kl, rel=1e-5)


def test_history_gates_and_callbacks_know_each_term_by_its_name():
    plan, dataset = prepared(TERMS)
    trained = train(plan, dataset, run="r1", spec_text=TERMS)
    assert {"kl", "val_kl", "reconstruction", "val_reconstruction"} <= set(trained.history)
    told = trained.history["reconstruction"] + 0.5 * trained.history["kl"]
    assert trained.history["loss"] == pytest.approx(told, rel=1e-3)
    header = Path(trained.path, "history.csv").read_text().splitlines()[0].split(",")
    assert header[:2] == ["epoch", "loss"]
    assert trained.kept.monitor == "val_kl"
    gates = {gate.metric: gate for gate in evaluate(plan, trained, dataset).gates}
    assert gates["reconstruction"].passed
    assert not gates["kl"].passed
    metrics = json.loads(Path(trained.path, "metrics.json").read_text())
    assert metrics["kl"] == gates["kl"].value


def test_a_stopped_training_on_terms_goes_on_as_if_it_had_not_been():
    plan, dataset = prepared(TERMS)
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history


def test_what_leads_to_terms_alone_is_no_part_of_the_model_that_plain_keras_loads():
    plan, dataset = prepared(TERMS)
    trained = train(plan, dataset, run="r1", spec_text="")
    names = {*said_of_model_by_keras_alone(trained, "*[layer.name for layer in model.layers]")}
    assert {"mean", "noise", "picture"} <= names
    assert not {"kl", "aside", "reconstruction"} & names
    whole = load_objective(Path(trained.path), plan)
    assert "aside" in {layer.name for layer in whole.layers}
    assert whole.count_params() > trained.parameters == whole.predicting.count_params()
    Path(trained.path, "objective.npz").write_bytes(b"damaged")
    with pytest.raises(StepError, match=r"objective\.npz"):
        evaluate(plan, trained, dataset)


def test_a_changed_term_trains_anew():
    plan = dlspec.loads(TERMS)
    weight = dlspec.loads(TERMS.replace("kl: 0.5", "kl: 0.4"))
    graph = dlspec.loads(TERMS.replace("{x2: 0.5}, name: kl", "{x2: 0.7}, name: kl"))
    digests = {step_digest(one, "model") for one in (plan, weight, graph)}
    assert len(digests) == 3
    assert weight.graph == graph.graph == plan.graph


def nearest_accuracy(known, classes, asked, truth):
    """Return how many samples have a nearest neighbour of their class."""
    nearest = ((asked[:, None] - known[None]) ** 2).sum(axis=-1).argmin(axis=1)
    return float((classes[nearest] == truth).mean())


def test_terms_alone_are_trained_measured_and_their_outputs_predicted():
    plan, dataset = prepared(CONTRAST)
    assert plan.training.loss is None
    assert plan.learned == ()
    trained = train(plan, dataset, run="r1", spec_text=CONTRAST)
    measured = evaluate(plan, trained, dataset)
    assert set(measured.metrics) == {"loss", "contrast"}
    assert measured.metrics["loss"] == pytest.approx(measured.metrics["contrast"])
    assert [gate.passed for gate in measured.gates] == [True]
    model = load_model(Path(trained.path), with_loss=False)
    parts = {name: samples_for_model(plan, dataset, name) for name in ("train", "test")}
    codes = {n: model.predict(np.array(p.inputs["image"]), verbose=0) for n, p in parts.items()}
    ids = {name: np.array(part.targets["digit"]) for name, part in parts.items()}
    assert nearest_accuracy(codes["train"], ids["train"], codes["test"], ids["test"]) > 0.9
    table = Table({"images": 16 * np.array(parts["test"].inputs["image"][:3, :, :, 0])})
    rows = predict_new_rows(Path(trained.path), table).columns
    np.testing.assert_allclose(np.stack(rows["embedding"]), codes["test"][:3], atol=1e-5)


@pytest.mark.slow
def test_a_spec_without_targets_is_trained_stopped_and_continued():
    text = TERMS.replace("target.picture", "image").replace("  loss: MeanSquaredError\n", "")
    text = text.replace("  loss_weights: {picture: 0}\n", "").replace(
        "metrics: [mse]", "metrics: []"
    )
    start, end = text.index("  targets:"), text.index("  split:")
    plan, dataset = prepared(text[:start] + text[end:])
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    assert set(evaluate(plan, resumed, dataset).metrics) == {"loss", "reconstruction", "kl", "size"}


def test_outputs_of_a_mapping_are_read_by_their_names():
    text = """\
dlspec: 1
name: named
data:
  source: {synthetic: two_moons, samples: 420, noise: 0.15, seed: 5}
  inputs: {point: {vector: [x, y], standardize: true}}
  targets: {moon: {binary: moon}, height: {number: y}}
  split: {validation: 0.2, test: 0.25, seed: 1}
model:
  inputs: {point: [2]}
  graph:
    - {Dense: [16, relu], name: seen}
    - {Dense: [1, sigmoid], name: a, from: seen}
    - {Dense: 1, name: b, from: seen}
  outputs: {moon: a, height: b}
training:
  epochs: 20
  optimizer: {Adam: {learning_rate: 0.02}}
  loss: {moon: BinaryCrossentropy, height: MeanSquaredError}
evaluation: {metrics: [accuracy, mae]}
"""
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text="")
    metrics = evaluate(plan, trained, dataset).metrics
    assert metrics["accuracy"] > 0.8
    assert metrics["mae"] < 0.2


def test_a_term_of_weight_zero_may_be_a_step_and_is_measured_as_scikit_learn_does():
    text = GOLDEN.joinpath("terms_told_only.yaml").read_text()
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    measured = evaluate(plan, trained, dataset).metrics
    part = samples_for_model(plan, dataset, "test")
    model = load_model(Path(trained.path), with_loss=False)
    said = model.predict(np.array(part.inputs["image"]), verbose=0)
    true = np.array(part.targets["digit"])
    assert measured["top_3"] == pytest.approx(top_k_accuracy_score(true, said, k=3))
    assert measured["right"] == pytest.approx(measured["accuracy"])
