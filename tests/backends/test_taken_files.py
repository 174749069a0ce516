"""`{file: model.keras}` under `models`: the saved model judges graph, weights and names."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

import dlspec
from dlspec.backends.saved.kept_weights import transfer_saved_model
from dlspec.backends.saved.lifting_process import lifted_or_refused
from dlspec.expand import kept_lifts
from dlspec.resolve.chain import step_digest
from dlspec.syntax.flow_text import flow_text

TAKING = """\
dlspec: 1
name: taking
model:
  models:
    seen: {{file: {file}{beside}}}
  inputs: {inputs}
  graph:
    - {{use: seen, from: {names}}}
"""


@pytest.fixture
def lifted_here(home, monkeypatch):
    """Lift in this process, which has Keras already."""
    found = lambda path: kept_lifts.lift_from_json(lifted_or_refused(str(path)))  # noqa: E731
    monkeypatch.setattr("dlspec.compiler.lift_saved_model", found)


def _cnn():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            keras.layers.Conv2D(4, 3, activation="relu", name="edges"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(10, name="digit"),
        ],
        name="cnn",
    )


def _lstm():
    words = keras.Input((None,), dtype="int32", name="words")
    x = keras.layers.Embedding(20, 6, mask_zero=True, name="vectors")(words)
    x = keras.layers.Bidirectional(keras.layers.LSTM(5, return_sequences=True), name="both")(x)
    x = keras.layers.LSTM(4, name="last")(x)
    return keras.Model(words, keras.layers.Dense(2, name="head")(x), name="reader")


def _nested():
    inner = keras.Input((6,), name="x")
    y = keras.layers.Dense(5, activation="tanh", name="hidden")(inner)
    encoder = keras.Model(inner, keras.layers.LayerNormalization(name="norm")(y), name="encoder")
    left, right = (keras.Input((6,), name=name) for name in ("left", "right"))
    both = keras.layers.Subtract(name="apart")([encoder(left), encoder(right)])
    return keras.Model([left, right], keras.layers.Dense(3, name="head")(both), name="pairs")


MODELS = {
    "cnn": (_cnn, "{image: [8, 8, 1]}", "pool"),
    "lstm": (_lstm, "{words: {shape: [7], dtype: int32}}", "both"),
    "nested": (_nested, "{left: [6], right: [6]}", "apart"),
}


def _randomised(model):
    rng = np.random.default_rng(3)
    model.set_weights([rng.uniform(0.1, 1.0, w.shape).astype(w.dtype) for w in model.weights])
    return model


def _text(inputs, beside, file):
    names = flow_text([*yaml.safe_load(inputs)], indent=0)
    return TAKING.format(inputs=inputs, beside=beside, file=file, names=names)


def _taken(folder, inputs, beside="", file="model.keras"):
    path = folder / "taking.yaml"
    path.write_text(_text(inputs, beside, file))
    return dlspec.load(path)


def _drawn(model):
    rng = np.random.default_rng(4)
    made = [
        rng.integers(0, 20, (3, 7)) if t.dtype == "int32" else rng.normal(size=(3, *t.shape[1:]))
        for t in model.inputs
    ]
    return made if len(made) > 1 else made[0]


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
def test_a_taken_file_gives_the_outputs_of_the_saved_model(tmp_path, lifted_here, name, ending):
    make, inputs, last = MODELS[name]
    saved = _randomised(make())
    saved.save(tmp_path / f"model.{ending}")
    for beside, wanted in (
        ("", saved),
        (f", until: {last}", keras.Model(saved.inputs, saved.get_layer(last).output)),
    ):
        model = dlspec.compile(_taken(tmp_path, inputs, beside, f"model.{ending}"))
        done = transfer_saved_model(model.get_layer("seen"), tmp_path / f"model.{ending}")
        assert done.initialised == {}
        x = _drawn(model)
        assert np.array_equal(model.predict(x, verbose=0), wanted.predict(x, verbose=0))
        assert model.count_params() == wanted.count_params()


def test_a_file_is_lifted_once_and_checking_imports_no_keras(tmp_path, home, monkeypatch):
    _cnn().save(tmp_path / "model.keras")
    (tmp_path / "taking.yaml").write_text(_text(MODELS["cnn"][1], "", "model.keras"))
    code = (
        f"import sys, dlspec\ndlspec.load({str(tmp_path / 'taking.yaml')!r})\n"
        "assert not {'keras', 'numpy', 'h5py', 'tensorflow'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
    (kept,) = (home / "lifted").iterdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no_python"))
    plan = dlspec.load(tmp_path / "taking.yaml")
    assert [node.name for node in plan.graph.models["seen"].nodes] == [
        *("edges", "norm", "pool", "digit")
    ]
    said = json.loads(kept.read_text())
    assert (said["format"], said["version"]) == ("dlspec-lifted-model", 1)
    for unknown in ("{", json.dumps({**said, "version": 2})):
        kept.write_text(unknown)
        with pytest.raises(FileNotFoundError):
            dlspec.load(tmp_path / "taking.yaml")


@pytest.mark.parametrize("beside", [", until: pool", ", trainable: false", ", weights: fresh"])
def test_each_word_beside_a_file_is_other_work(tmp_path, lifted_here, beside):
    _cnn().save(tmp_path / "model.keras")
    inputs = MODELS["cnn"][1]
    plain = _taken(tmp_path, inputs)
    assert [(s.model, s.weights, s.lifted) for s in plain.starts] == [("seen", "model.keras", True)]
    other = _taken(tmp_path, inputs, beside)
    assert step_digest(other, "model") != step_digest(plain, "model")
    assert (other.starts == ()) == ("fresh" in beside)
    run = _taken(tmp_path, inputs, ", weights: digits/run")
    assert [(s.weights, s.lifted) for s in run.starts] == [("digits/run", False)]


def _error_of(folder, inputs, beside="", file="model.keras"):
    with pytest.raises(dlspec.SpecError) as caught:
        _taken(folder, inputs, beside, file)
    (found,) = caught.value.diagnostics
    return found


def test_a_name_under_until_that_the_file_lacks_is_told_with_a_near_one(tmp_path, lifted_here):
    _cnn().save(tmp_path / "model.keras")
    found = _error_of(tmp_path, MODELS["cnn"][1], ", until: poll")
    assert (found.code.value, found.span.text) == ("DL301", "poll")
    assert "`pool`" in found.help


def test_what_no_spec_can_say_is_told_once_with_how_much_more_there_is(tmp_path, lifted_here):
    x = keras.Input((4,))
    y = x
    for i in range(3):
        y = keras.layers.Lambda(keras.ops.relu, name=f"own_{i}")(y)
    keras.Model(x, y).save(tmp_path / "model.keras")
    found = _error_of(tmp_path, "{x: [4]}")
    assert (found.code.value, found.span.text) == ("DL214", "model.keras")
    assert "`own_0`" in found.message
    assert "2 more parts of it cannot be said" in found.notes
    assert found.help == f"mend what `dlspec import {tmp_path / 'model.keras'}` lists"


def test_a_file_without_weights_asks_for_a_word_about_them(tmp_path, lifted_here):
    (tmp_path / "model.json").write_text(_cnn().to_json())
    inputs = MODELS["cnn"][1]
    found = _error_of(tmp_path, inputs, file="model.json")
    assert (found.code.value, found.span.text) == ("DL314", "model.json")
    assert found.label.endswith("describes a model and holds no weights")
    assert _taken(tmp_path, inputs, ", weights: fresh", "model.json").starts == ()


def test_weights_alone_are_no_model(tmp_path, lifted_here):
    _cnn().save_weights(tmp_path / "w.weights.h5")
    found = _error_of(tmp_path, "{x: [4]}", file="w.weights.h5")
    assert (found.code.value, found.span.text) == ("DL112", "w.weights.h5")


def test_where_keras_is_missing_the_command_that_brings_it_is_told(tmp_path, home, monkeypatch):
    (tmp_path / "model.json").write_text(json.dumps({"class_name": "Functional", "config": {}}))
    fake = tmp_path / "without" / "keras"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'keras'\", name='keras')\n"
    )
    root = Path(dlspec.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", f"{fake.parent}:{root}")
    found = _error_of(tmp_path, "{x: [4]}", file="model.json")
    assert (found.code.value, found.span.text) == ("DL101", "model.json")
    assert found.message.endswith(
        "needs `keras`, which is not installed; `pip install 'dlspec[run]'` brings it"
    )
