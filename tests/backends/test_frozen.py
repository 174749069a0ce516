"""`trainable: false` at layers, blocks, `for`, branches and models, through real training steps."""

import keras
import numpy as np
import pytest

import dlspec
from dlspec.tools.show import graph_cost

HEAD = "dlspec: 1\nname: m\nmodel:\n"


def changed(text):
    """Return the weights that two steps of training change, and those that they leave."""
    plan = dlspec.loads(HEAD + text)
    keras.utils.set_random_seed(3)
    model = dlspec.compile(plan)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = {w.path: w.numpy() for w in model.weights}
    random = np.random.default_rng(1)
    x = random.normal(size=(8, *model.input_shape[1:])).astype("float32")
    y = random.normal(size=(8, *model.output_shape[1:])).astype("float32")
    model.fit(x, y, batch_size=4, verbose=0)
    moved = {w.path: not np.array_equal(before[w.path], w.numpy()) for w in model.weights}
    cost = graph_cost(plan.graph)
    assert cost.trainable == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert cost.parameters == model.count_params()
    return {n for n, m in moved.items() if m}, {n for n, m in moved.items() if not m}


def test_a_frozen_block_keeps_all_its_weights_and_statistics():
    moved, kept = changed("""
  inputs: {x: [8, 1]}
  blocks: {Body: {graph: [{Conv1D: [4, 3]}, BatchNormalization, {Conv1D: [4, 1]}]}}
  graph: [{Body, trainable: false, name: body}, Flatten, {Dense: 2}]
""")
    assert moved == {"dense/kernel", "dense/bias"}
    assert kept == {
        "body.conv1d/kernel",
        "body.conv1d/bias",
        "body.batch_normalization/gamma",
        "body.batch_normalization/beta",
        "body.batch_normalization/moving_mean",
        "body.batch_normalization/moving_variance",
        "body.conv1d_1/kernel",
        "body.conv1d_1/bias",
    }


def test_an_entry_of_a_frozen_block_may_say_otherwise():
    moved, kept = changed("""
  inputs: {x: [4]}
  blocks:
    Inner: {graph: [{Dense: 3}]}
    Body: {graph: [{Inner, name: deep}, {Dense: 4, name: free, trainable: true}]}
  graph: [{Body, trainable: false, name: body}, {Dense: 2}]
""")
    assert moved == {"body.free/kernel", "body.free/bias", "dense/kernel", "dense/bias"}
    assert kept == {"body.deep.dense/kernel", "body.deep.dense/bias"}


def test_for_repeat_and_branches_freeze_what_they_make():
    moved, _ = changed("""
  inputs: {x: [4]}
  graph:
    - {for: {u: [3, 4]}, trainable: false, do: [{Dense: $u}]}
    - {Dense: 4, repeat: 2, trainable: false}
    - {Add, branches: [[{Dense: 4}], []], trainable: false}
    - {Dense: 2, name: head}
""")
    assert moved == {"head/kernel", "head/bias"}


def test_whether_a_block_is_frozen_may_be_a_param():
    text = """
  inputs: {x: [4]}
  blocks: {Body: {params: {learns: bool}, graph: [{Dense: 3, trainable: $learns}]}}
  graph: [{Body: false, name: a}, {Body: true, name: b}]
"""
    moved, kept = changed(text)
    assert moved == {"b.dense/kernel", "b.dense/bias"}
    assert kept == {"a.dense/kernel", "a.dense/bias"}


def test_a_model_frozen_at_one_use_is_frozen_at_all():
    moved, kept = changed("""
  inputs: {x: [4]}
  models: {enc: {inputs: {e: [4]}, graph: [{Dense: 4}, BatchNormalization]}}
  graph: [{use: enc}, {use: enc, trainable: false}, {Dense: 2, name: head}]
""")
    assert moved == {"head/kernel", "head/bias"}
    assert len(kept) == 6


def test_a_layer_that_makes_layers_while_it_is_built_is_frozen_whole():
    # Keras alone trains the projections of `MultiHeadAttention(..., trainable=False)`.
    moved, kept = changed("""
  inputs: {x: [4, 6]}
  graph:
    - {MultiHeadAttention: [2, 3], from: {query: x, value: x}, trainable: false}
    - {Bidirectional: {layer: {LSTM: 3}}, trainable: false}
    - {Dense: 2, name: head}
""")
    assert moved == {"head/kernel", "head/bias"}
    assert len(kept) == 14


def test_a_frozen_layer_inside_a_model_stays_so_in_a_wrapper():
    moved, kept = changed("""
  inputs: {x: [3, 4]}
  models:
    frame: {inputs: {f: [4]}, graph: [{Dense: 3, name: still, trainable: false}, {Dense: 3}]}
  graph: [{TimeDistributed: {layer: {model: frame}}}, Flatten, {Dense: 2, name: head}]
""")
    assert moved == {"dense/kernel", "dense/bias", "head/kernel", "head/bias"}
    assert kept == {"still/kernel", "still/bias"}


def test_trainable_as_an_argument_of_the_layer_freezes_too():
    moved, kept = changed("""
  inputs: {x: [4]}
  graph: [{Dense: {units: 3, trainable: false}}, {Dense: 2}]
""")
    assert moved == {"dense_1/kernel", "dense_1/bias"}
    assert kept == {"dense/kernel", "dense/bias"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{use: d, trainable: false}", "`trainable` stands at a second use"),
        ("{ops.relu, trainable: false}", "a function has nothing to train"),
    ],
)
def test_trainable_where_no_weights_are_is_refused(entry, message):
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(HEAD + f"  inputs: {{x: [3]}}\n  graph: [{{Dense: 3, name: d}}, {entry}]\n")
    assert [found.message for found in caught.value.diagnostics] == [message]
