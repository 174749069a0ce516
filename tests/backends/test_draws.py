"""What draws at random, with Keras as the judge."""

import inspect

import keras
import numpy as np
import pytest

import dlspec
from dlspec.backends.draw import Draw
from dlspec.backends.lower import Lowered, lower_graph
from dlspec.language.catalogue import find_entry, names_of_kind
from dlspec.language.draws import DRAWS, SPACE
from dlspec.language.tensors import Tensor

# What the language does without: a tensor says how many are drawn, the spec has a seed.
_NOT_SAID = {"dtype", "seed"}
ARGUMENTS = {
    "random.normal": {"mean": 3.0, "stddev": 2.0},
    "random.truncated_normal": {"mean": -1.0, "stddev": 0.5},
    "random.uniform": {"minval": 1.0, "maxval": 4.0},
    "random.gamma": {"alpha": 2.0},
    "random.beta": {"alpha": 2.0, "beta": 6.0},
    "random.binomial": {"counts": 5.0, "probabilities": 0.3},
    "random.randint": {"minval": 2, "maxval": 7},
}


def _specified(function, arguments):
    said = ", ".join(f"{name}: {value}" for name, value in arguments.items())
    text = f"""\
dlspec: 1
name: one
model:
  inputs: {{x: [3, 4]}}
  graph: [{{ops.{function}: {{{said}}}, name: drawn}}]
"""
    return dlspec.loads(text).graph


def test_each_is_a_function_of_keras_with_its_arguments_and_defaults():
    names = [name for name in names_of_kind("op") if name.startswith(SPACE)]
    assert sorted(kind.name for kind in DRAWS) == names
    for name in names:
        keras_parameters = inspect.signature(
            getattr(keras.random, name.removeprefix(SPACE))
        ).parameters
        ours = {p.name: p for p in find_entry("op", name).parameters}
        assert set(keras_parameters) - _NOT_SAID == set(ours) - (
            {"x"} if "shape" in keras_parameters else set()
        )
        for word in set(keras_parameters) & set(ours) - {"shape"}:
            default = keras_parameters[word].default
            assert ours[word].required == (default is inspect.Parameter.empty)
            assert ours[word].required or ours[word].default == default


@pytest.mark.parametrize("function", ARGUMENTS)
def test_a_draw_is_what_keras_draws_with_its_generator(function):
    arguments = ARGUMENTS[function]
    dtype = "int32" if function == "random.randint" else "float32"
    draw = Draw("d", function, {**arguments, "shape": (5,)}, Tensor((None, 5), dtype), seed=3)
    draw.begin_measuring()
    seed = int(keras.ops.convert_to_numpy(draw._measuring.state)[0])
    theirs = getattr(keras.random, function.removeprefix(SPACE))(
        (6, 5), **arguments, seed=keras.random.SeedGenerator(seed)
    )
    ours = draw(np.zeros((6, 2), "float32"), training=False)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs)
    )


def test_training_draws_anew_and_each_measurement_what_the_last_one_drew():
    draw = Draw("d", "random.normal", {"shape": None}, Tensor((None, 2), "float32"), seed=3)
    x = np.zeros((4, 2), "float32")
    drawn = [keras.ops.convert_to_numpy(draw(x, training=True)) for _ in range(3)]
    measured = []
    for _ in range(2):
        draw.begin_measuring()
        measured.append([keras.ops.convert_to_numpy(draw(x, training=False)) for _ in range(2)])
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(measured[0][0], measured[0][1])
    np.testing.assert_array_equal(measured[0], measured[1])
    again = Draw("d", "random.normal", {"shape": None}, Tensor((None, 2), "float32"), seed=3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(x, training=True)), drawn[0])
    other = Draw("e", "random.normal", {"shape": None}, Tensor((None, 2), "float32"), seed=3)
    assert not np.array_equal(keras.ops.convert_to_numpy(other(x, training=True)), drawn[0])


@pytest.mark.parametrize("function", [name for name in ARGUMENTS if name != "random.randint"])
@pytest.mark.parametrize("shape", [None, [5], [2, 3]])
def test_who_predicts_gets_the_mean_of_what_is_drawn(function, shape):
    said = ARGUMENTS[function] | ({} if shape is None else {"shape": shape})
    said = {name: int(value) if name == "counts" else value for name, value in said.items()}
    graph = _specified(function, said)
    predicted = lower_graph(graph).predict(np.ones((4, 3, 4), "float32"), verbose=0)
    drawn = lower_graph(graph, Lowered(), seed=1)(np.ones((20_000, 3, 4), "float32"), training=True)
    assert (
        predicted.shape[1:] == tuple(drawn.shape[1:]) == graph.node("drawn").outputs[0][1].shape[1:]
    )
    assert np.ptp(predicted) == 0
    assert float(keras.ops.mean(drawn)) == pytest.approx(float(predicted.flat[0]), abs=0.03)
