"""`prediction.generate` against data, loss and graph: each condition by a spec of its own."""

import pytest
from image_specs import findings

_SAID = """\
dlspec: 1
name: example
data:
  source: {{csv: a.csv}}
  inputs:
    source: {{tokens: a, length: 6, vocabulary: 10}}
    said: {said}
  targets:
    next: {target}
model:
  inputs:
    source: {{shape: [6], dtype: int32}}
    said: {{shape: [6], dtype: int32}}
  graph:
    - {{Embedding: [12, 8], name: read, from: source}}
    - {{GRU: {{units: 8, return_state: true}}, name: encoder}}
    - {{Embedding: [12, 8], name: vectors, from: said}}
    - {{GRU: {{units: 8, return_sequences: true}}, name: steps, call: {{initial_state: encoder.h}}}}
{graph}    - {{Dense: 10, name: next}}
training:
  epochs: 5
  loss: {loss}
prediction:
  generate: {{{generate}}}
"""


def findings_in_generation(*graph, **said):
    """Return all that is found in a spec that generates."""
    filled = {
        "said": "{tokens: b, length: 6, vocabulary: 10}",
        "target": "{tokens: c, length: 6, vocabulary: 10}",
        "loss": "{SparseCategoricalCrossentropy: {from_logits: true}}",
        "generate": "input: said, start: 1",
        **said,
        "graph": "".join(f"    - {entry}\n" for entry in graph),
    }
    return findings(_SAID.format(**filled))


def found_in_generation(*graph, **said):
    """Return the codes of all that is found in a spec that generates."""
    return [one.code.value for one in findings_in_generation(*graph, **said)]


def test_a_spec_that_generates_is_without_findings():
    assert found_in_generation() == []


@pytest.mark.parametrize(
    ("generate", "found"),
    [
        ("input: said, start: 9", []),
        ("input: said, start: 10", ["DL204"]),
        ("input: said, start: 1, stop: 9", []),
        ("input: said, start: 1, stop: 10", ["DL204"]),
        ("input: said, start: 1, length: 6", []),
        ("input: said, start: 1, length: 7", ["DL204"]),
        ("input: said, start: 1, beam: 10", []),
        ("input: said, start: 1, beam: 11", ["DL204"]),
        ("input: said, start: 1, output: next", []),
        ("input: said, start: 1, output: nxt", ["DL301"]),
        ("input: sad, start: 1", ["DL301"]),
        ("input: sad, start: 1, output: nxt", ["DL301", "DL301"]),
    ],
)
def test_what_is_generated_is_within_what_the_features_hold(generate, found):
    assert found_in_generation(generate=generate) == found


@pytest.mark.parametrize(
    ("vocabulary", "generate", "found"),
    [
        # The input may know more ids than the output gives, not fewer.
        (12, "input: said, start: 11", []),
        (12, "input: said, start: 12", ["DL204"]),
        (12, "input: said, start: 1, stop: 10", ["DL204"]),
        (12, "input: said, start: 1, beam: 11", ["DL204"]),
        (9, "input: said, start: 1", ["DL518"]),
    ],
)
def test_the_input_takes_back_every_id_of_the_output(vocabulary, generate, found):
    said = f"{{tokens: b, length: 6, vocabulary: {vocabulary}}}"
    assert found_in_generation(said=said, generate=generate) == found


