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
