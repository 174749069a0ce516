"""What the catalogue says that layers do, against what Keras's layers do."""

import inspect
import json
from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.backend import get_keras_mask
from test_catalogue_is_current import TARGETS, built

from dlspec.backends.introspect.generate import CATALOGUE
from dlspec.backends.introspect.probe import REFUSALS
from dlspec.language.catalogue import Traits, find_entry, generated_from, names_of_kind
from dlspec.language.catalogue.traits import (
    ActivationTrait,
    MaskTrait,
    PixelTrait,
    SightTrait,
)

pytestmark = [
    # Keras warns of the masks that it drops.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        keras.__version__.split(".")[:2] != generated_from().split(".")[:2],
        reason="the traits are those of another Keras: test_catalogue_history compares the dates",
    ),
]
LAYERS = names_of_kind("layer")
SAID = json.loads((CATALOGUE / "overlay.json").read_text("utf-8"))["traits"]
REFUSED = (*REFUSALS, tf.errors.OpError)
# TensorFlow's adaptive pooling can end the process; images are no sequences, and the windows of a
# spectrogram are longer than the steps here.
COMPUTED = [
    name
    for name in LAYERS
    if not name.startswith(("Adaptive", "STFT"))
    and "BaseImagePreprocessingLayer" not in find_entry("layer", name).bases
]


def traits(name):
    return find_entry("layer", name).traits


def layer(name, **arguments):
    return TARGETS["layer", name](**built("layer", name), **arguments)


def is_image_layer(name):
    return "BaseImagePreprocessingLayer" in find_entry("layer", name).bases


def with_trait(field, *words):
    return [name for name in LAYERS if getattr(traits(name), field) in words]


def test_the_traits_of_every_layer_are_said():
    assert sorted(SAID["layer"]) == sorted(LAYERS)
    assert sorted(SAID["about"]["traits"]) == sorted(Traits.__dataclass_fields__)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("mask", MaskTrait),
        ("sight", SightTrait),
        ("activation", ActivationTrait),
        ("pixels", PixelTrait),
    ],
)
def test_every_word_of_a_trait_is_one_that_rules_know(field, words):
    used = {getattr(traits(name), field) for name in LAYERS}
    # `unknown` is for layers of a project; of Keras's masks all is known.
    assert used - {"unknown"} == set(get_args(words)) - {"unknown"}
    assert field != "mask" or "unknown" not in used


# -- masks ---------------------------------------------------------------------------------------


def tensor(rank, *, masked):
    x = keras.Input([None, 4, 5, 6, 7][1:rank])
    return keras.layers.Masking()(x) if masked else x


def is_mask_handed_on(made, masked):
    """Return whether the first output of a call on such tensors has a mask; None if refused."""
    wanted = find_entry("layer", type(made).__name__).required_tensors
    for rank in (3, 4, 5, 2):
        given = [tensor(rank, masked=one) for one in masked]
        try:
            called = made(*given) if len(wanted) > 1 or len(given) == 1 else made(given)
        except REFUSED:
            continue
        return get_keras_mask(keras.tree.flatten(called)[0]) is not None
    return None


def takes_several(name):
    entry = find_entry("layer", name)
    merges = {"Merge", "Attention"} & {name, *entry.bases}
    return merges or len(entry.required_tensors) > 1


# Keras gives back the very tensor that Equalization takes while it is symbolic; of the others, what
# they do depends on the layer held or on an argument, or they make masks: told apart below.
NO_SINGLE_ANSWER = {"Equalization", "Bidirectional", "Masking", "Embedding", "ReversibleEmbedding"}


@pytest.mark.parametrize("name", sorted(set(LAYERS) - NO_SINGLE_ANSWER))
def test_a_mask_goes_where_the_trait_says(name):
    said = traits(name).mask
    if said == "sequence":
        return
    forms = [(True, True), (True, False), (False, True)] if takes_several(name) else [(True,)]
    expected = {
        "all": [True, False, False],
        "any": [True, True, True],
        "keeps": [True, True, False],
        "drops": [False] * 3,
        "uses": [False] * 3,
    }[said][: len(forms)]
    found = [is_mask_handed_on(layer(name), masked) for masked in forms]
    for seen, wanted in zip(found, expected, strict=True):
        assert seen in (wanted, None)
    if set(found) == {None}:
        assert layer(name).supports_masking is (said != "drops")
    assert said not in ("sequence", "uses") or "mask" in find_entry("layer", name).call


