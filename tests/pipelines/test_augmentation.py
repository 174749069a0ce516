"""Batches that are varied in training, and in training alone."""

from pathlib import Path

import keras
import numpy as np
import pytest
from augmented_by_hand import drawn_seed, layers_of_augmented, train_by_hand
from stopped_trainings import whole_and_continued
from training_specs import (
    AUGMENTED,
    DIGITS,
    PENALIZED,
    PLAIN,
    TERMS,
    prepared,
    said_of_model_by_keras_alone,
)
from turn_specs import FOLLOWED

import dlspec
from dlspec.backends.batch_augmentation import batch_augmentation
from dlspec.resolve.chain import STEPS, step_digest
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.training.objective_file import load_objective
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")


def arrays(model):
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def assert_near_weights(ours, theirs):
    for one, other in zip(arrays(ours), arrays(theirs), strict=True):
        # Layers that are called one by one round otherwise than in a compiled step.
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_augmented_batches_train_as_layers_in_a_plain_loop():
    plan, dataset = prepared(AUGMENTED)
    trained = train(plan, dataset, run="r1", spec_text="")
    keras.utils.set_random_seed(7)
    model = dlspec.compile(dlspec.loads(PLAIN))
    begun = arrays(model)
    train_by_hand(model, plan, dataset, layers_of_augmented())
    saved = keras.models.load_model(Path(trained.path, "model.keras"))
    assert_near_weights(saved, model)
    assert max(np.abs(a - b).max() for a, b in zip(begun, arrays(model), strict=True)) > 1e-2


def test_a_model_that_predicts_knows_nothing_of_what_varied_its_batches():
    plan, dataset = prepared(AUGMENTED)
    trained = train(plan, dataset, run="r1", spec_text="")
    kinds = said_of_model_by_keras_alone(trained, "*[type(la).__name__ for la in model.layers]")
    assert kinds == ["InputLayer", "Conv2D", "BatchNormalization", "Flatten", "Dropout", "Dense"]
    saved = keras.models.load_model(Path(trained.path, "model.keras"))
    part = samples_for_model(plan, dataset, "validation")
    told = saved.evaluate(
        np.array(part.inputs["image"]),
        np.array(part.targets["digit"]),
        batch_size=32,
        verbose=0,
        return_dict=True,
    )
    assert trained.history["val_loss"] == pytest.approx(told["loss"], rel=1e-5)
    assert evaluate(plan, trained, dataset).metrics["accuracy"] > 0.5


def test_a_stopped_training_draws_on_where_it_stopped():
    plan, dataset = prepared(AUGMENTED)
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history
    again = train(plan, dataset, run="again", spec_text="")
    assert again.weights == whole.weights
    seeded = prepared(AUGMENTED.replace("seed: 5", "seed: 6"))[0]
    assert train(seeded, dataset, run="seeded", spec_text="").weights != whole.weights


NOISE = "  augment: {GaussianNoise: 0.2}\n"


@pytest.mark.parametrize("text", [PENALIZED.replace("    - Dropout: 0.3\n", ""), TERMS])
def test_terms_and_penalties_read_the_varied_inputs(text):
    text = text.replace(
        "    - {GaussianNoise: 1.0, name: noise}\n",
        "    - {ops.add: {args: [nothing, 1.0]}, name: noise}\n",
    )
    # Whose weights are those of the last epoch.
    text = text.replace(
        "  callbacks:\n    - EarlyStopping: {monitor: val_kl, mode: max, patience: 5,"
        " restore_best_weights: true}\n",
        "",
    )
    assert "callbacks" not in text
    plan, dataset = prepared(text.replace("  seed: 7\nevaluation", NOISE + "  seed: 7\nevaluation"))
    trained = train(plan, dataset, run="r1", spec_text="")
    keras.utils.set_random_seed(7)
    model = dlspec.compile(dlspec.loads(text))
    noise = keras.layers.GaussianNoise(0.2, seed=drawn_seed("7 augment image 0"))
    name = next(iter(plan.learned))
    named = (lambda y: {name: y}) if plan.objective is not None else (lambda y: y)
    train_by_hand(model, plan, dataset, [noise], as_target=named)
    ours = keras.models.load_model(Path(trained.path, "model.keras"))
    theirs = model.predicting if plan.objective is not None else model
    assert_near_weights(ours, theirs)


def test_followers_and_turns_are_trained_on_varied_inputs_and_go_on():
    noisy = FOLLOWED.replace(
        "  epochs: 3\n", "  epochs: 3\n  augment: {point: {GaussianNoise: 0.3}}\n"
    )
    assert noisy != FOLLOWED
    plan, dataset = prepared(noisy)
    whole, resumed = whole_and_continued(plan, dataset)
    assert resumed.weights == whole.weights
    plain = train(prepared(FOLLOWED)[0], dataset, run="plain", spec_text="")
    assert plain.weights != whole.weights
    model = load_objective(Path(whole.path), plan)
    assert evaluate(plan, whole, dataset).metrics["apart"] > 0
    assert "gaussian_noise" not in {layer.name for layer in model.predicting.layers}


