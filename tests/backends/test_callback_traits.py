"""What the catalogue says of callbacks' arguments, against the callbacks of Keras."""

import inspect
import json
import re
from itertools import product

import keras
import numpy as np
import pytest

import dlspec
from dlspec.backends.introspect.generate import CATALOGUE
from dlspec.language.catalogue import find_entry, generated_from, names_of_kind

pytestmark = pytest.mark.skipif(
    keras.__version__.split(".")[:2] != generated_from().split(".")[:2],
    reason="the traits are those of another Keras: test_catalogue_history compares the dates",
)
CALLBACKS = names_of_kind("callback")
SAID = json.loads((CATALOGUE / "overlay.json").read_text("utf-8"))["traits"]["callback"]
# What may be a text, a mapping or anything and is neither a file nor an address, with the reason.
NO_PLACE = {
    ("CSVLogger", "separator"): "stands between two figures",
    ("RemoteMonitor", "field"): "the name of a form's field",
    ("RemoteMonitor", "headers"): "sent to the address",
    **{
        (name, "monitor"): "the name of a figure"
        for name in ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")
    },
}
# What no path can be given as.
NEVER_PATHS = {"integer", "number", "boolean", "choice", "extents"}
PATH_LIKE = re.compile(r"(^|_)(path|file|dir|folder|root|url|uri|addr|host|metadata)")


def listed_places(name):
    traits = find_entry("callback", name).traits
    return {*traits.files, *traits.folders, *traits.mentioned, *traits.addresses}


def constructor_arguments(name):
    parameters = inspect.signature(getattr(keras.callbacks, name)).parameters.values()
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


@pytest.mark.parametrize("name", CALLBACKS)
def test_every_argument_that_may_be_a_path_or_an_address_is_listed_once(name):
    entry, listed = find_entry("callback", name), listed_places(name)
    for argument in constructor_arguments(name):
        parameter = entry.parameter_named(argument)
        if parameter is not None and parameter.type in NEVER_PATHS:
            assert not PATH_LIKE.search(argument)
            assert argument not in listed
        else:
            assert (argument in listed) != ((name, argument) in NO_PLACE), argument
    for argument in constructor_arguments(name):
        if PATH_LIKE.search(argument):
            assert argument in listed


def test_all_that_is_said_of_callbacks_is_an_argument_of_theirs():
    assert set(SAID) <= set(CALLBACKS)
    for name in SAID:
        traits = find_entry("callback", name).traits
        assert listed_places(name) <= set(constructor_arguments(name))
        assert set(traits.formatted) <= set(traits.files)
    assert {name for name, _ in NO_PLACE} <= set(CALLBACKS)
    for name, argument in NO_PLACE:
        assert argument in constructor_arguments(name)


_TEXT = """\
dlspec: 1
name: moons
data:
  source: {{synthetic: two_moons}}
  inputs: {{point: {{vector: [x, y]}}}}
  targets: {{moon: {{binary: moon}}}}
  split: {{validation: 0.2, test: 0.2}}
model:
  inputs: {{point: [2]}}
  graph:
    - {{Dense: [1, {{activation: sigmoid}}], name: moon}}
training:
  epochs: 1
  optimizer: {optimizer}
  loss: BinaryCrossentropy
  metrics: [accuracy]
  callbacks:
    - {callback}
"""


def is_accepted(callback, optimizer="SGD"):
    try:
        dlspec.loads(_TEXT.format(callback=callback, optimizer=optimizer))
    except dlspec.SpecError:
        return False
    return True


def is_written(folder, name, *, save_weights_only=False):
    """Return whether Keras writes such a file, and reads again what it means."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    x, y = np.ones((8, 2)), np.ones((8, 1))
    try:
        callback = keras.callbacks.ModelCheckpoint(
            str(folder / name), save_weights_only=save_weights_only
        )
        model.fit(x, y, validation_data=(x, y), callbacks=[callback], verbose=0)
        (file,) = folder.iterdir()
        if save_weights_only or name.endswith(".weights.h5"):
            model.load_weights(file)
        else:
            keras.models.load_model(file)
    except (IndexError, KeyError, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    ("ending", "weights_only"),
    list(product(("keras", "h5", "weights.h5", "hdf5", "KERAS", "pt"), (False, True))),
)
def test_a_file_has_the_ending_that_keras_wants(tmp_path, ending, weights_only):
    name, said = f"best.{ending}", str(weights_only).lower()
    accepted = is_accepted(f"ModelCheckpoint: {{filepath: {name}, save_weights_only: {said}}}")
    assert accepted == is_written(tmp_path, name, save_weights_only=weights_only)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "{epoch:02d}-{val_loss:.2f}-{accuracy:8.1e}-{val_accuracy:.1%}",
        "{epoch:+x}-{loss:g}-{loss:08.3f}",
        *(
            "{val_acc}",
            "{acc:.2f}",
            "{batch}",
            "{}",
            "{0}",
            "{epoch",
            "epoch}",
            "{val_learning_rate}",
        ),
        *("{loss:02d}", "{loss:x}", "{epoch:.2d}", "{epoch:q}"),
    ],
)
def test_a_name_is_filled_as_keras_fills_it(tmp_path, name):
    assert is_accepted(f'ModelCheckpoint: "{name}.keras"') == is_written(tmp_path, f"{name}.keras")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["SGD", "{SGD: {use_ema: true}}"])
@pytest.mark.parametrize("name", ["SwapEMAWeights", "ReduceLROnPlateau", "EarlyStopping"])
@pytest.mark.parametrize("schedule", [False, True])
def test_what_callbacks_need_of_an_optimizer_is_what_keras_wants(name, optimizer, schedule):
    if schedule:
        rate = "learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}}"
        ema = ", use_ema: true" if "ema" in optimizer else ""
        optimizer = f"{{SGD: {{{rate}{ema}}}}}"
    made = keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(0.1, 9) if schedule else 0.1,
        use_ema="use_ema" in optimizer,
    )
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(made, "binary_crossentropy")
    # No epoch is better by so much: the rate is cut at once.
    said = {} if name == "SwapEMAWeights" else {"patience": 0, "min_delta": 1e9}
    callback = getattr(keras.callbacks, name)(**said)
    x, y = np.ones((8, 2)), np.ones((8, 1))
    try:
        model.fit(x, y, validation_data=(x, y), epochs=2, callbacks=[callback], verbose=0)
        trains = True
    except (TypeError, ValueError):
        trains = False
    assert is_accepted(name, optimizer) == trains
