"""Models that use models declared above them: one copy of the weights, which counts once."""

import pytest

import dlspec
from dlspec.resolve.chain import step_digest
from dlspec.resolve.costs import graph_cost
from dlspec.resolve.model_starts import ModelStart
from dlspec.resolve.plan import WeightsOf, walk_graph_nodes, weights_of
from dlspec.resolve.planned_turns import trained_units, units_trained_by

MODEL = """\
dlspec: 1
name: m
model:
  inputs: {a: [8], b: [8]}
  models:
    stem: {inputs: {x: [8]}, graph: [{Dense: 4}]STEM}
    left: {inputs: {x: [8]}, graph: [LEFT, {Dense: 3}]}
    right: {inputs: {x: [8]}, graph: [RIGHT, {Dense: 3}]}
  graph:
    - {use: left, from: aTOP}
    - {use: right, from: b}
    - {Add, from: [left, right], name: sum}
    - {Dense: 1, name: y}
"""
STEM, HEAD, LAST = 8 * 4 + 4, 4 * 3 + 3, 3 + 1


def _plan(left="{use: stem}", right="{use: stem}", top="", stem=""):
    text = MODEL.replace("LEFT", left).replace("RIGHT", right)
    return dlspec.loads(text.replace("TOP", top).replace("STEM", stem))


def test_shared_weights_are_counted_once():
    graph = _plan().graph
    assert graph_cost(graph).parameters == STEM + 2 * HEAD + LAST
    assert sum(weight.size for weight in weights_of(graph)) == STEM + 2 * HEAD + LAST
    assert graph_cost(graph.models["left"]).parameters == STEM + HEAD
    assert [node.name for node in walk_graph_nodes(graph)].count("stem") == 2
    own = _plan(left="{Dense: 4}").graph
    assert graph_cost(own).parameters == 2 * STEM + 2 * HEAD + LAST


def test_sharing_weights_is_other_work_than_equal_ones():
    own = "\n      models: {stem: {inputs: {x: [8]}, graph: [{Dense: 4}]}}"
    text = MODEL.replace("LEFT", "{use: stem}").replace("RIGHT", "{use: stem}")
    text = text.replace("TOP", "").replace("STEM", "")
    apart = text.replace(
        "    right: {inputs: {x: [8]}, graph: [{use: stem}, {Dense: 3}]}",
        f"    right:\n      inputs: {{x: [8]}}{own}\n      graph: [{{use: stem}}, {{Dense: 3}}]",
    )
    shared, other = dlspec.loads(text), dlspec.loads(apart)
    assert graph_cost(other.graph).parameters == graph_cost(shared.graph).parameters + STEM
    assert step_digest(shared, "model") != step_digest(other, "model")


@pytest.mark.parametrize(
    ("said", "frozen"),
    [
        ({"left": "{use: stem, trainable: false}"}, STEM),
        ({"top": ", trainable: false"}, STEM + HEAD),
        ({"right": "{use: stem, trainable: false}"}, STEM),
    ],
)
def test_what_is_frozen_in_one_model_is_frozen_in_all(said, frozen):
    cost = graph_cost(_plan(**said).graph)
    assert (cost.frozen, cost.trainable) == (frozen, STEM + 2 * HEAD + LAST - frozen)


def test_an_entry_hides_a_model_that_is_declared_around_its_own():
    plan = _plan(left="{Dense: 8, name: stem}, {use: stem, name: again}")
    assert plan.graph.models["left"].borrowed == ()
    assert plan.graph.models["right"].borrowed == ("stem",)


def test_a_shared_model_begins_with_its_weights_once():
    plan = _plan(stem=", weights: old")
    assert plan.starts == (ModelStart("stem", "old", "."),)


def test_a_turn_may_move_a_shared_model_by_its_own_name():
    stem = WeightsOf("model", "stem")
    graph = _plan().graph
    assert units_trained_by("stem", graph) == (stem,)
    # Whoever moves all that a graph calls has moved it with them.
    assert stem not in trained_units(graph)
    assert units_trained_by("stem", _plan(top=", trainable: false").graph) == ()
