"""Weights that two models share: Keras built by hand, lifted, and lowered again, is the judge."""

import io
import zipfile

import keras
import numpy as np
import pytest

import dlspec
from dlspec.backends.saved.importing import import_saved_model
from dlspec.backends.saved.kept_weights import keep_weights
from dlspec.backends.saved.model_files import load_document
from dlspec.backends.saved.shared_layers import save_with_shared_layers
from dlspec.backends.weights import read_weights, transfer_weights, write_weights
from dlspec.diagnostics.findings import SpecError

LAYERS = keras.layers


def _ids(name=None):
    return keras.Input((7,), dtype="int32", name=name)


def _over(shared, end, name):
    x = _ids()
    return keras.Model(x, end(shared(x)), name=name)


def _joined(*models):
    xs = [_ids(f"x{i}") for i, _ in enumerate(models)]
    return keras.Model(xs, LAYERS.Concatenate()([m(x) for m, x in zip(models, xs, strict=True)]))


def _layer_in_two():
    words = LAYERS.Embedding(20, 6, mask_zero=True, name="words")
    return _joined(
        _over(words, LAYERS.LSTM(4), "left"), _over(words, LAYERS.GlobalAveragePooling1D(), "right")
    )


def _model_in_two_and_outside():
    x = _ids()
    y = LAYERS.LSTM(5, return_sequences=True)(LAYERS.Embedding(20, 6, mask_zero=True)(x))
    reader = keras.Model(x, y, name="reader")
    left, right = _over(reader, LAYERS.LSTM(3), "left"), _over(reader, LAYERS.GRU(2), "right")
    given = _ids("given")
    ends = [left(given), right(given), LAYERS.GlobalAveragePooling1D()(reader(given))]
    return keras.Model(given, LAYERS.Dense(2)(LAYERS.Concatenate()(ends)))


def _at_several_depths():
    words = LAYERS.Embedding(20, 6, name="words")
    inner = _over(words, LAYERS.Dense(3, name="narrow"), "inner")
    outer = _over(inner, LAYERS.Flatten(), "outer")
    beside = _over(inner, LAYERS.LSTM(4), "beside")
    alone = _over(words, LAYERS.Flatten(), "alone")
    return _joined(outer, beside, alone)


def _within_a_chain():
    shared = LAYERS.Dense(4, name="shared")
    inner = keras.Sequential([keras.Input((4,)), shared], name="inner")
    x = keras.Input((4,), name="x")
    return keras.Model(x, shared(inner(x)), name="outer")


BUILT = [_layer_in_two, _model_in_two_and_outside, _at_several_depths, _within_a_chain]


def _drawn(model):
    rng = np.random.default_rng(4)
    shape = {
        "int32": lambda: rng.integers(0, 20, (3, 7)),
        "float32": lambda: rng.normal(size=(3, 4)),
    }
    return [shape[t.dtype]() for t in model.inputs]


def _outputs(model, x):
    return model.predict(x if len(x) > 1 else x[0], verbose=0)


@pytest.mark.parametrize("flat", [True, False], ids=["flat", "rolled"])
@pytest.mark.parametrize("build", BUILT)
def test_a_lifted_model_shares_what_was_shared(build, flat):
    model = build()
    made = dlspec.compile(dlspec.loads(dlspec.decompile(model, flat=flat)))
    shapes = [tuple(w.shape) for w in model.weights]
    assert [tuple(w.shape) for w in made.weights] == shapes
    assert made.count_params() == model.count_params()
    made.set_weights(model.get_weights())
    x = _drawn(model)
    assert np.array_equal(_outputs(made, x), _outputs(model, x))


@pytest.mark.parametrize("build", BUILT[:3])
def test_keras_loads_a_saved_model_with_what_its_models_share(build, tmp_path):
    model = dlspec.compile(dlspec.loads(dlspec.decompile(build())))
    save_with_shared_layers(model, tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.count_params() == model.count_params()
    x = _drawn(model)
    assert np.array_equal(_outputs(loaded, x), _outputs(model, x))
    # The file says what is shared, so that an import shares it too.
    document = load_document(str(tmp_path / "model.keras"), io.BytesIO())
    found = import_saved_model(document)
    keep_weights(found, tmp_path / "kept.weights.h5")
    imported = dlspec.compile(dlspec.loads(found.text))
    imported.load_weights(tmp_path / "kept.weights.h5")
    assert imported.count_params() == model.count_params()
    assert np.array_equal(_outputs(imported, x), _outputs(model, x))


def test_a_model_with_shared_layers_is_described_alike_in_every_file(tmp_path):
    configs = []
    for name in ("one", "other"):
        model = dlspec.compile(dlspec.loads(dlspec.decompile(_at_several_depths())))
        save_with_shared_layers(model, tmp_path / f"{name}.keras")
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            configs.append(archive.read("config.json").decode())
    assert '"shared_object_id": 1,' in configs[0]
    assert configs[0] == configs[1]


def test_weights_of_a_file_reach_shared_layers_once(tmp_path):
    plan = dlspec.loads(dlspec.decompile(_at_several_depths()))
    model, other = dlspec.compile(plan), dlspec.compile(plan)
    write_weights(model, tmp_path / "w.weights.h5")
    done = transfer_weights(other, read_weights(tmp_path / "w.weights.h5"))
    assert (done.initialised, done.left) == ({}, {})
    assert done.parameters == model.count_params()
    x = _drawn(model)
    assert np.array_equal(_outputs(other, x), _outputs(model, x))


def test_gradients_of_both_models_reach_what_they_share():
    model = dlspec.compile(dlspec.loads(dlspec.decompile(_layer_in_two())))
    table = model.get_layer("left").get_layer("words").weights[0]
    assert model.get_layer("right").get_layer("words").weights[0] is table
    before = table.numpy()
    model.compile("sgd", "mse")
    x = [np.full((1, 7), 3), np.full((1, 7), 5)]
    model.train_on_batch(x, np.ones((1, 10)))
    moved = np.flatnonzero(np.any(table.numpy() != before, axis=1))
    assert moved.tolist() == [3, 5]


def test_a_shared_layer_that_takes_several_tensors_is_refused():
    both = LAYERS.Attention(use_scale=True, name="both")
    ends = []
    for name in ("left", "right"):
        q, v = keras.Input((5, 4)), keras.Input((5, 4))
        ends.append(keras.Model([q, v], both([q, v]), name=name))
    a, b = keras.Input((5, 4)), keras.Input((5, 4))
    model = keras.Model([a, b], LAYERS.Add()([one([a, b]) for one in ends]))
    with pytest.raises(SpecError, match="graphs share it, and it takes or gives several tensors"):
        dlspec.decompile(model)
