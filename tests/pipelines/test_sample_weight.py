"""`training.sample_weight` trains as `Model.fit(sample_weight=...)` does, which is the judge."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from stopped_trainings import whole_and_continued
from training_specs import FOCAL, OWN_FOCAL, WEIGHED, prepared

import dlspec
from dlspec.language.catalogue import Object
from dlspec.language.features import (
    BinaryFeature,
    ClassFeature,
    ImageFeature,
    MaskFeature,
    NumberFeature,
)
from dlspec.language.sample_weights import places_with_losses
from dlspec.resolve.chain import step_digest
from dlspec_pipelines.location.assets import code_version
from dlspec_pipelines.steps.engine.batches import epoch_visit_order
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.reports.report_page import write_report
from dlspec_pipelines.steps.training.train import samples_for_model, train

ROWS, LENGTH = 240, 6
TWO = """\
dlspec: 1
name: two
data:
  source: {npz: rows.npz}
  inputs: {seen: {vector: [a, b, c]}}
  targets: {kind: {class: kind, classes: 3}, amount: {number: amount}}
  split: {validation: 0.2, test: 0.2, seed: 1}
model:
  inputs: {seen: [3]}
  graph:
    - {Dense: [8, relu], name: inner}
    - {Dense: 3, name: kind, from: inner}
    - {Dense: 1, name: amount, from: inner}
  outputs: [kind, amount]
training:
  epochs: 2
  batch_size: 32
  loss: {kind: {SparseCategoricalCrossentropy: {from_logits: true}}, amount: MeanSquaredError}
  metrics: {kind: [accuracy], amount: [mae]}
  loss_weights: {kind: 0.5, amount: 2.0}
  sample_weight: SAID
  seed: 7
"""
STEPS = """\
dlspec: 1
name: steps
data:
  source: {npz: rows.npz}
  inputs: {said: {sequence: said, length: 6, features: 2}}
  targets: {tags: {mask: tags, shape: [6], classes: 3}}
  split: {validation: 0.2, test: 0.2, seed: 1}
model:
  inputs: {said: [6, 2]}
  graph:
    - Conv1D: [4, 3, {padding: same, activation: relu}]
    - {Dense: 3, name: tags}
training:
  epochs: 2
  batch_size: 32
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
  sample_weight: SAID
  seed: 7