@pytest.mark.parametrize("name", with_trait("mask", "sequence"))
@pytest.mark.parametrize("sequences", [True, False])
def test_a_recurrent_layer_hands_a_mask_on_with_its_sequence(name, sequences):
    arguments = {**built("layer", name), "return_sequences": sequences}
    if name == "ConvLSTM3D":  # its mask would stand beside rank 6, where Keras has no convolution
        arguments["padding"] = "same"
        x = keras.layers.Masking()(keras.Input([3, 4, 4, 4, 2]))
        out = TARGETS["layer", name](**arguments)(x)
        assert (get_keras_mask(out) is not None) is sequences
        return
    assert is_mask_handed_on(TARGETS["layer", name](**arguments), (True,)) is sequences
    held = keras.layers.Bidirectional(TARGETS["layer", name](**arguments))
    if name != "RNN":
        assert is_mask_handed_on(held, (True,)) is sequences


def test_some_layers_make_masks():
    ids = keras.Input([4], dtype="int32")
    for name in with_trait("mask", "mask_zero"):
        for asked in (True, False):
            made = TARGETS["layer", name](5, 3, mask_zero=asked)
            assert (get_keras_mask(made(ids)) is not None) is asked
    taking = [n for n in LAYERS if find_entry("layer", n).parameter_named("mask_zero")]
    # ReversibleEmbedding takes `mask_zero` and makes no mask.
    assert set(taking) - set(with_trait("mask", "mask_zero")) == {"ReversibleEmbedding"}
    assert get_keras_mask(keras.layers.ReversibleEmbedding(5, 3, mask_zero=True)(ids)) is None
    assert with_trait("mask", "makes") == ["Masking"]


# -- sight ---------------------------------------------------------------------------------------


def changed_positions(name):
    """Return which of six positions of the output change with position 3; None if refused."""
    random = np.random.default_rng(1)
    x = random.uniform(0.1, 0.9, (2, 6, 8)).astype("float32")
    other = x.copy()
    other[:, 3] = random.uniform(0.1, 0.9, (2, 8))
    if name.endswith("Embedding"):
        x, other = (np.floor(one * 2) for one in (x, other))
        other[:, 3] = 1 - x[:, 3]
    made = layer(name)
    try:
        if "Merge" in find_entry("layer", name).bases:
            given = (x, x), (other, x)
        else:
            given = (x,), (other,)
        ask = made if len(given[0]) == 1 else lambda *both: made(list(both))
        before, after = (keras.ops.convert_to_numpy(ask(*one)) for one in given)
    except REFUSED:
        return None
    if before.ndim < 3 or before.shape[1] != 6 or before.dtype.kind not in "fi":
        return None
    differs = np.abs(before - after).reshape(2, 6, -1).max(axis=(0, 2)) > 1e-6
    return set(np.flatnonzero(differs).tolist())


@pytest.mark.parametrize("name", COMPUTED)
def test_a_position_sees_what_the_trait_says(name):
    seen, said = changed_positions(name), traits(name).sight
    if seen is None:
        return
    if said in ("position", "last_axis", "join"):
        assert seen == {3}
    elif said == "order":
        assert min(seen) == 3
    elif said in ("all", "both_ways"):
        assert min(seen) < 3
    else:
        assert seen != {3} or said == "window"


# -- activations, outputs, strings ---------------------------------------------------------------


def outputs_of(made, x):
    return keras.ops.convert_to_numpy(made(x))


def first_that_fits(make, extents=(6, 6, 6, 6, 6)):
    """Return an input of the first rank that a layer takes, and its output."""
    for rank in (3, 4, 5, 2):
        x = np.random.default_rng(2).standard_normal([2, *extents[1:rank]]).astype("float32")
        try:
            return x, outputs_of(make(), x)
        except REFUSED:
            continue
    return None


HAS_ACTIVATION = [n for n in LAYERS if find_entry("layer", n).parameter_named("activation")]


@pytest.mark.parametrize("name", HAS_ACTIVATION)
def test_a_layer_that_takes_an_activation_ends_with_it_or_steps(name):
    if traits(name).activation != "argument":
        assert hasattr(TARGETS["layer", name], "get_initial_state")
        return
    if name == "Activation":
        return
    plain = layer(name)
    x, before = first_that_fits(lambda: plain)
    active = TARGETS["layer", name](**built("layer", name), activation="relu")
    active(x)
    active.set_weights(plain.get_weights())
    assert np.array_equal(outputs_of(active, x), np.maximum(before, 0))


