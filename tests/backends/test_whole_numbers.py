"""Every number of the catalogue, written whole: what `check` accepts, Keras takes and computes."""

import json

import keras
import numpy as np
import pytest
from class_specs import value_of

import dlspec
from dlspec.backends.keras_objects import build_object
from dlspec.decode.catalogue_objects import nested_object
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.language.catalogue import Object, find_entry, names_of_kind
from dlspec.language.catalogue.target import Target
from dlspec.syntax.parse import parse

# Keras warns of arguments that go together badly, which is none of the matter here.
pytestmark = pytest.mark.filterwarnings("ignore")
FLOATS = {"number", "numbers", "values", "bounds", "schedule"}
KINDS = (
    *("layer", "loss", "metric", "optimizer", "schedule", "callback"),
    *("initializer", "regularizer", "constraint"),
)
# What the types do not say.
SAID = {
    ("BackupAndRestore", "backup_dir"): "backup",
    ("IoU", "target_class_ids"): [0],
    ("LossScaleOptimizer", "inner_optimizer"): "Adam",
    ("ModelCheckpoint", "filepath"): "best.keras",
    ("OneHotIoU", "target_class_ids"): [0],
    ("PiecewiseConstantDecay", "boundaries"): [2, 4],
    ("PiecewiseConstantDecay", "values"): [3, 2, 1],
}
# Lists that must be as long as another list, or as the output is wide.
LENGTHS = {("PiecewiseConstantDecay", "values"): 3, ("AUC", "label_weights"): 3}
# Arguments that Keras takes only beside others.
BESIDE = {
    **{
        (name, "idf_weights"): {"output_mode": "tf_idf", "vocabulary": vocabulary}
        for name, vocabulary in {
            "IntegerLookup": [1, 2],
            "StringLookup": ["a", "b"],
            "TextVectorization": ["a", "b"],
        }.items()
    },
    ("Discretization", "bin_boundaries"): {"num_bins": None},
    ("Normalization", "mean"): {"variance": 1},
    ("Normalization", "variance"): {"mean": 1},
}


def decoded(kind, name, arguments):
    """Return the object that a spec makes of a class with arguments; None if it is refused."""
    reporter = Reporter()
    tree = parse(Source("<text>", json.dumps({"it": {name: arguments}})), reporter)
    made = nested_object(kind, tree.get("it"), reporter, target=Target())
    return made if isinstance(made, Object) and not reporter.diagnostics else None


def required(kind, name):
    asked = (p for p in find_entry(kind, name).parameters if p.required)
    return {p.name: SAID.get((name, p.name)) or value_of(name, p) for p in asked}


def compute(kind, made):
    """Use what was built as a training does."""
    x = keras.ops.convert_to_tensor(np.full((3, 3), 0.5, "float32"))
    match kind:
        case "loss":
            ids = keras.ops.arange(3)
            made(ids if made.name == "circle" else x, x * 0.5)
        case "metric":
            made.update_state(x, x * 0.5)
        case "optimizer":
            made.apply([x], [keras.Variable(x)])
        case "schedule":
            made(3)
        case "initializer":  # STFT makes kernels of windows, one and frequencies
            made((4, 1, 3) if type(made).__name__ == "STFT" else (3, 3))
        case "regularizer" | "constraint":
            made(x)
        case "layer" | "callback":
            pass


def failure(kind, name, arguments):
    """Return what Keras says of arguments that a spec may give; None if it takes them."""
    made = decoded(kind, name, arguments)
    if made is None:
        return None
    try:
        compute(kind, build_object(made))
    except Exception as error:  # noqa: BLE001 - the finding of this test, whatever Keras raises
        return f"{name}({arguments}): {type(error).__name__}: {str(error)[:200]}"
    return None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in KINDS for name in names_of_kind(kind)]
)
def test_keras_takes_the_whole_numbers_that_a_spec_may_write(kind, name):
    given = required(kind, name)
    failures = [
        failure(
            *(kind, name),
            {
                **given,
                **BESIDE.get((name, p.name), {}),
                p.name: value if p.type == "numbers" else number,
            },
        )
        for p in find_entry(kind, name).parameters
        if p.type in FLOATS
        for number in (0, 1, 2, -1)
        for value in [[number] * (p.rank or LENGTHS.get((name, p.name), 2))]
    ]
    assert [one for one in failures if one] == []


@pytest.mark.parametrize(
    ("kind", "name", "argument"),
    [("optimizer", "SGD", "momentum"), ("metric", "FBetaScore", "beta")],
)
def test_a_whole_number_is_lowered_as_a_float_and_one_out_of_range_refused(kind, name, argument):
    made = build_object(decoded(kind, name, {argument: 1}))
    assert type(made.get_config()[argument]) is float
    assert decoded(kind, name, {argument: -1}) is None


def test_a_whole_number_in_a_layer_comes_back_as_it_was_written():
    text = """\
dlspec: 1
name: model
model:
  inputs: {x: [4]}
  graph:
    - {Dense: [2, {kernel_initializer: {RandomNormal: {stddev: 1}}}], name: out}
    - {ReLU: {max_value: 6}, name: bounded}
"""
    written = dlspec.decompile(dlspec.compile(dlspec.loads(text)))
    assert "stddev: 1}" in written
    assert "{max_value: 6}" in written or "ReLU: 6" in written
