"""`weight: [n, d]` against Keras: what it holds, how it learns, and that it loads anywhere."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import dlspec

HEAD = """\
dlspec: 1
name: m
model:
  inputs: {x: [4, 6]}
  graph:
"""


def _compiled(entries: str, head: str = HEAD) -> keras.Model:
    keras.utils.set_random_seed(3)
    return dlspec.compile(dlspec.loads(head + entries))


@pytest.mark.parametrize(
    "shape", [(6,), (4, 6), (1, 4, 6), (2, 3, 4, 6)], ids=lambda shape: f"{len(shape)}_axes"
)
@pytest.mark.parametrize("initializer", ["RandomUniform", "RandomNormal", "Orthogonal", "Ones"])
def test_it_is_initialised_as_a_weight_of_that_shape(shape, initializer):
    made = f"{{{initializer}: {{seed: 7}}}}" if initializer != "Ones" else initializer
    if initializer == "Orthogonal" and len(shape) < 2:
        pytest.skip("Keras makes no orthogonal weight of one axis")
    entry = f"    - {{weight: {list(shape)}, name: w, initializer: {made}}}\n"
    model = _compiled(entry + "  outputs: [w, x]\n")
    (kernel,) = model.get_layer("w").weights
    expected = getattr(keras.initializers, initializer)
    expected = expected() if initializer == "Ones" else expected(seed=7)
    np.testing.assert_array_equal(kernel.numpy(), keras.ops.convert_to_numpy(expected(shape)))


def test_without_an_initializer_it_is_that_of_an_embedding():
    model = _compiled("    - {weight: [50, 40], name: w}\n  outputs: [w, x]\n")
    found = model.get_layer("w").kernel_initializer
    expected = keras.layers.Embedding(50, 40).embeddings_initializer
    assert type(found) is type(expected)
    assert (found.minval, found.maxval) == (expected.minval, expected.maxval)


def _output(_, out):
    return out


def test_each_sample_gets_it_and_its_gradient_is_the_sum_over_the_batch():
    model = _compiled("    - {Multiply, branches: [[], [{weight: [4, 6], name: w}]]}\n")
    x = np.random.default_rng(0).normal(size=(5, 4, 6)).astype("float32")
    (kernel,) = model.get_layer("w").get_weights()
    np.testing.assert_allclose(model.predict(x, verbose=0), x * kernel, rtol=1e-6)
    model.compile(keras.optimizers.SGD(1.0), loss=_output)
    model.train_on_batch(x, np.zeros((5, 1)))
    moved = kernel - model.get_layer("w").get_weights()[0]
    np.testing.assert_allclose(moved, x.sum(axis=0) / x.size, rtol=1e-4, atol=1e-6)


def test_regularizer_constraint_and_trainable_are_those_of_keras():
    model = _compiled(
        "    - {Add, branches: [[], [{weight: [4, 6], name: w, regularizer: {L2: 0.5},"
        " constraint: {MaxNorm: 2}, trainable: false}]]}\n"
    )
    layer = model.get_layer("w")
    assert layer.kernel_regularizer.l2 == 0.5
    assert layer.kernel_constraint.max_value == 2
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 1


@pytest.mark.parametrize(
    ("declared", "fed"),
    [
        ("[]", np.zeros(5, "float32")),
        ("{shape: [null, null, 3], dtype: uint8}", np.zeros((5, 2, 2, 3), "uint8")),
        ("{shape: [4], batch: 5}", np.zeros((5, 4), "float32")),
    ],
    ids=["one number", "whole numbers", "a fixed batch"],
)
def test_any_input_tells_the_batch(declared, fed):
    head = f"dlspec: 1\nname: m\nmodel:\n  inputs: {{x: {declared}}}\n  graph:\n"
    entry = "    - {weight: [3], name: w, initializer: ones}\n  outputs: [w, x]\n"
    model = _compiled(entry, head)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(model(fed)[0]), np.ones((5, 3), "float32")
    )


def test_a_saved_model_loads_in_plain_keras_and_comes_back_as_a_spec(tmp_path):
    entries = """\
    - {Concatenate: 1, branches: [[{weight: [1, 6], name: token}], []]}
    - {Add, branches: [[], [{weight: [5, 6], name: positions}]]}
    - {Dense: 2, name: label}
"""
    model = _compiled(entries)
    x = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import keras, numpy as np, sys\n"
        "m = keras.models.load_model('m.keras')\n"
        "assert 'dlspec' not in sys.modules\n"
        "np.save('y.npy', m.predict(np.load('x.npy'), verbose=0))\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, check=True)
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    again = dlspec.compile(dlspec.loads(dlspec.decompile(model)))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(x, verbose=0), expected)


def test_two_models_of_one_process_call_its_operations_alike():
    entries = "    - {Add, branches: [[], [{weight: [4, 6], name: w}]]}\n"
    first, second = _compiled(entries), _compiled(entries)
    names = [operation.name for operation in first.operations]
    assert names == [operation.name for operation in second.operations]
    assert names == ["x", "w_batch", "w_ones", "w", "add"]
