"""Where a mask is lost, by the text alone: each condition of the rule by a graph of its own."""

import pytest

import dlspec
from dlspec.rules.dropped_masks import dropped_masks

_TEXT = """\
dlspec: 1
name: example
model:
  models:
    kept:
      inputs: {{a: [6, 4], b: [6, 4]}}
      outputs: [one, two]
      graph: [{{Dropout: 0.1, name: one, from: a}}, {{Dense: 4, name: two, from: b}}]
  inputs: {{ids: {{shape: [6], dtype: int32}}, x: [6, 4], state: [4]}}
  outputs: [out, vectors, bare, padding, state_of, pair.0, pair.1]
  graph:
    - {{Embedding: [9, 4, {{mask_zero: true}}], name: vectors, from: ids}}
    - {{Embedding: [9, 4], name: bare, from: ids}}
    - {{ops.not_equal: {{args: [ids, 0]}}, name: padding}}
    - {{Dense: 4, name: state_of, from: state}}
    - {{use: kept, name: pair, from: [vectors, x]}}
{graph}
"""
GRU = "GRU: {units: 4, return_sequences: true}"


def lost_at(*entries):
    graph = "\n".join(f"    - {{{entry}}}" for entry in entries)
    return [one.node.name for one in dropped_masks(dlspec.loads(_TEXT.format(graph=graph)).graph)]


@pytest.mark.parametrize(
    ("entries", "lost"),
    [
        # What makes a mask, and what does not.
        (["Conv1D: [3, 3], from: vectors, name: out"], ["out"]),
        (["Conv1D: [3, 3], from: bare, name: out"], []),
        (["Masking, from: x, name: m", "Conv1D: [3, 3], name: out"], ["out"]),
        # What uses it, and what hands it on.
        (["Dense: 4, from: vectors, name: d", "Conv1D: [3, 3], name: out"], ["out"]),
        ([f"{GRU}, from: vectors, name: g", "Conv1D: [3, 3], name: out"], ["out"]),
        (["GRU: 4, from: vectors, name: g", "Dense: 4, name: out"], []),
        (["GRU: 4, from: vectors, name: g", "RepeatVector: 6", "Conv1D: [3, 3], name: out"], []),
        (["GlobalAveragePooling1D, from: vectors, name: out"], []),
        (["GlobalMaxPooling1D, from: vectors, name: out"], ["out"]),
        # Of several inputs all, one, or the first.
        (["Add, from: [vectors, vectors], name: out"], []),
        (["Add, from: [vectors, x], name: out"], ["out"]),
        (["Add, from: [x, vectors], name: out"], ["out"]),
        (["Add, from: [x, bare], name: out"], []),
        (["Add, from: [vectors, vectors], name: a", "Conv1D: [3, 3], name: out"], ["out"]),
        (["Add, from: [vectors, x], name: a", "Conv1D: [3, 3], name: out"], ["a"]),
        (["Concatenate, from: [vectors, x], name: a", "Conv1D: [3, 3], name: out"], ["out"]),
        (["Concatenate, from: [x, bare], name: a", "Conv1D: [3, 3], name: out"], []),
        (["Attention, from: [vectors, x], name: a", "Conv1D: [3, 3], name: out"], ["out"]),
        (["Attention, from: [x, vectors], name: a", "Conv1D: [3, 3], name: out"], []),
        # Functions see none, wherever it stands.
        (["ops.tanh, from: vectors, name: out"], ["out"]),
        (["ops.tanh, from: bare, name: out"], []),
        (["ops.add: {args: [x, vectors]}, name: out"], ["out"]),
        (["ops.concatenate: {args: [[x, vectors]], axis: 1}, name: out"], ["out"]),
        # Beside a state Keras shows none, unless it is given.
        ([f"{GRU}, from: vectors, name: out, call: {{initial_state: state_of}}"], ["out"]),
        ([f"{GRU}, from: bare, name: out, call: {{initial_state: state_of}}"], []),
        (
            [f"{GRU}, from: vectors, name: out, call: {{initial_state: state_of, mask: padding}}"],
            [],
        ),
        ([f"{GRU}, from: vectors, name: out, call: {{mask: padding}}"], []),
        # Held layers: the wrapper does what its layer does.
        ([f"Bidirectional: {{layer: {{{GRU}}}}}, from: vectors, name: out"], []),
        (
            [f"Bidirectional: {{layer: {{{GRU}}}}}, from: vectors", "Conv1D: [3, 3], name: out"],
            ["out"],
        ),
        (
            [
                "Bidirectional: {layer: {GRU: 4}}, from: vectors, name: b",
                "RepeatVector: 6",
                "Conv1D: [3, 3], name: out",
            ],
            [],
        ),
        # Models and layers used again.
        (["Conv1D: [3, 3], from: pair.0, name: out"], ["out"]),
        (["Conv1D: [3, 3], from: pair.1, name: out"], []),
        (["Conv1D: [4, 3, {padding: same}], from: x, name: w", "use: w, from: vectors, name: u",
          "Add, from: [w, u], name: out"], ["u"]),
    ],
)  # fmt: skip
def test_a_mask_is_lost_where_nothing_uses_it_and_nothing_hands_it_on(entries, lost):
    assert lost_at(*entries) == lost
