"""Losses that layers add as they are called: activity regularizers, and `add_loss`."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import turn_specs
from sklearn.datasets import make_moons
from training_specs import DIGITS, MOONS, PENALIZED, TERMS, prepared

import dlspec
from dlspec_pipelines.steps.engine.batches import epoch_visit_order
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.forward import load_model
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.training.progress import EpochEnd
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")

HEAD = "    - {Dense: 10, name: digit}\n"
REGULAR = DIGITS.replace("  class_weight: balanced\n", "").replace(
    HEAD, "    - {Dense: [10, {activity_regularizer: {L1: 1e-2}}], name: digit}\n"
)
OWN = REGULAR.replace("activity_regularizer: {L1: 1e-2}", "").replace(
    "    - Dropout: 0.3\n", "    - Sparse: {weight: 0.1}\n"
)
LAYER = """
import keras

class Sparse(keras.layers.Layer):
    def __init__(self, weight: float, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, inputs):
        self.add_loss(self.weight * keras.ops.mean(keras.ops.abs(inputs)))
        return inputs

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
"""


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    (tmp_path / "adding_losses.py").write_text(LAYER)
    layers = '[tool.dlspec.layers]\nSparse = "adding_losses:Sparse"\n'
    (tmp_path / "pyproject.toml").write_text(layers)
    monkeypatch.chdir(tmp_path)


def fitted(plan, dataset):
    """Return a model that `fit` trained in the order of our training, and its figures."""
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    part = samples_for_model(plan, dataset, "train")
    validation = samples_for_model(plan, dataset, "validation")
    x, y = np.array(part.inputs["image"]), np.array(part.targets["digit"])
    figures = []
    for epoch in range(2):
        visit = epoch_visit_order(7, epoch, len(x))
        history = model.fit(
            x[visit],
            y[visit],
            batch_size=32,
            shuffle=False,
            validation_data=(validation.inputs["image"], validation.targets["digit"]),
            verbose=0,
        ).history
        figures.append({name: values[0] for name, values in history.items()})
    return model, figures


@pytest.mark.parametrize(
    ("text", "figure"),
    [(REGULAR, "digit_activity_regularizer"), (OWN, "sparse_add_loss")],
    ids=["activity_regularizer", "add_loss"],
)
def test_added_losses_count_as_in_fit_and_evaluate(text, figure):
    plan, dataset = prepared(text)
    heard = []
    trained = train(plan, dataset, run="r1", spec_text=text, progress=heard.append)
    model, figures = fitted(plan, dataset)
    stored = load_model(Path(trained.path), with_loss=True)
    pairs = zip(stored.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    told = [dict(e.figures) for e in heard if isinstance(e, EpochEnd)]
    added = [one.pop(name) for one in told for name in (figure, f"val_{figure}")]
    assert min(added) > 0
    rate = {"learning_rate": pytest.approx(1e-3)}
    assert told == [one | rate for one in figures]
    test = samples_for_model(plan, dataset, "test")
    expected = model.evaluate(
        test.inputs["image"], test.targets["digit"], batch_size=256, verbose=0
    )
    metrics = evaluate(plan, trained, dataset).metrics
    assert metrics["loss"] == pytest.approx(expected[0], rel=1e-6)
    assert metrics["accuracy"] == pytest.approx(expected[1], rel=1e-6)


def test_each_kind_of_what_layers_add_is_told_by_name_as_keras_computes_it():
    plan, dataset = prepared(PENALIZED)
    trained = train(plan, dataset, run="r1", spec_text=PENALIZED)
    model, figures = fitted(plan, dataset)
    stored = keras.models.load_model(Path(trained.path, "model.keras"))
    assert {type(layer).__module__.partition(".")[0] for layer in stored.layers} == {"keras"}
    pairs = zip(stored.get_weights(), model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert {name: trained.history[name] for name in figures[-1]} == figures[-1]
    header = Path(trained.path, "history.csv").read_text().splitlines()[0].split(",")
    named = ["regularization", "seen.edges_activity_regularizer", "digit_activity_regularizer"]
    assert [name for name in header if name in named] == named
    metrics = evaluate(plan, trained, dataset).metrics
    kernel, bias = stored.get_layer("digit").get_weights()
    assert metrics["regularization"] == pytest.approx(
        1e-2 * np.square(kernel).sum() + 1e-2 * np.abs(bias).sum(), rel=1e-5
    )
    x = np.array(samples_for_model(plan, dataset, "test").inputs["image"])
    edges = np.array(stored.get_layer("seen")(x))
    said = stored.predict(x, verbose=0)
    assert metrics[named[1]] == pytest.approx(1e-3 * np.square(edges).sum() / len(x), rel=1e-5)
    assert metrics[named[2]] == pytest.approx(1e-2 * np.abs(said).sum() / len(x), rel=1e-5)
    parts = metrics["log_loss"] + sum(metrics[name] for name in named)
    assert metrics["loss"] == pytest.approx(parts, rel=1e-4)


def test_gates_and_callbacks_ask_for_what_layers_add():
    text = PENALIZED.replace(
        "  seed: 7\nevaluation:\n",
        "  callbacks: [{EarlyStopping: {monitor: val_regularization, mode: min, patience: 9}}]\n"
        "  seed: 7\nevaluation:\n"
        '  gates: {regularization: "<= 1e-9", digit_activity_regularizer: "<= 1e9"}\n',
    )
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    gates = {gate.metric: gate.passed for gate in evaluate(plan, trained, dataset).gates}
    assert gates == {"regularization": False, "digit_activity_regularizer": True}


def test_a_callback_saves_a_model_that_plain_keras_loads():
    text = PENALIZED.replace(
        "  seed: 7\nevaluation:\n",
        "  callbacks: [{ModelCheckpoint: {filepath: last.keras}}]\n  seed: 7\nevaluation:\n",
    )
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    whole, last = (
        keras.models.load_model(Path(trained.path, name)) for name in ("model.keras", "last.keras")
    )
    pairs = zip(whole.get_weights(), last.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert whole.optimizer.iterations == last.optimizer.iterations


def test_terms_have_beside_them_what_layers_add():
    text = TERMS.replace(
        "{Dense: [128, relu], name: seen}",
        "{Dense: [128, {activation: relu, kernel_regularizer: {L2: 1e-3}}], name: seen}",
    )
    assert text != TERMS
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    history, metrics = trained.history, evaluate(plan, trained, dataset).metrics
    for known in (history, metrics):
        told = known["reconstruction"] + 0.5 * known["kl"] + known["regularization"]
        assert known["loss"] == pytest.approx(told, rel=1e-4)


def test_what_layers_add_in_turns_is_told_as_one_turn_adds_it():
    said = "{Dense: [16, {activation: relu, activity_regularizer: {L2: 1e-4}}]}"
    text = turn_specs.FORGED.replace("{Dense: [16, relu]}", said, 1)
    assert text != turn_specs.FORGED
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text="")
    (name,) = [n for n in trained.history if n.endswith("activity_regularizer") and "val_" not in n]
    assert trained.history[name] > 0
    assert evaluate(plan, trained, dataset).metrics[name] > 0


def test_weight_regularizers_stay_in_the_loss():
    text = DIGITS.replace("  class_weight: balanced\n", "").replace(
        HEAD, "    - {Dense: [10, {kernel_regularizer: {L2: 1e-2}}], name: digit}\n"
    )
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    stored = keras.models.load_model(Path(trained.path, "model.keras"))
    test = samples_for_model(plan, dataset, "test")
    expected = stored.evaluate(
        test.inputs["image"], test.targets["digit"], batch_size=256, verbose=0
    )
    assert evaluate(plan, trained, dataset).metrics["loss"] == pytest.approx(expected[0], rel=1e-6)


def test_a_model_of_a_fixed_batch_takes_any_number_of_rows(tmp_path):
    points, moon = make_moons(370, noise=0.15, random_state=5)
    part = np.repeat(["train", "check", "test"], [240, 80, 50])
    rows = zip(points[:, 0], points[:, 1], moon, part, strict=True)
    lines = ["x,y,moon,part", *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "moons.csv").write_text("\n".join(lines))
    text = MOONS.replace("{point: [2]}", "{point: {shape: [2], batch: 16}}")
    text = text.replace("batch_size: 32", "batch_size: 16").replace(", split_seed: 1", "")
    text = re.sub(r"source: .*", "source: {csv: moons.csv}", text)
    text = re.sub(r"split: .*", "split: {column: part, validation: check, test: test}", text)
    plan = dlspec.loads(text, params={"epochs": 1})
    dataset = prepare_dataset(plan.data, base=tmp_path)
    assert dataset.rows["test"] % 16
    trained = train(plan, dataset, run="r1", spec_text=text)
    free = keras.models.load_model(Path(trained.path, "model.keras"))
    test = samples_for_model(plan, dataset, "test")
    metrics = evaluate(plan, trained, dataset).metrics
    x, y = np.array(test.inputs["point"]), np.array(test.targets["moon"])
    padded = np.concatenate([x, x[:16]])[: -(-len(x) // 16) * 16]
    guessed = free.predict(padded, batch_size=16, verbose=0)[: len(x), 0] > 0
    assert metrics["accuracy"] == pytest.approx((guessed == y.reshape(-1)).mean())
