"""What a backend cannot run: each condition by a graph of its own, on each backend."""

import pytest
from image_specs import findings, found_codes

_GRAPH = """\
dlspec: 1
name: example
model:
  inputs: {{{inputs}}}
  graph:
{graph}
runtime: {{backend: {backend}}}
"""
_HEADS = (
    "{{MultiHeadAttention: {{num_heads: 2, key_dim: 3{more}}}, from: {{query: x, value: x}}{call}}}"
)


def backends_that_refuse(*graph, inputs="x: [5, 4]"):
    """Return the backends on which a graph cannot run; nothing else is found in it."""
    entries = "\n".join(f"    - {entry}" for entry in graph)
    found = {
        backend: found_codes(_GRAPH.format(inputs=inputs, graph=entries, backend=backend))
        for backend in ("tensorflow", "jax", "torch")
    }
    assert {code for codes in found.values() for code in codes} <= {"DL519"}
    return [backend for backend, codes in found.items() if codes]


@pytest.mark.parametrize(
    ("more", "call", "refused"),
    [
        ("", "", []),
        (", value_dim: 3", "", []),
        (", value_dim: 4", "", ["jax"]),
        (", value_dim: 4, dropout: 0.1", "", []),
        (", value_dim: 4", ", call: {return_attention_scores: true}", []),
        (", value_dim: 4", ", call: {return_attention_scores: false}", ["jax"]),
        (", value_dim: 4", ", call: {use_causal_mask: true}", ["jax"]),
    ],
)
def test_jax_wants_one_width_for_the_heads_that_it_computes_itself(more, call, refused):
    assert backends_that_refuse(_HEADS.format(more=more, call=call)) == refused


def test_heads_over_more_axes_are_computed_by_keras():
    heads = _HEADS.format(more=", value_dim: 4", call="")
    assert backends_that_refuse(heads, inputs="x: [5, 6, 4]") == []


@pytest.mark.parametrize(
    ("cell", "refused"),
    [
        ("{StackedRNNCells: [{GRUCell: 4}]}", ["jax"]),
        ("{StackedRNNCells: [{GRUCell: 4}, {GRUCell: 4}]}", []),
        ("{GRUCell: 4}", []),
    ],
)
def test_jax_cannot_scan_a_stack_of_one_cell(cell, refused):
    assert backends_that_refuse(f"RNN: {{cell: {cell}}}") == refused


@pytest.mark.parametrize(
    ("axis", "refused"),
    [
        ("-1", []),
        ("3", []),
        ("1", ["torch"]),
        ("-2", ["torch"]),
        ("[1, 2]", ["torch"]),
        ("[2, 1]", ["torch"]),
        ("[2, 3]", []),
        ("[1, 2, 3]", []),
        # What are no neighbours is normalized by Keras itself.
        ("[1, 3]", []),
    ],
)
def test_torch_normalizes_the_last_axes_only(axis, refused):
    entry = f"LayerNormalization: {{axis: {axis}}}"
    assert backends_that_refuse(entry, inputs="x: [5, 6, 4]") == refused


def test_only_the_layer_that_reads_a_sparse_input_cannot_run_on_torch():
    graph = ["{Dense: 4, from: x}", "{Dense: 4, from: y, name: two}", "{Add, from: [dense, two]}"]
    assert backends_that_refuse(*graph, inputs="x: {shape: [9], sparse: true}, y: [4]") == ["torch"]
    assert backends_that_refuse(*graph, inputs="x: [9], y: [4]") == []


def test_a_sparse_output_is_tensorflows_alone():
    encoding = "CategoryEncoding: {{num_tokens: 4, output_mode: multi_hot, sparse: {}}}"
    ids = "x: {shape: [5], dtype: int32}"
    assert backends_that_refuse(encoding.format("true"), inputs=ids) == ["jax", "torch"]
    assert backends_that_refuse(encoding.format("false"), inputs=ids) == []


def test_a_layer_inside_a_layer_and_in_a_model_is_seen():
    hashed = "TimeDistributed: {layer: {Hashing: 9}}"
    assert backends_that_refuse(hashed, inputs="x: {shape: [5, 3], dtype: int32}") == [
        "jax",
        "torch",
    ]
    model = _GRAPH.replace(
        "  graph:", "  models: {{m: {{inputs: {{y: [5]}}, graph: [{{Hashing: 9}}]}}}}\n  graph:"
    )
    text = model.format(
        inputs="x: {shape: [5], dtype: int32}", graph="    - {use: m}", backend="jax"
    )
    assert "DL519" in found_codes(text)


@pytest.mark.parametrize(
    ("entry", "inputs", "backend", "reason"),
    [
        (
            "Hashing: 9",
            "x: {shape: [5], dtype: int32}",
            "torch",
            "`Hashing` runs on tensorflow only",
        ),
        (
            "CategoryEncoding: {num_tokens: 4, sparse: true}",
            "x: {shape: [5], dtype: int32}",
            "jax",
            "`sparse: true` works on tensorflow only",
        ),
    ],
)
def test_the_reason_is_told(entry, inputs, backend, reason):
    text = _GRAPH.format(inputs=inputs, graph=f"    - {entry}", backend=backend)
    assert [one.label for one in findings(text)] == [reason]