@pytest.mark.parametrize(
    ("loss", "found"),
    [
        ("{next: {SparseCategoricalCrossentropy: {from_logits: true}}}", []),
        ("MeanSquaredError", ["DL518"]),
        ("{next: MeanSquaredError}", ["DL518"]),
        ("{CategoricalCrossentropy: {from_logits: true}}", ["DL518"]),
    ],
)
def test_the_output_is_trained_as_a_distribution_over_ids(loss, found):
    assert found_in_generation(loss=loss) == found


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("Conv1D: [8, 3, {padding: causal}]", []),
        ("Conv1D: [8, 3, {padding: same}]", ["DL517"]),
        ("GRU: {units: 8, return_sequences: true}", []),
        ("GRU: {units: 8, return_sequences: true, go_backwards: true}", ["DL517"]),
        ("{Attention, from: [steps, vectors]}", ["DL517"]),
        ("{Attention, from: [steps, vectors], call: {use_causal_mask: true}}", []),
        ("{Attention, from: [steps, read]}", []),
        # Where the text does not tell, generation tries it on data.
        ("Permute: [1, 2]", []),
    ],
)
def test_no_layer_looks_ahead_of_what_is_said(entry, found):
    assert found_in_generation(entry) == found


@pytest.mark.parametrize(
    ("entry", "seen", "repair"),
    [
        (
            "GRU: {units: 8, return_sequences: true, go_backwards: true}",
            "all of `said`",
            "leave `go_backwards` out",
        ),
        (
            "{GRU: 8, name: last}\n    - RepeatVector: 6",
            "all of `said`",
            "add `return_sequences: true`",
        ),
        (
            "{GRU: {units: 8, return_sequences: true, return_state: true}, name: g}\n"
            "    - {RepeatVector: 6, from: g.h}\n    - {Add, from: [g, repeat_vector]}",
            "all of `said`",
            "hand on its sequence and not its state",
        ),
        (
            "Bidirectional: {layer: {GRU: {units: 4, return_sequences: true}}}",
            "all of `said`",
            "take its layer out of `Bidirectional`",
        ),
        (
            "{AdditiveAttention, from: [steps, vectors]}",
            "all of `said`",
            "add `call: {use_causal_mask: true}`",
        ),
        ("Conv1D: [8, 5, {padding: same}]", "`said` up to t + 2", "write `padding: causal`"),
        (
            "SeparableConv1D: [8, 3, {padding: same}]",
            "`said` up to t + 1",
            "write `padding: valid`, and put `ZeroPadding1D: {padding: [n, 0]}` before it",
        ),
        (
            "{GlobalAveragePooling1D: {keepdims: true}, name: mean}\n"
            "    - {Add, from: [steps, mean]}",
            "all of `said`",
            "use a layer whose position t reads the positions up to t",
        ),
        (
            "ops.softmax: {axis: 1}",
            "all of `said`",
            "use a layer whose position t reads the positions up to t",
        ),
    ],
)
def test_the_repair_of_a_look_ahead_is_that_of_the_layer(entry, seen, repair):
    ahead = [one for one in findings_in_generation(entry) if one.code.value == "DL517"]
    label = f"position t of it reads {seen}"
    assert [(one.label, one.help) for one in ahead] == [(label, repair)]


def test_what_depends_on_nothing_said_generates_nothing():
    graph = "{RepeatVector: 6, from: encoder.h}", "{Add, from: [repeat_vector, read]}"
    assert sorted(found_in_generation(*graph)) == ["DL306"] * 3 + ["DL518"]


def labels_of_generation(**said):
    return [one.label for one in findings_in_generation(**said) if one.code.value == "DL518"]


def test_an_input_and_a_target_of_another_kind_say_no_ids():
    numbers = "{sequence: b, length: 6, features: 1}"
    assert labels_of_generation(said=numbers) == ["its feature is neither `tokens` nor `text`"]
    vector = "{vector: [" + ", ".join("abcdefghij") + "]}"
    assert labels_of_generation(target=vector) == ["its target is neither `tokens` nor `text`"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [(6, 6, []), (5, 6, ["DL518", "DL601"]), (6, 5, ["DL518", "DL604"])],
)
def test_what_goes_in_is_as_long_as_what_comes_out(one, other, found):
    said = f"{{tokens: b, length: {one}, vocabulary: 10}}"
    target = f"{{tokens: c, length: {other}, vocabulary: 10}}"
    assert sorted(found_in_generation(said=said, target=target)) == found
