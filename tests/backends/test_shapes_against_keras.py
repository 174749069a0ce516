"""Keras is the judge of the shape rules, over layers and inputs that nobody picked by hand.

Each layer is called twice: symbolically, as a model is built, and eagerly, on zeros. The symbolic
call decides the shape, the weights and the dtype of floats; the eager one the dtype of integers,
which Keras's symbolic call announces as floats wherever a layer defines only its shape.

`DLSPEC_FUZZ=20000` runs so many cases in all, freshly drawn.
"""

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import keras
import numpy as np
import pytest
import tensorflow as tf
from corner_cases import CORNERS
from families import FAMILIES
from feature_corners import FEATURE_CORNERS
from hypothesis import HealthCheck, given, settings
from layer_corners import LAYER_CORNERS
from moving_corners import MOVING_CORNERS
from op_cases import OpCase, ops
from op_corners import OP_CORNERS
from shape_cases import Case

import dlspec
from dlspec.language.catalogue import Object, find_entry
from dlspec.resolve.shapes import Inferred, ShapeError, Tensor, infer_layer, infer_op

DEEP = int(os.environ.get("DLSPEC_FUZZ", "0"))
EXAMPLES = DEEP // len(FAMILIES) if DEEP else 50
UNNAMED = re.compile(r"variable_\d+")
REFUSALS = (
    *(ValueError, TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError),
    *(RuntimeError, NotImplementedError, tf.errors.OpError),
)
ALL_CORNERS = CORNERS | LAYER_CORNERS | MOVING_CORNERS | FEATURE_CORNERS
COUNTING = ("CategoryEncoding", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization")
# Why a layer is not run.
NOT_RUN = {
    "TensorFlow's adaptive pooling can end the process, so it is not run": lambda layer: (
        layer.class_name.startswith("Adaptive")
    ),
    "no frame fits at run time, and Keras reshapes the empty result": lambda layer: (
        layer.class_name == "STFTSpectrogram"
    ),
}
# What Keras accepts and we refuse, because it cannot be meant.
STRICTER = {
    "the layer held refuses such a rank; TimeDistributed calls it unasked": lambda layer: (
        layer.class_name == "TimeDistributed"
    ),
    "a direction of width 1 is added to every feature of the other": lambda layer: (
        layer.class_name == "Bidirectional" and "backward_layer" in layer.arguments
    ),
    "RMSNormalization lays its scale along the last axes, whatever `axis` says": lambda layer: (
        layer.class_name == "RMSNormalization"
    ),
    "counts over more axes than two come out in another shape than announced": lambda layer: (
        layer.class_name in COUNTING and layer["output_mode"] != "int"
    ),
}
# Where the symbolic call announces another shape than the run has: ours is the run's.
ANNOUNCED_WRONG = {
    "square scores, as if there were as many keys as queries": lambda layer: (
        layer.class_name == "MultiHeadAttention"
    ),
    "both directions as if they were the forward one": lambda layer: (
        layer.class_name == "Bidirectional" and "backward_layer" in layer.arguments
    ),
}
thorough = settings(
    max_examples=EXAMPLES,
    derandomize=not DEEP,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Judged:
    """What Keras made of a call: shapes and dtypes of the flat outputs, and the weights."""

    outputs: list[tuple[tuple, str]]
    weights: list[tuple[str, tuple, bool]]


def made(layer: Object) -> keras.Layer:
    """Return the Keras layer an Object stands for."""
    arguments = {name: _argument(value) for name, value in layer.arguments.items()}
    entry = find_entry("layer", layer.class_name)
    return getattr(import_module(entry.module), layer.class_name)(**arguments)


def _argument(value):
    if isinstance(value, Object):
        return made(value)
    return [_argument(item) for item in value] if isinstance(value, tuple) else value


def judge(case: Case, tensor) -> Judged | str:
    """Return what Keras makes of a case, or its refusal as text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = made(case.layer)
            outputs = _called(layer, case, tensor)
    except REFUSALS as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    flat = [
        (tuple(x.shape), keras.backend.standardize_dtype(x.dtype))
        for x in keras.tree.flatten(outputs)
    ]
    weights = [
        (UNNAMED.sub("variable", w.name), tuple(w.shape), w.trainable) for w in layer.weights
    ]
    return Judged(flat, weights)


def _called(layer, case: Case, tensor):
    call = {name: _mapped(value, tensor) for name, value in case.call.items()}
    given = _mapped(case.inputs, tensor)
    if "states" in call:
        return layer(given, call["states"])
    return layer(**given, **call) if isinstance(given, dict) else layer(given, **call)


def _mapped(value, tensor):
    if isinstance(value, Tensor):
        return tensor(value)
    if isinstance(value, Mapping):
        return {name: tensor(inner) for name, inner in value.items()}
    return [_mapped(item, tensor) for item in value] if isinstance(value, tuple) else value


def symbol(tensor: Tensor):
    return keras.KerasTensor(tensor.shape, dtype=tensor.dtype)


def zeros(tensor: Tensor):
    shape = opened(tensor.shape)
    if tensor.dtype == "string":
        return tf.constant(np.full(shape, "a"))
    return keras.ops.zeros(shape, dtype=tensor.dtype)


def opened(shape: tuple) -> tuple:
    """Return the shape with a number, another one for each axis, where an extent is open."""
    return tuple(axis + 3 if extent is None else extent for axis, extent in enumerate(shape))


def filled(case: Case) -> Case:
    """Return the case with the extents that the eager call has."""

    def fill(tensor: Tensor) -> Tensor:
        return Tensor(opened(tensor.shape), tensor.dtype)

    inputs = _mapped(case.inputs, fill)
    call = {name: _mapped(value, fill) for name, value in case.call.items()}
    return Case(case.layer, tuple(inputs) if isinstance(inputs, list) else inputs, _tuples(call))


def _tuples(call: dict) -> dict:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in call.items()}


def ours(case: Case) -> Inferred | str | None:
    """Return what the rules make of a case, or their refusal as text."""
    try:
        return infer_layer(case.layer, case.inputs, call=case.call)
    except ShapeError as error:
        return f"{error.code.value}: {error.message}"


def compare(case: Case) -> str | None:
    """Return how the rules and Keras differ on a case, or None when they agree."""
    built, inferred = judge(case, symbol), ours(case)
    if isinstance(built, str):
        return None if isinstance(inferred, str | None) else f"Keras refuses: {built}"
    left_out = any(applies(case.layer) for applies in NOT_RUN.values())
    run = "not run" if left_out else judge(case, zeros)
    if isinstance(inferred, str):
        contradicts = isinstance(run, str) or not _all_fit(built.outputs, run.outputs)
        stricter = any(applies(case.layer) for applies in STRICTER.values())
        return None if contradicts or stricter else f"we refuse: {inferred}"
    if inferred is None:
        return "no rule"
    found = [(tensor.shape, tensor.dtype) for _, tensor in inferred.outputs]
    shapes = [shape for shape, _ in found], [shape for shape, _ in built.outputs]
    announced_wrong = any(applies(case.layer) for applies in ANNOUNCED_WRONG.values())
    if shapes[0] != shapes[1] and not announced_wrong:
        return f"shapes {found}, built {built.outputs}"
    weights = [(w.name, w.shape, w.trainable) for w in inferred.weights]
    if weights != built.weights:
        return f"weights {weights}, Keras {built.weights}"
    return _compare_run(case, found, run)


def _compare_run(case: Case, found: list, run: Judged | str) -> str | None:
    if isinstance(run, str):
        return None
    again = ours(filled(case))
    if not isinstance(again, Inferred):
        refused = isinstance(judge(filled(case), symbol), str)
        return None if refused else f"run {run.outputs}, with numbers {again}"
    numbered = [(tensor.shape, tensor.dtype) for _, tensor in again.outputs]
    if not _all_fit(numbered, run.outputs):
        return f"shapes with numbers {numbered}, run {run.outputs}"
    wrong = [
        (mine, theirs)
        for (_, mine), (_, theirs) in zip(found, run.outputs, strict=True)
        if mine not in (None, theirs)
    ]
    return f"dtypes (ours, run) {wrong}" if wrong else None


def _all_fit(announced: list, run: list) -> bool:
    pairs = zip(announced, run, strict=False)
    return len(announced) == len(run) and all(_fits(a, b) for (a, _), (b, _) in pairs)


def _fits(mine: tuple, theirs: tuple) -> bool:
    pairs = zip(mine, theirs, strict=False)
    return len(mine) == len(theirs) and all(a in (None, b) for a, b in pairs)


@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_weights_and_refusals_are_those_of_keras(family):
    @thorough
    @given(case=FAMILIES[family])
    def agree(case: Case):
        assert compare(case) is None

    agree()


@pytest.mark.parametrize("formula", ALL_CORNERS)
def test_the_corners_of_a_formula_are_those_of_keras(formula):
    differing = {str(case): said for case in ALL_CORNERS[formula] if (said := compare(case))}
    assert differing == {}


def judge_op(case: OpCase) -> tuple[tuple, str] | str:
    """Return the shape and dtype that a keras.ops function announces, or its refusal."""
    try:
        with warnings.catch_warnings():
            # A warning, such as that of a softmax over a single class, is no refusal.
            warnings.simplefilter("ignore")
            arguments = [_mapped_op(value) for value in case.arguments]
            out = getattr(keras.ops, case.name)(*arguments, **case.keywords)
    except REFUSALS as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return tuple(out.shape), keras.backend.standardize_dtype(out.dtype)


def _mapped_op(value):
    if isinstance(value, tuple) and value and isinstance(value[0], Tensor):
        return [symbol(tensor) for tensor in value]
    return symbol(value) if isinstance(value, Tensor) else value


def compare_op(case: OpCase) -> str | None:
    """Return how the rules and Keras differ on a call of a function, or None."""
    announced = judge_op(case)
    try:
        out = infer_op(case.name, case.arguments, case.keywords)
    except ShapeError as error:
        return None if isinstance(announced, str) else f"we refuse: {error.message}"
    if out is None or isinstance(announced, str):
        return None if out is None else f"Keras refuses: {announced}"
    shape, dtype = announced
    agree = out.shape == shape and out.dtype in (None, dtype)
    return None if agree else f"{out}, announced {announced}"


@thorough
@given(case=ops())
def test_functions_of_keras_ops_come_out_as_keras_announces(case: OpCase):
    assert compare_op(case) is None


@pytest.mark.parametrize("kind", OP_CORNERS)
def test_the_corners_of_functions_are_those_of_keras(kind):
    differing = {str(case): said for case in OP_CORNERS[kind] if (said := compare_op(case))}
    assert differing == {}


def test_elided_axes_that_keras_announces_in_reverse_are_left_to_it():
    text = (
        "dlspec: 1\nname: m\nmodel:\n  inputs: {x: [5, 6, 3]}\n  graph:\n"
        "    - EinsumDense: {equation: '...x,xy->...y', output_shape: [4]}\n    - Dense: 2\n"
    )
    plan = dlspec.loads(text)
    assert [node.outputs[0][1].shape for node in plan.graph.nodes] == [None, None]
    assert dlspec.compile(plan)(np.zeros((1, 5, 6, 3))).shape == (1, 5, 6, 2)
