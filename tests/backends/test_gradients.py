"""Through which functions no gradient flows, with TensorFlow as the judge."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import dlspec
from dlspec.expand.flat import Input
from dlspec.language.tensors import Tensor
from dlspec.resolve.gradients import WITHOUT_GRADIENT, nodes_moved_by
from dlspec.resolve.plan import Graph, Node, Op, Reference

FURTHER = {"floor_divide": (0.5,), "full_like": (1.0,), "one_hot": (4,), "stop_gradient": ()}
SMOOTH = (
    *("abs", "exp", "log", "sqrt", "square", "tanh", "sigmoid", "relu", "negative"),
    *("mean", "sum", "max", "min", "cumsum", "flip", "copy", "reciprocal", "softplus", "erf"),
)


def _gradient(name):
    x = tf.Variable(np.array([[0.3, 1.4], [0.2, 2.7]], dtype="float32"))
    with tf.GradientTape() as tape:
        read = keras.ops.cast(x, "int32") if name == "one_hot" else x
        total = keras.ops.sum(
            keras.ops.cast(getattr(keras.ops, name)(read, *FURTHER.get(name, ())), "float32")
        )
    found = tape.gradient(total, x)
    return np.zeros((2, 2)) if found is None else keras.ops.convert_to_numpy(found)


def _graph(name):
    node = Node("it", Op(name, (Reference("x"),), {}), (), {}, (("out", Tensor((None, 2))),), (), 0)
    inputs = (Input("x", (None, 2)),)
    return Graph("g", inputs, (node,), (("it", Reference("it")),), "single", "single", {})


@pytest.mark.parametrize("name", WITHOUT_GRADIENT)
def test_no_gradient_comes_through(name):
    assert not _gradient(name).any()
    assert nodes_moved_by(_graph(name), ["x"]) == {"x"}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_gradient_comes_through(name):
    assert _gradient(name).any()
    assert nodes_moved_by(_graph(name), ["x"]) == {"x", "it"}


def test_whole_numbers_carry_none():
    text = """\
dlspec: 1
name: counted
model:
  inputs: {x: [4]}
  graph:
    - {ops.argmax: {axis: -1}, name: best}
    - {ops.cast: {dtype: float32}, name: again}
"""
    assert nodes_moved_by(dlspec.loads(text).graph, ["x"]) == {"x"}
