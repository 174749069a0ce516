"""No class stands in the catalogue that no rule lets through: each has a spec that builds."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import dlspec
from dlspec.backends.introspect.probe import REFUSALS
from dlspec.backends.keras_objects import build_object
from dlspec.diagnostics.findings import SpecError
from dlspec.language.catalogue import find_entry, generated_from, names_of_kind

pytestmark = [
    pytest.mark.slow,
    # Keras warns of arguments that go together badly, which is none of the matter here.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        keras.__version__.split(".")[:2] != generated_from().split(".")[:2],
        reason="the catalogue is that of another Keras",
    ),
]
_LAYER = "dlspec: 1\nname: one\nmodel:\n  inputs: {inputs}\n  graph:\n    - {entry}\n"
_TRAINED = """\
dlspec: 1
name: one
data:
  source: {{synthetic: two_moons, samples: 40}}
  inputs: {{x: {{vector: [x, y]}}}}
  targets: {{out: {target}}}
model:
  inputs: {{x: [2]}}
  graph:
    - {head}
training:
  epochs: 1
  batch_size: 8
  loss: {loss}
  optimizer: {optimizer}
  metrics: [{metrics}]
  callbacks: [{callbacks}]
"""
# What is learned, a head for it, a loss that fits, and targets of two samples.
TASKS = {
    "ids": ("{class: moon, classes: 3}", "3", "softmax", "SparseCategoricalCrossentropy", [0, 2]),
    "one-hot": (
        *("{class: moon, classes: 3, one_hot: true}", "3", "softmax", "CategoricalCrossentropy"),
        [[1, 0, 0], [0, 0, 1]],
    ),
    "binary": ("{binary: moon}", "1", "sigmoid", "BinaryCrossentropy", [[0], [1]]),
    "number": ("{number: moon}", "1", "linear", "MeanSquaredError", [[0.5], [0.1]]),
    "vector": ("{vector: [moon, x]}", "2", "linear", "MeanSquaredError", [[0.5, 1], [0.1, 2]]),
    "steps": ("{tokens: moon, length: 2, vocabulary: 3}", "3", "linear", "CTC", [[1, 2], [1, 0]]),
}


def entry_text(name, arguments):
    return name if not arguments else f"{{{name}: {json.dumps(arguments)}}}"


def is_trained(task, **said):
    """Return whether a spec compiles and its model takes a step."""
    target, units, activation, loss, truth = TASKS[task]
    filled = {
        "target": target,
        "loss": loss,
        "head": ("RepeatVector: 4\n    - " if task == "steps" else "")
        + f"{{Dense: [{units}, {{activation: {activation}}}], name: out}}",
        "optimizer": "Adam",
        "metrics": "",
        "callbacks": "",
        **said,
    }
    try:
        plan = dlspec.loads(_TRAINED.format(**filled))
        model = dlspec.compile(plan)
        model.train_on_batch(np.ones((2, 2), "float32"), np.array(truth))
    except (SpecError, tf.errors.OpError, *REFUSALS):
        return False
    return True


DECAY = {"initial_learning_rate": 0.1, "decay_steps": 5}
SCORES = {"sparse_y_pred": False}
REQUIRED = {
    ("metric", "IoU"): [{"num_classes": 3, "target_class_ids": [0], **SCORES}],
    ("metric", "OneHotIoU"): [{"num_classes": 3, "target_class_ids": [0]}],
    ("metric", "BinaryIoU"): [{"target_class_ids": [0]}],
    ("metric", "MeanIoU"): [{"num_classes": 3, **SCORES}],
    ("metric", "OneHotMeanIoU"): [{"num_classes": 3}],
    ("metric", "SparseTopKCategoricalAccuracy"): [{"k": 2}],
    ("metric", "TopKCategoricalAccuracy"): [{"k": 2}],
    ("metric", "PrecisionAtRecall"): [{"recall": 0.5}],
    ("metric", "RecallAtPrecision"): [{"precision": 0.5}],
    ("metric", "SensitivityAtSpecificity"): [{"specificity": 0.5}],
    ("metric", "SpecificityAtSensitivity"): [{"sensitivity": 0.5}],
    ("optimizer", "LossScaleOptimizer"): [{"inner_optimizer": "Adam"}],
    ("schedule", "CosineDecay"): [DECAY],
    ("schedule", "CosineDecayRestarts"): [{"initial_learning_rate": 0.1, "first_decay_steps": 5}],
    ("schedule", "ExponentialDecay"): [{**DECAY, "decay_rate": 0.5}],
    ("schedule", "InverseTimeDecay"): [{**DECAY, "decay_rate": 0.5}],
    ("schedule", "PiecewiseConstantDecay"): [{"boundaries": [2, 4], "values": [0.3, 0.2, 0.1]}],
    ("schedule", "PolynomialDecay"): [DECAY],
    ("callback", "ModelCheckpoint"): [{"filepath": "best.keras"}],
    ("callback", "CSVLogger"): [{"filename": "log.csv"}],
}  # fmt: skip


def listed(kind):
    return [
        pytest.param(name, REQUIRED.get((kind, name), [{}]), id=name)
        for name in names_of_kind(kind)
    ]


@pytest.mark.parametrize(("name", "arguments"), listed("loss"))
def test_every_loss_trains_some_spec(name, arguments):
    found = [t for t in TASKS for a in arguments if is_trained(t, loss=entry_text(name, a))]
    assert found != []


@pytest.mark.parametrize(("name", "arguments"), listed("metric"))
def test_every_metric_is_computed_in_some_spec(name, arguments):
    found = [t for t in TASKS for a in arguments if is_trained(t, metrics=entry_text(name, a))]
    assert found != []


@pytest.mark.parametrize(("name", "arguments"), listed("optimizer"))
def test_every_optimizer_trains_some_spec(name, arguments):
    assert is_trained("ids", optimizer=entry_text(name, arguments[0]))


@pytest.mark.parametrize(("name", "arguments"), listed("schedule"))
def test_every_schedule_trains_some_spec(name, arguments):
    rate = json.dumps({name: arguments[0]})
    assert is_trained("ids", optimizer=f"{{SGD: {{learning_rate: {rate}}}}}")


@pytest.mark.parametrize("name", names_of_kind("initializer"))
def test_every_initializer_begins_some_spec(name):
    given = {name: {"value": 0.5}} if name == "Constant" else name
    if name == "STFT":  # the kernels of a transform: windows, one, frequencies
        layer = "Conv1D: [4, 4, {use_bias: false, kernel_initializer: {STFT: {side: real}}}]"
        plan = dlspec.loads(_LAYER.format(inputs="{x: [8, 1]}", entry=f"{{{layer}}}"))
    else:
        entry = entry_text("Dense", {"units": 2, "kernel_initializer": given})
        plan = dlspec.loads(_LAYER.format(inputs="{x: [2]}", entry=entry))
    assert dlspec.compile(plan).count_params() > 0


@pytest.mark.parametrize("name", names_of_kind("regularizer"))
def test_every_regularizer_trains_some_spec(name):
    head = f"{{Dense: [3, {{activation: softmax, kernel_regularizer: {name}}}], name: out}}"
    assert is_trained("ids", head=head)


@pytest.mark.parametrize("name", names_of_kind("constraint"))
def test_every_constraint_trains_some_spec(name):
    head = f"{{Dense: [3, {{activation: softmax, kernel_constraint: {name}}}], name: out}}"
    assert is_trained("ids", head=head)


@pytest.mark.parametrize(("name", "arguments"), listed("callback"))
def test_every_callback_watches_some_spec(name, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # For RemoteMonitor.
    (tmp_path / "pyproject.toml").write_text("[tool.dlspec]\nnetwork = true\n")
    text = _TRAINED.format(
        target="{class: moon, classes: 3}",
        head="{Dense: [3, {activation: softmax}], name: out}",
        loss="SparseCategoricalCrossentropy",
        optimizer="{SGD: {use_ema: true}}",
        metrics="",
        callbacks=entry_text(name, arguments[0]),
    )
    if name in ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"):
        text = text.replace("model:", "  split: {validation: 0.2}\nmodel:")
    (declared,) = dlspec.loads(text).training.callbacks
    assert isinstance(build_object(declared), keras.callbacks.Callback)


# -- layers --------------------------------------------------------------------------------------

SHAPES = [
    *("[8, 4]", "[8]", "[8, 8, 3]", "[6, 8, 8, 3]", "[4, 4, 4, 8, 2]"),
    *("{shape: [8], dtype: int32}", "[64]", "[8, 64]", "[1, 64]"),
]
LAYERS = {
    "Activation": {"activation": "relu"},
    "Bidirectional": {"layer": {"LSTM": 2}},
    "CategoryEncoding": {"num_tokens": 4},
    "ConvLSTM1D": {"filters": 2, "kernel_size": 2},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Dot": {"axes": -1},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3},
    "GroupNormalization": {"groups": 1},
    "IntegerLookup": {"vocabulary": [1, 2]},
    "MelSpectrogram": {"sequence_length": 16, "fft_length": 16, "num_mel_bins": 4},
    "Permute": {"dims": [2, 1]},
    "Pipeline": {"layers": [{"Rescaling": 0.5}]},
    "RNN": {"cell": {"GRUCell": 2}},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": [4, 8]},
    "STFTSpectrogram": {"frame_length": 8, "frame_step": 4},
    "SpectralNormalization": {"layer": {"Dense": 2}},
    "StackedRNNCells": {"cells": [{"GRUCell": 2}]},
    "StringLookup": {"vocabulary": ["a"]},
    "TextVectorization": {"vocabulary": ["a"]},
    "TimeDistributed": {"layer": {"Dense": 2}},
    "CustomScaleLayer": {"scale": 0.5},
}
CELLS = {"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"}


def arguments_of(name):
    samples = {"integer": 2, "number": 0.5, "extents": 2, "bounds": 0.5, "values": 0.5}
    required = (p for p in find_entry("layer", name).parameters if p.required)
    return LAYERS.get(name) or {p.name: samples[p.type] for p in required}


def layer_specs(name):
    """Yield specs of one layer on inputs of several kinds."""
    written = json.dumps(arguments_of(name))
    for shape in ["{shape: [], dtype: string}", "{shape: [1], dtype: string}", *SHAPES]:
        for count in (1, 2, 3):
            names = ["a", "b", "c"][:count]
            inputs = "{" + ", ".join(f"{one}: {shape}" for one in names) + "}"
            source = names[0] if count == 1 else "[" + ", ".join(names) + "]"
            yield _LAYER.format(inputs=inputs, entry=f"{{{name}: {written}, from: {source}}}")
        if name in CELLS:
            cell = f"{{RNN: {{cell: {{{name}: {written}}}}}}}"
            yield _LAYER.format(inputs=f"{{a: {shape}}}", entry=cell)
        if "Attention" in name:
            source = "{query: a, value: b}"
            yield _LAYER.format(
                inputs=f"{{a: {shape}, b: {shape}}}", entry=f"{{{name}: {written}, from: {source}}}"
            )
        if name == "MaxNumBoundingBoxes":
            source = "{boxes: a, labels: b}"
            yield _LAYER.format(
                inputs=f"{{a: {shape}, b: [4]}}", entry=f"{{{name}: {written}, from: {source}}}"
            )


def is_built(text):
    try:
        dlspec.compile(dlspec.loads(text))
    except SpecError:
        return False
    return True


# In a graph Keras gives back the very tensor that it takes: refused with that reason, as DL409.
CYCLES = {"Equalization"}


@pytest.mark.parametrize("name", sorted(set(names_of_kind("layer")) - CYCLES))
def test_every_layer_is_built_in_some_spec(name):
    assert any(is_built(text) for text in layer_specs(name))


# -- what cannot be used yet ---------------------------------------------------------------------


NOT_YET = {
    "callback": ["OrbaxCheckpoint"],
}


def test_what_cannot_be_used_yet_is_refused_by_name_with_the_reason():
    said = {"head": "Dense", "loss": "MeanSquaredError", "callbacks": ""}
    for kind, names in NOT_YET.items():
        for name in names:
            key = {"callback": "callbacks"}[kind]
            filled = {**said, "target": "{number: moon}", "optimizer": "Adam", "metrics": ""}
            with pytest.raises(SpecError) as caught:
                dlspec.loads(_TRAINED.format(**{**filled, key: name}))
            found = {(d.code.value, d.message): d.label for d in caught.value.diagnostics}
            assert "yet" in found["DL214", f"`{name}` cannot be said in a spec"]


def test_all_that_cannot_be_used_yet_is_listed_here():
    kinds = ("layer", "loss", "metric", "optimizer", "schedule", "callback")
    forbidden = {
        kind: [
            name
            for name in names_of_kind(kind, forbidden=True)
            if " yet" in (find_entry(kind, name).forbidden or "")
        ]
        for kind in kinds
    }
    assert {kind: names for kind, names in forbidden.items() if names} == NOT_YET