# What they pass on is not all that they took, or zeros beside it: no softmax any more.
CHOOSES_NUMBERS = {
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
    *("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_a_layer_passes_an_activation_on_where_it_only_moves_numbers(name):
    if find_entry("layer", name).required_tensors != ("inputs",) or takes_several(name):
        return
    found = first_that_fits(lambda: layer(name))
    if found is None or name in CHOOSES_NUMBERS or traits(name).activation == "argument":
        return
    if traits(name).pixels == "scales":  # by its arguments, here not at all
        return
    x, out = found
    moves = out.dtype == x.dtype and bool(np.isin(out, x).all())
    assert moves is (traits(name).activation == "passes")


def test_a_state_and_scores_have_names():
    x = np.ones((2, 3, 4), "float32")
    counted = {}
    for name in LAYERS:
        target = TARGETS["layer", name]
        entry = find_entry("layer", name)
        if entry.parameter_named("return_state") and entry.parameter_named("units"):
            counted[name] = len(target(3, return_state=True)(x)) - 1
        elif hasattr(target, "get_initial_state") and entry.parameter_named("units"):
            cell = target(3)
            _, states = cell(x[:, 0], cell.get_initial_state(2))
            counted[name] = len(keras.tree.flatten(states))
        elif "return_attention_scores" in entry.call:
            made = layer(name)
            given = (x, x) if len(entry.required_tensors) > 1 else ([x, x],)
            try:
                counted[name] = len(made(*given, return_attention_scores=True)) - 1
            except REFUSED:
                continue
    assert counted == {name: len(traits(name).outputs) for name in counted}
    assert {n for n in LAYERS if traits(n).outputs} <= set(counted)


def test_recurrent_layers_are_those_that_keras_derives_from_rnn():
    derived = [n for n in LAYERS if issubclass(TARGETS["layer", n], keras.layers.RNN)]
    assert [n for n in LAYERS if traits(n).recurrent] == derived
    assert with_trait("mask", "sequence") == with_trait("sight", "order") == derived


def test_fitted_layers_are_those_that_keras_can_adapt():
    assert [n for n in LAYERS if traits(n).fitted] == [
        n for n in LAYERS if hasattr(TARGETS["layer", n], "adapt")
    ]
    for name in LAYERS:
        known = {p.name for p in find_entry("layer", name).parameters}
        assert set(traits(name).fitted) <= known


@pytest.mark.slow
def test_layers_on_one_backend_are_those_that_call_tensorflow():
    def refuses_without_it(target):
        own = (c for c in target.__mro__ if c.__module__.startswith("keras"))
        return any("pip install tensorflow" in inspect.getsource(c) for c in own)

    calling = [name for name in LAYERS if refuses_without_it(TARGETS["layer", name])]
    assert [n for n in LAYERS if traits(n).only_on == "tensorflow"] == calling


def test_layers_that_penalize_by_themselves_set_a_regularizer_that_is_no_argument():
    def penalizes(name):
        made = TARGETS["layer", name](**built("layer", name))
        known = {p.name for p in find_entry("layer", name).parameters}
        return made.activity_regularizer is not None and "activity_regularizer" not in known

    assert [n for n in LAYERS if traits(n).penalizes] == [n for n in LAYERS if penalizes(n)]


@pytest.mark.parametrize("name", [n for n in LAYERS if traits(n).takes_strings])
def test_a_layer_that_takes_strings_is_called_with_them(name):
    words = tf.constant([["a", "b"], ["c", "d"]])
    given = {
        "StringLookup": {"vocabulary": ["a", "b"]},
        "TextVectorization": {"vocabulary": ["a", "b"]},
        "IntegerLookup": {"vocabulary": [1, 2]},
        "Reshape": {"target_shape": (2, 1)},
    }
    made = TARGETS["layer", name](**{**built("layer", name), **given.get(name, {})})
    taken = {
        "Concatenate": [words, words],
        "HashedCrossing": [words[:, :1], words[:, 1:]],
        "TextVectorization": words[:, 0],
        # Whole numbers in words: a text column of ids.
        "IntegerLookup": tf.constant([[1, 2]]),
    }
    assert len(made(taken.get(name, words))) in (1, 2)


# -- augmentation ----------------------------------------------------------------------------------

MOST = {"factor": 0.9, "height_factor": 0.4, "width_factor": 0.4, "x_factor": 0.5, "y_factor": 0.5}


def varied(name):
    """Return pictures, labels and masks as a layer makes them, beside what they were."""
    entry = find_entry("layer", name)
    given = {
        p.name: MOST[p.name] for p in entry.parameters if p.name in MOST and p.type != "choice"
    }
    if name == "RandomPosterization":
        given["factor"] = 4
    if name == "RandomCrop":
        given |= {"height": 6, "width": 6}
    if entry.parameter_named("seed"):
        given["seed"] = 1
    made = TARGETS["layer", name](**built("layer", name) | given)
    labels = np.eye(6, dtype="float32")
    # Of as many channels as the pictures, which CutMix asks for.
    masks = np.random.default_rng(1).integers(0, 3, (6, 8, 8, 3)).astype("float32")
    pictures = np.random.default_rng(2).uniform(0, 255, (6, 8, 8, 3)).astype("float32")
    data = {"images": pictures.copy(), "labels": labels, "segmentation_masks": masks}
    out = {k: keras.ops.convert_to_numpy(v) for k, v in made(data, training=True).items()}
    return out, {"images": pictures, "labels": labels, "segmentation_masks": masks}


def changes(out, given, what):
    return out[what].shape != given[what].shape or not np.allclose(out[what], given[what])


# It cannot be given targets at all.
WITHOUT_TARGETS = ("RandomGrayscale",)


@pytest.mark.parametrize("name", with_trait("augments", "moves"))
def test_what_moves_pixels_moves_masks_and_leaves_their_ids(name):
    out, given = varied(name)
    assert changes(out, given, "segmentation_masks")
    assert set(np.unique(out["segmentation_masks"])) <= {0, 1, 2}
    assert not changes(out, given, "labels")


@pytest.mark.parametrize(
    "name", [n for n in with_trait("augments", "repaints") if n not in WITHOUT_TARGETS]
)
def test_what_repaints_pixels_leaves_masks_and_labels(name):
    out, given = varied(name)
    assert not changes(out, given, "segmentation_masks")
    assert not changes(out, given, "labels")


def test_masks_cannot_follow_what_moves_each_by_a_draw_of_its_own():
    shown = np.repeat(np.repeat(np.arange(16.0).reshape(1, 4, 4, 1), 4, 1), 4, 2).astype("float32")
    made = TARGETS["layer", "RandomElasticTransform"](1.0, 1.0, interpolation="nearest", seed=1)
    out = made({"images": shown, "segmentation_masks": shown.copy()}, training=True)
    pictures, masks = (keras.ops.convert_to_numpy(one) for one in out.values())
    assert np.abs(pictures - masks).max() >= 1
    assert with_trait("augments", "blends") == ["AugMix", "RandomElasticTransform"]
    assert with_trait("not_on", "jax") == ["RandomElasticTransform"]


@pytest.mark.parametrize("name", ["CutMix"])
def test_what_mixes_samples_mixes_labels(name):
    out, given = varied(name)
    assert traits(name).augments == "mixes"
    assert changes(out, given, "labels")
    np.testing.assert_allclose(out["labels"].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", with_trait("augments", "disturbs"))
def test_what_disturbs_numbers_does_so_in_training_alone(name):
    shape = {"SpatialDropout1D": (4, 8, 6), "SpatialDropout3D": (2, 3, 3, 3, 6)}
    x = np.random.default_rng(0).normal(size=shape.get(name, (4, 3, 3, 6))).astype("float32")
    made = TARGETS["layer", name](0.5, seed=1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(made(x, training=False)), x)
    disturbed = keras.ops.convert_to_numpy(made(x, training=True))
    assert disturbed.shape == x.shape
    assert np.abs(disturbed - x).max() > 0.01


def test_every_layer_of_pictures_with_a_seed_augments_and_no_other():
    drawn = {
        n for n in LAYERS if is_image_layer(n) and find_entry("layer", n).parameter_named("seed")
    }
    assert {n for n in LAYERS if is_image_layer(n) and traits(n).augments is not None} == drawn


# -- pixels --------------------------------------------------------------------------------------

PIXELS = np.random.default_rng(3).uniform(0, 255, (2, 8, 8, 3)).astype("float32")


@pytest.mark.parametrize("name", with_trait("pixels", "scales"))
def test_what_scales_pixels_brings_them_near_one(name):
    given = {"Rescaling": {"scale": 1 / 255}, "GroupNormalization": {"groups": 1}}
    if name == "Normalization":
        given[name] = {"mean": 127.0, "variance": 5000.0}
    made = TARGETS["layer", name](**given.get(name, {}))
    out = keras.ops.convert_to_numpy(
        made(PIXELS, training=True) if name == "BatchNormalization" else made(PIXELS)
    )
    assert np.abs(out).max() < 10


@pytest.mark.parametrize("name", with_trait("pixels", "keeps"))
def test_what_keeps_pixels_leaves_them_between_0_and_255(name):
    made = layer(name)
    if name == "Reshape":
        made = keras.layers.Reshape((64, 3))
    if name == "Permute":
        made = keras.layers.Permute((2, 1, 3))
    takes_flag = "training" in find_entry("layer", name).call and is_image_layer(name)
    given = (
        {"images": PIXELS, "labels": np.eye(2, dtype="float32")}
        if name in ("MixUp", "CutMix")
        else PIXELS
    )
    out = made(given, training=True) if takes_flag else made(given)
    out = keras.ops.convert_to_numpy(out["images"] if isinstance(out, dict) else out)
    assert out.min() >= -1e-2
    assert 10 < out.max() <= 255.01
