"""A single tensor in a list, a tuple or a mapping, as Keras long wrote every functional model."""

import io
import json
from itertools import product

import keras
import numpy as np
import pytest

import dlspec
from dlspec.backends.saved.importing import import_saved_model
from dlspec.backends.saved.model_files import load_document

FORMS = ("bare", "list", "tuple", "mapping")
X = np.arange(8, dtype="float32").reshape(2, 4)


def held(form, value, name):
    return {"bare": value, "list": [value], "tuple": (value,), "mapping": {name: value}}[form]


def model_of(inputs, outputs):
    x = keras.Input((4,), name="x")
    y = keras.layers.Dense(2)(keras.layers.Dense(3)(x))
    return keras.Model(held(inputs, x, "x"), held(outputs, y, "y"))


def imported(file, flat):
    return import_saved_model(load_document(str(file), io.BytesIO()), flat=flat).text


def same(text, model, given):
    rebuilt = dlspec.compile(dlspec.loads(text))
    rebuilt.set_weights(model.get_weights())
    old, new = (keras.tree.map_structure(np.asarray, m(given)) for m in (model, rebuilt))
    np.testing.assert_array_equal(*(keras.tree.flatten(found)[0] for found in (old, new)))
    assert isinstance(new, dict) == isinstance(old, dict)
    assert isinstance(new, list | tuple) == isinstance(old, list | tuple)


@pytest.mark.parametrize(("inputs", "outputs"), [*product(FORMS, FORMS)])
def test_it_comes_back_bit_equal_flat_and_rolled(inputs, outputs):
    model = model_of(inputs, outputs)
    for flat in (True, False):
        same(dlspec.decompile(model, flat=flat), model, held(inputs, X, "x"))


@pytest.mark.parametrize("form", FORMS)
def test_it_comes_back_out_of_a_model_inside(form):
    x = keras.Input((4,), name="x")
    inner = keras.Model(x, held(form, keras.layers.Dense(3)(x), "h"), name="inner")
    (taken,) = keras.tree.flatten(inner(x))
    model = keras.Model(x, keras.layers.Dense(2)(taken))
    for flat in (True, False):
        same(dlspec.decompile(model, flat=flat), model, X)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".json"])
@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_saved_one_is_imported(tmp_path, ending, flat):
    model, file = model_of("bare", "list"), tmp_path / f"m{ending}"
    if ending == ".json":
        file.write_text(model.to_json())
    else:
        model.save(file)
    same(imported(file, flat), model, X)


def test_the_form_of_older_releases_is_imported(tmp_path):
    """Before keras#21341 a bare output was saved as a list of one."""
    model, file = model_of("bare", "bare"), tmp_path / "m.json"
    config = json.loads(model.to_json())
    config["config"]["output_layers"] = [[model.layers[-1].name, 0, 0]]
    file.write_text(json.dumps(config))
    for flat in (True, False):
        rebuilt = dlspec.compile(dlspec.loads(imported(file, flat)))
        rebuilt.set_weights(model.get_weights())
        (found,) = keras.tree.flatten(rebuilt(X))
        np.testing.assert_array_equal(np.asarray(found), np.asarray(model(X)))
