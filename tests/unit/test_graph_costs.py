"""What a graph costs as a whole: who owns weights, what is frozen, what is not known."""

import dlspec
from dlspec.resolve.costs import graph_cost, node_cost
from dlspec.resolve.plan import canonical_digest

FROZEN = """\
dlspec: 1
name: m
model:
  inputs: {x: [4]}
  graph: [{Dense: 3, trainable: false}, {Dense: 2}]
"""
INNER = """\
dlspec: 1
name: m
model:
  inputs: {x: [4]}
  models:
    tower: {inputs: {y: [4]}, graph: [{Dense: 4, name: d}]}
  graph: [{use: tower, name: a}, {use: tower, name: b, trainable: false}]
"""
OPEN = """\
dlspec: 1
name: m
model:
  inputs: {x: [null, 3]}
  graph: [{LSTM: 4}, {Dense: 2}]
"""


def test_a_frozen_layer_has_frozen_weights_alone():
    graph = dlspec.loads(FROZEN).graph
    assert [(c.trainable, c.frozen) for c in (node_cost(n, graph) for n in graph.nodes)] == [
        (0, 4 * 3 + 3),
        (3 * 2 + 2, 0),
    ]
    assert (graph_cost(graph).trainable, graph_cost(graph).frozen) == (8, 15)


def test_a_model_frozen_at_one_use_is_frozen_at_each_and_counted_once():
    cost = graph_cost(dlspec.loads(INNER).graph)
    assert (cost.trainable, cost.frozen, cost.parameters) == (0, 20, 20)
    assert (cost.flops, cost.macs) == (2 * (2 * 16 + 4), 2 * 16)


def test_an_open_length_leaves_sums_open_and_parameters_known():
    cost = graph_cost(dlspec.loads(OPEN).graph)
    assert (cost.flops, cost.macs, cost.unknown) == (None, None, 0)
    assert cost.parameters == 4 * (3 + 4 + 1) * 4 + 4 * 2 + 2


def test_the_order_of_keys_changes_no_digest_and_a_value_does():
    assert canonical_digest({"a": 1, "b": 2}) == canonical_digest({"b": 2, "a": 1})
    assert canonical_digest({"a": 1}) != canonical_digest({"a": 2})


def graph_of(inputs, *entries, models=""):
    """Return the graph of a spec of these inputs and entries."""
    text = f"dlspec: 1\nname: m\nmodel:\n{models}  inputs: {inputs}\n  graph:\n"
    return dlspec.loads(text + "".join(f"    - {entry}\n" for entry in entries)).graph


# Keras alone knows what these parts are, so the layers behind them have weights that are not known.
SPLIT = ("{ops.split: {args: [x, 2], axis: 1}, name: parts}", "{LSTM: 4, from: parts.0, name: a}")
INSIDE = """\
  models:
    parted:
      inputs: {x: [4, 3]}
      graph:
        - {ops.split: {args: [x, 2], axis: 1}, name: parts}
        - {LSTM: 4, from: parts.0, name: state}
        - {LSTM: 4, from: x, call: {initial_state: [state, state]}}
"""


def test_weights_behind_an_unknown_shape_are_not_known_rather_than_none():
    graph = graph_of(
        "{x: [4, 3]}", *SPLIT, "{LSTM: 4, from: parts.1, name: b}", "{Add, from: [a, b]}"
    )
    assert [node.weights for node in graph.nodes] == [(), None, None, None]
    cost = graph_cost(graph)
    assert (cost.parameters, cost.flops, cost.activations, cost.unknown) == (0, None, None, 3)


def test_a_wrapper_around_a_model_with_a_layer_of_unknown_weights_is_not_known():
    held = "TimeDistributed: {layer: {model: parted}}"
    graph = graph_of("{steps: [5, 4, 3]}", held, models=INSIDE)
    assert graph.models["parted"].nodes[-1].outputs[0][1].shape == (None, 4)
    assert graph.nodes[0].weights is None
    # What is known of the model counts.
    cost = graph_cost(graph)
    assert (cost.parameters, cost.unknown) == (128, 1)


def test_a_shared_layer_counts_its_parameters_once_and_its_work_each_time():
    shared = ("{Dense: 4, name: d}", "{use: d, name: again}")
    cost = graph_cost(graph_of("{x: [4]}", *shared))
    assert (cost.parameters, cost.macs) == (20, 32)


def test_a_model_held_by_a_wrapper_and_used_beside_it_is_counted_once():
    inner = "  models:\n    inner: {inputs: {x: [4]}, graph: [{Dense: 4}]}\n"
    entries = (
        "{TimeDistributed: {layer: {model: inner}}, from: steps, name: each}",
        "{GlobalAveragePooling1D, name: mean}",
        "{use: inner, from: mean, name: again}",
    )
    graph = graph_of("{steps: [5, 4]}", *entries, models=inner)
    cost = graph_cost(graph)
    assert (cost.parameters, cost.macs) == (20, 6 * 16)
    assert [node_cost(node, graph).parameters for node in graph.nodes] == [20, 0, 20]


def test_activations_are_counted_in_bytes_of_one_sample():
    entries = ("{Dense: 3, name: d}", "{ops.cast: float16}", "{ops.greater: {x2: 0}}")
    graph = graph_of("{x: [5, 4]}", *entries)
    assert [node_cost(node, graph).activations for node in graph.nodes] == [60, 30, 15]
    assert graph_cost(graph).activations == 105
    opened = graph_of("{x: [null, 4]}", *entries)
    assert graph_cost(opened).activations is None
    assert graph_cost(opened).parameters == 15