"""


@pytest.fixture(autouse=True)
def rows(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(3)
    found = {name: draw.normal(size=ROWS) for name in "abc"}
    found |= {
        "kind": draw.integers(0, 3, ROWS),
        "amount": found["a"] + found["b"],
        "said": draw.normal(size=(ROWS, LENGTH, 2)),
        "tags": draw.integers(0, 3, (ROWS, LENGTH)),
        "trust": draw.uniform(0, 3, ROWS),
        "seen": draw.integers(0, 3, ROWS),
        "step_trust": draw.uniform(0, 3, (ROWS, LENGTH)),
    }
    np.savez("rows.npz", **found)
    return found


def _beside_fit(text, weigh):
    """Train a spec, and its model by `fit` on the weights that `weigh` gives for rows."""
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text="")
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)

    def three(part, visit=None):
        samples = samples_for_model(plan, dataset, part)
        order = np.arange(len(samples)) if visit is None else visit
        x, *y = (np.array(a)[order] for a in (*samples.inputs.values(), *samples.targets.values()))
        rows = np.load(Path(dataset.path, part, "rows.npy"))[order]
        weights = [w.astype(np.float32) for w in weigh(rows)]
        return (x, y, weights) if len(y) > 1 else (x, y[0], weights[0])

    count = len(three("train")[0])
    for epoch in range(2):
        x, y, weights = three("train", epoch_visit_order(7, epoch, count))
        said = model.fit(
            x,
            y,
            sample_weight=weights,
            validation_data=three("validation"),
            batch_size=32,
            shuffle=False,
            verbose=0,
        ).history
    ours = keras.models.load_model(Path(trained.path, "model.keras")).get_weights()
    pairs = zip(ours, model.get_weights(), strict=True)
    return {
        "equal": all(np.array_equal(a, b) for a, b in pairs),
        "figures": {name: trained.history[name] for name in said},
        "of fit": {name: values[0] for name, values in said.items()},
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "columns"),
    [
        ("trust", ("trust", "trust")),
        ("{kind: trust, amount: seen}", ("trust", "seen")),
        ("{amount: seen}", (None, "seen")),
    ],
)
def test_weights_of_two_outputs_train_as_fit_does_bit_for_bit(rows, said, columns):
    def weigh(at):
        return [np.ones(len(at)) if name is None else rows[name][at] for name in columns]

    beside = _beside_fit(TWO.replace("SAID", said), weigh)
    assert beside["equal"]
    assert beside["figures"] == beside["of fit"]


def test_a_weight_for_each_step_trains_as_fit_does_bit_for_bit(rows):
    beside = _beside_fit(STEPS.replace("SAID", "step_trust"), lambda at: [rows["step_trust"][at]])
    assert beside["equal"]
    assert beside["figures"] == beside["of fit"]


def test_a_weight_of_a_whole_sequence_counts_for_each_of_its_steps(rows):
    beside = _beside_fit(
        STEPS.replace("SAID", "trust"),
        lambda at: [np.repeat(rows["trust"][at, None], LENGTH, axis=1)],
    )
    assert beside["equal"]
    assert beside["figures"] == beside["of fit"]


def test_metrics_count_all_samples_alike(rows):
    plan, dataset = prepared(TWO.replace("SAID", "trust"))
    trained = train(plan, dataset, run="r1", spec_text="")
    part = samples_for_model(plan, dataset, "validation")
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    logits, _ = model.predict(np.array(part.inputs["seen"]), verbose=0)
    right = float((logits.argmax(axis=1) == part.targets["kind"]).mean())
    assert trained.history["val_kind_accuracy"] == pytest.approx(right, abs=1e-6)
    assert len(set(rows["trust"].tolist())) == ROWS


def test_weights_that_are_all_one_change_no_weight_of_the_model(rows):
    np.savez("rows.npz", **{**rows, "ones": np.ones(ROWS, np.int64)})
    runs = []
    for text in (TWO.replace("SAID", "ones"), TWO.replace("  sample_weight: SAID\n", "")):
        plan, dataset = prepared(text)
        runs.append(train(plan, dataset, run=f"r{len(runs)}", spec_text="").weights)
    assert runs[0] == runs[1]


def test_a_row_that_weighs_nothing_is_not_learnt(rows):
    """Labels are turned round in the rows that count nothing."""
    found, learnt = {}, {}
    for name, kinds in (("true", rows["kind"]), ("turned", (rows["kind"] + 1) % 3)):
        half = np.arange(ROWS) % 2 == 0
        np.savez("rows.npz", **{**rows, "half": half, "kind": np.where(half, rows["kind"], kinds)})
        # The same rows in the same parts.
        text = TWO.replace("SAID", "{kind: half}").replace(
            "{validation: 0.2, test: 0.2, seed: 1}", PARTS
        )
        np.savez("rows.npz", **{**np.load("rows.npz"), "part": np.arange(ROWS) // 2 % 4})
        plan, dataset = prepared(text)
        found[name] = train(plan, dataset, run=name, spec_text="")
        learnt[name] = np.array(samples_for_model(plan, dataset, "train").targets["kind"])
    weights = half[np.load(Path(dataset.path, "train", "rows.npy"))].astype(int)
    assert found["true"].weights == found["turned"].weights
    assert found["true"].history["val_loss"] == found["turned"].history["val_loss"]
    assert ((learnt["true"] == learnt["turned"]) == (weights == 1)).all()
    assert 0.3 < weights.mean() < 0.7


PARTS = "{column: part, validation: [2], test: [3]}"


def test_a_declared_loss_is_weighed_as_the_one_of_keras_that_it_says():
    said = "  batch_size: 32\n  sample_weight: moon\n"
    losses = {}
    for name, text in (("keras", FOCAL), ("own", OWN_FOCAL)):
        weighed = text.replace("  batch_size: 32\n", said)
        plan, dataset = prepared(weighed, epochs=1)
        losses[name] = train(plan, dataset, run=name, spec_text="").history["val_loss"]
    assert losses["own"] == pytest.approx(losses["keras"], rel=1e-5)
    plan, dataset = prepared(FOCAL, epochs=1)
    plain = train(plan, dataset, run="plain", spec_text="").history["val_loss"]
    assert losses["keras"] < 0.9 * plain


def test_terms_are_not_weighed_and_the_losses_beside_them_are(rows):
    aside = "    - {ops.mean: {args: [inner], axis: -1}, name: size}\n  outputs:"
    # Of several batches Keras takes the mean of an output's loss over batches, not over rows.
    whole = TWO.replace("batch_size: 32", f"batch_size: {ROWS}")
    plain = whole.replace("SAID", "{kind: trust, amount: seen}")
    beside = plain.replace("  outputs:", aside)
    texts = {
        "plain": plain,
        "idle": beside.replace("  epochs: 2", "  terms: {size: 0}\n  epochs: 2"),
        "busy": beside.replace("  epochs: 2", "  terms: {size: 0.5}\n  epochs: 2"),
    }
    found = {}
    for name, text in texts.items():
        plan, dataset = prepared(text)
        trained = train(plan, dataset, run=name, spec_text="")
        found[name] = trained.history
    assert found["idle"]["loss"] == pytest.approx(found["plain"]["loss"], rel=1e-6)
    assert found["idle"]["val_loss"] == pytest.approx(found["plain"]["val_loss"], rel=1e-6)
    busy = found["busy"]
    parts = 0.5 * busy["val_kind_loss"] + 2.0 * busy["val_amount_loss"] + 0.5 * busy["val_size"]
    assert busy["val_loss"] == pytest.approx(parts, rel=1e-5)
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    inner = keras.Model(model.input, model.get_layer("inner").output)
    seen = np.array(samples_for_model(plan, dataset, "validation").inputs["seen"])
    sizes = inner.predict(seen, verbose=0).mean(axis=-1)
    weights = rows["trust"][np.load(Path(dataset.path, "validation", "rows.npy"))]
    assert busy["val_size"] == pytest.approx(sizes.mean(), rel=1e-5)
    assert abs((weights * sizes).mean() / sizes.mean() - 1) > 0.01


def test_a_stopped_training_on_weights_continues_as_if_it_had_not_been():
    plan, dataset = prepared(WEIGHED)
    whole, continued = whole_and_continued(plan, dataset)
    assert continued.weights == whole.weights


def test_another_weight_prepares_and_trains_anew_and_none_leaves_old_digests_alone():
    texts = [TWO.replace("  sample_weight: SAID\n", "")]
    texts += [TWO.replace("SAID", said) for said in ("trust", "seen", "{kind: trust}")]
    plans = [dlspec.loads(text) for text in texts]
    for step in ("dataset", "model"):
        assert len({step_digest(plan, step) for plan in plans}) == len(plans)
        assert len({code_version(plan, step) for plan in plans}) == len(plans)
    for step in ("evaluation", "report", "champion"):
        assert len({step_digest(plan, step) for plan in plans}) == 1
    # As it was before there were weights.
    assert (
        step_digest(plans[0], "dataset")
        == "b2851d864595bdbb4d80691e5f93c0d721384d9e2bba0d6950e620a9e57c1532"
    )
    assert (
        step_digest(plans[0], "model")
        == "11eb40b7c3ab6659968156240b5b185eab24e394f8688213e0994618d23661b5"
    )
    assert "training.sample_weight" in [
        change.path for change in dlspec.diff(plans[0], plans[1]).changes
    ]
    assert dlspec.diff(plans[0], plans[1]).rerun[0] == "dataset"


def test_a_run_says_its_weights_in_its_plan():
    plan, dataset = prepared(TWO.replace("SAID", "{kind: trust}"))
    trained = train(plan, dataset, run="r1", spec_text="")
    said = json.loads(Path(trained.path, "plan.json").read_text())
    assert said["training"]["sample_weight"] == {"kind": "trust"}


@pytest.mark.parametrize(
    ("target", "loss", "arguments", "places"),
    [
        (ClassFeature("a", 3), "SparseCategoricalCrossentropy", {}, ()),
        (ClassFeature("a", 3, one_hot=True), "CategoricalCrossentropy", {}, ()),
        (NumberFeature("a"), "MeanSquaredError", {}, ()),
        (BinaryFeature("a"), "BinaryCrossentropy", {}, ()),
        (MaskFeature("a", 3, (5, 6)), "SparseCategoricalCrossentropy", {}, (5, 6)),
        (ImageFeature("a", (5, 6), 1), "MeanSquaredError", {}, (5, 6)),
        (ImageFeature("a", (5, 6), 1), "Dice", {}, None),
        (ImageFeature("a", (5, 6), 1), "Dice", {"axis": (1, 2, 3)}, ()),
        (ImageFeature("a", (5, 6), 1), "Tversky", {"axis": (-1, -2)}, (5,)),
        (ImageFeature("a", (5, 6), 1), "Tversky", {"axis": (0, 1)}, None),
        (ImageFeature("a", (5, 6), 1), "CosineSimilarity", {"axis": 1}, (6, 1)),
    ],
)
def test_the_places_of_a_sample_that_have_a_loss_are_those_of_keras(
    target, loss, arguments, places
):
    assert places_with_losses(target, Object("loss", loss, arguments)) == places
    true = np.ones((7, *target.element.shape), target.element.dtype)
    said = np.ones((*true.shape, 3), np.float32) if loss.startswith("Sparse") else true
    found = tuple(getattr(keras.losses, loss)(**arguments).call(true, said).shape)
    assert found == (7, *places) if places is not None else found[:1] != (7,)


def test_the_report_tells_what_samples_count_for():
    plan, dataset = prepared(WEIGHED.replace("epochs: 3", "epochs: 1"))
    trained = train(plan, dataset, run="r1", spec_text="")
    report = write_report(plan, dataset, trained, evaluate(plan, trained, dataset))
    page = re.sub("<[^>]+>", "", Path(report.html).read_text())
    digits = np.array(samples_for_model(plan, dataset, "train").targets["digit"])
    told = "In the loss of digit a sample counts what column target says: 0.0000 to 9 among those"
    mean = re.search(rf"{re.escape(told)} to train on, ([0-9.]+) on average", page)
    assert float(mean[1]) == pytest.approx(digits.mean(), abs=0.005)