MASKED = """\
dlspec: 1
name: masked
data:
  source: {npz: scans.npz}
  inputs: {scan: {tensor: scan, shape: [16, 16, 1]}}
  targets:
    organ: {mask: organ, shape: [16, 16], classes: 3}
    inside: {mask: inside, shape: [16, 16], classes: 2}
model:
  inputs: {scan: [16, 16, 1]}
  graph:
    - {Conv2D: [3, 1, {activation: softmax}], name: organ, from: scan}
    - {Conv2D: [2, 1, {activation: softmax}], name: inside, from: scan}
  outputs: [organ, inside]
training:
  epochs: 1
  loss: SparseCategoricalCrossentropy
  augment: {scan: %s}
"""


@pytest.mark.parametrize(
    "layers",
    [
        "[{RandomFlip: horizontal}, {RandomRotation: [0.2, {interpolation: nearest}]}]",
        "[{RandomPerspective: {factor: 1.0, scale: 0.6, interpolation: nearest}}]",
        "[{RandAugment: {num_ops: 1, value_range: [0, 2], interpolation: nearest, seed: 2}}]",
        "[{RandomZoom: {height_factor: 0.4, interpolation: nearest}}]",
        "[{RandomShear: {x_factor: 0.4, y_factor: 0.4, interpolation: nearest}}]",
        "[{RandomTranslation: {height_factor: 0.3, width_factor: 0.3, interpolation: nearest}}]",
    ],
)
def test_masks_move_with_the_pixels_of_their_pictures(layers):
    ids = np.random.default_rng(0).integers(0, 3, (12, 16, 16)).astype("int32")
    step = batch_augmentation(dlspec.loads(MASKED % layers))
    # The picture shows the ids, so that it says itself where each has gone.
    x, y = step.augmented_batch(
        (ids[..., None].astype("float32"), [ids, (ids > 0).astype("int32")])
    )
    shown = keras.ops.convert_to_numpy(x)[..., 0]
    organ, inside = map(keras.ops.convert_to_numpy, y)
    assert organ.dtype == inside.dtype == np.int32
    assert np.mean(organ != ids) > 0.2
    np.testing.assert_array_equal(organ, shown.astype("int32"))
    np.testing.assert_array_equal(inside, shown > 0)


def test_layers_that_repaint_pixels_leave_masks_as_they_are():
    ids = np.random.default_rng(0).integers(0, 3, (4, 16, 16)).astype("int32")
    step = batch_augmentation(
        dlspec.loads(MASKED % "[{RandomInvert: {factor: 1.0, value_range: [0, 1]}}, RandomErasing]")
    )
    x, y = step.augmented_batch((ids[..., None].astype("float32"), [ids, ids]))
    assert np.abs(keras.ops.convert_to_numpy(x)[..., 0] - ids).max() > 0.1
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(y[0]), ids)


PEOPLE = """\
dlspec: 1
name: people
data:
  source: {npz: people.npz}
  inputs: {face: {image: face, size: [8, 8], channels: 1}}
  targets:
    who: {class: who, classes: 5, one_hot: true}
    age: {number: age}
    known: {binary: known}
model:
  graph:
    - {GlobalAveragePooling2D, name: seen}
    - {Dense: [5, softmax], name: who}
    - {Dense: 1, name: age, from: seen}
    - {Dense: [1, sigmoid], name: known, from: seen}
  outputs: [who, age, known]
training:
  epochs: 1
  loss: {who: CategoricalCrossentropy, age: MeanSquaredError, known: BinaryCrossentropy}
  augment: [%s]
"""


@pytest.mark.parametrize("layer", ["MixUp: 0.9", "CutMix: 1.0"])
def test_targets_of_all_kinds_are_mixed_as_much_as_their_pictures(layer):
    age = np.arange(10, dtype="float32")[:, None]
    who = np.eye(5, dtype="float32")[np.arange(10) % 5]
    # A picture of one shade says its age, so that what is mixed says of what it is made.
    x = np.broadcast_to(age[:, :, None, None], (10, 8, 8, 1)).copy()
    step = batch_augmentation(dlspec.loads(PEOPLE % layer))
    x, y = step.augmented_batch((x, [who, age, (age > 4).astype("float32")]))
    x, who, age, known = (keras.ops.convert_to_numpy(one) for one in (x, *y))
    assert np.mean(np.abs(age - np.round(age)) > 1e-3) > 0.3
    # A patch ends between pixels: its area is told, and not how many pixels it covers.
    near = 1e-4 if "MixUp" in layer else 2.5
    np.testing.assert_allclose(x.mean(axis=(1, 2)), age, atol=near)
    np.testing.assert_allclose(who.sum(axis=1), 1, atol=1e-5)
    assert who.shape == (10, 5)
    assert known.shape == age.shape == (10, 1)
    assert ((known >= 0) & (known <= 1)).all()


def test_augmentation_trains_the_model_anew_and_nothing_else():
    plain, varied = dlspec.loads(PLAIN), dlspec.loads(AUGMENTED)
    assert {s for s in STEPS if step_digest(plain, s) != step_digest(varied, s)} == {"model"}
    named = AUGMENTED.replace("  augment:\n", "  augment:\n    image:\n")
    assert step_digest(dlspec.loads(named), "model") == step_digest(varied, "model")
    # As it was before the language knew of it.
    assert step_digest(dlspec.loads(DIGITS), "model").startswith("11ec4345cb8b9623")
