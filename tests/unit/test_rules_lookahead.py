"""How far a graph sees ahead, by its text alone: each condition by a graph of its own."""

import math

import pytest

import dlspec
from dlspec.rules.lookahead import sight_of

_TEXT = """\
dlspec: 1
name: example
model:
{models}  inputs: {{said: [8, 4], given: [8, 4], state: [4]}}
  outputs: [out, rest, kept, both{more}]
  graph:
    - {{Add, name: rest, from: [given, given]}}
    - {{Dense: 4, name: kept, from: state}}
    - {{Add, name: both, from: [said, rest]}}
{graph}
"""
_INNER = """\
  models:
    inner:
      inputs: {a: [8, 4], b: [8, 4]}
      outputs: [one, two]
      graph:
        - {Conv1D: [4, 3, {padding: same}], name: one, from: a}
        - {Add, name: two, from: [b, b]}
"""
ALL = math.inf


def sight_through(*entries, models="", more=""):
    """Return how far `out` sees ahead of `said`; "nothing" where it does not depend on it."""
    graph = "\n".join(f"    - {entry}" for entry in entries)
    made = dlspec.loads(_TEXT.format(graph=graph, models=models, more=more)).graph
    sight = sight_of(made, dict(made.outputs)["out"], source="said")
    return sight.ahead if sight is not None else "nothing"


SAME = "{Conv1D: [4, 3, {padding: same}], name: wide, from: both}"


@pytest.mark.parametrize(
    ("entries", "ahead"),
    [
        (["{Dense: 4, name: out, from: both}"], 0),
        (["{Dense: 4, name: out, from: rest}"], "nothing"),
        # Windows, by padding, dilation and width.
        (["{Conv1D: [4, 3], name: out, from: both}"], 2),
        (["{Conv1D: [4, 4, {padding: same}], name: out, from: both}"], 2),
        (["{Conv1D: [4, 3, {padding: same, dilation_rate: 2}], name: out, from: both}"], 2),
        (["{Conv1D: [4, 3, {padding: causal, dilation_rate: 2}], name: out, from: both}"], 0),
        (["{Conv1D: [4, 1, {strides: 1}], name: out, from: both}"], 0),
        (["{Conv1D: [4, 3, {strides: 2}], name: out, from: both}"], None),
        (["{MaxPooling1D: {pool_size: 3, strides: 1}, name: out, from: both}"], 2),
        (["{MaxPooling1D: 3, name: out, from: both}"], None),
        (["{MaxPooling1D: 1, name: out, from: both}"], 0),
        (["{Conv1D: [8, 3, {data_format: channels_first}], name: out, from: both}"], None),
        # One after the other they add up; what is put before takes away.
        ([SAME, "{Conv1D: [4, 3, {padding: same}], name: out}"], 2),
        ([SAME, "{ZeroPadding1D: {padding: [1, 0]}, name: out}"], 0),
        ([SAME, "{ZeroPadding1D: 1, name: out}"], 0),
        ([SAME, "{ZeroPadding1D: {padding: [0, 1]}, name: out}"], 1),
        (["{Cropping1D: {cropping: [2, 0]}, name: out, from: both}"], 2),
        (["{Cropping1D: {cropping: [0, 2]}, name: out, from: both}"], 0),
        # The furthest of what is joined counts.
        ([SAME, "{Concatenate, name: out, from: [wide, both]}"], 1),
        (["{Concatenate: {axis: 2}, name: out, from: [both, rest]}"], 0),
        (["{Concatenate: {axis: 1}, name: out, from: [both, rest]}"], None),
        # Norms along the features, and along the positions.
        (["{LayerNormalization: {axis: 2}, name: out, from: both}"], 0),
        (["{LayerNormalization: {axis: -2}, name: out, from: both}"], ALL),
        (["{Softmax: {axis: 1}, name: out, from: both}"], ALL),
        (["{Softmax: {axis: -1}, name: out, from: both}"], 0),
        # Steps in order, turned round, and the last of them.
        (["{GRU: {units: 4, return_sequences: true}, name: out, from: both}"], 0),
        (["{GRU: 4, name: out, from: both}"], ALL),
        (
            ["{GRU: {units: 4, return_sequences: true, return_state: true}, name: g, from: both}",
             "{RepeatVector: 8, from: g.h, name: out}"],
            ALL,
        ),
        # A product over positions that became features mixes them.
        (["{Flatten, from: both}", "{Reshape: [8, 4], name: out}"], None),
        (["{Flatten, from: both}", "Dense: 32", "{Reshape: [8, 4], name: out}"], ALL),
        # Attention.
        (["{Attention, name: out, from: [both, both]}"], ALL),
        (["{Attention, name: out, from: [both, rest]}"], 0),
        (["{Attention, name: out, from: [rest, both]}"], None),
        (["{Attention, name: out, from: [both, both], call: {use_causal_mask: true}}"], 0),
        (
            ["{MultiHeadAttention: [2, 2], name: out, from: {query: both, value: rest}}"],
            0,
        ),
        (
            ["{MultiHeadAttention: [2, 2], name: out, from: {value: both, query: both}}"],
            ALL,
        ),
        # Functions.
        (["{ops.tanh, name: out, from: both}"], 0),
        (["{ops.add: {args: [both, rest]}, name: out}"], 0),
        (["{ops.softmax, name: out, from: both}"], 0),
        (["{ops.softmax: {axis: -1}, name: out, from: both}"], 0),
        (["{ops.softmax: {axis: 1}, name: out, from: both}"], ALL),
        (["{ops.mean: {axis: 1, keepdims: true}, name: out, from: both}"], ALL),
        (["{ops.mean: {axis: [-1], keepdims: true}, name: out, from: both}"], 0),
        (["{ops.mean: {axis: [1, 2], keepdims: true}, name: out, from: both}"], ALL),
        (["{ops.sum, name: out, from: both}"], ALL),
        (["{ops.max: {args: [both, 1]}, name: out}"], ALL),
        (["{ops.max: {args: [both, 2]}, name: out}"], 0),
        (["{ops.flip: {axis: 1}, name: out, from: both}"], ALL),
        (["{ops.flip: {axis: 2}, name: out, from: both}"], 0),
        (["{ops.flip: {axis: 1}, from: both}", "{ops.flip: {axis: 1}, name: out}"], None),
        (["{ops.transpose: {axes: [0, 2, 1]}, name: out, from: both}"], None),
        (
            ["{ops.flip: {axis: 1}, from: both}", "{ops.transpose: {axes: [0, 2, 1]}, name: out}"],
            ALL,
        ),
        # A layer again, and a layer that only reads a state of something else.
        ([SAME, "{use: wide, name: out}"], 2),
        (
            ["{GRU: {units: 4, return_sequences: true}, name: out, from: both, "
             "call: {initial_state: kept}}"],
            0,
        ),
    ],
)  # fmt: skip
def test_a_graph_sees_so_far_ahead(entries, ahead):
    assert sight_through(*entries) == ahead


@pytest.mark.parametrize(
    ("given", "output", "ahead"),
    [
        ("[both, rest]", "0", 1),
        ("[rest, both]", "1", 0),
        ("[both, both]", "0", 1),
        ("{a: both, b: rest}", "0", 1),
    ],
)
def test_a_model_hands_on_what_each_of_its_outputs_sees(given, output, ahead):
    entries = (
        f"{{use: inner, name: m, from: {given}}}",
        f"{{Dense: 4, name: out, from: m.{output}}}",
    )
    assert sight_through(*entries, models=_INNER, more=", m.0, m.1") == ahead
