"""A loss against its head and its target: each loss, each activation, each kind of target."""

import pytest
from image_specs import codes, found_codes, found_words, image_spec

_BINARY = """\
dlspec: 1
name: example
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{vector: [a, b]}}}}
  targets: {{y: {{binary: y}}}}
model:
  inputs: {{x: [2]}}
  graph:
    - {{{head}, name: y}}
training:
  epochs: 3
  loss: {loss}
"""
_WORDS = """\
dlspec: 1
name: example
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{tokens: x, length: 6, vocabulary: {words}}}}}
  targets: {{y: {{tokens: y, length: 6, vocabulary: 12}}}}
model:
  inputs: {{x: {{shape: [6], dtype: int32}}}}
  graph:
{graph}
    - {{Dense: {units}, name: y}}
training:
  epochs: 3
  loss: {{SparseCategoricalCrossentropy: {{from_logits: true}}}}
"""
_BOTH_WAYS = [
    ("BinaryCrossentropy", "sigmoid", _BINARY),
    ("BinaryFocalCrossentropy", "sigmoid", _BINARY),
    ("CategoricalCrossentropy", "softmax", None),
    ("CategoricalFocalCrossentropy", "softmax", None),
    ("SparseCategoricalCrossentropy", "softmax", None),
]


@pytest.mark.parametrize(("loss", "activation", "spec"), _BOTH_WAYS)
def test_each_crossentropy_takes_probabilities_or_logits_as_it_says(loss, activation, spec):
    def found(head_activation, from_logits):
        written = f"{{{loss}: {{from_logits: {from_logits}}}}}"
        if spec is not None:
            head = f"Dense: [1, {{activation: {head_activation}}}]"
            return found_codes(spec.format(head=head, loss=written))
        target = "" if loss.startswith("Sparse") else ", one_hot: true"
        return codes(target=target, activation=head_activation, loss=written)

    assert found(activation, "false") == []
    assert found("linear", "true") == []
    assert found("linear", "false") == ["DL501"]
    assert found(activation, "true") == ["DL502"]
    # What is neither is not judged.
    assert found("relu", "false") == []
    assert found("relu", "true") == []


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("Dense: 1", ["DL501"]),
        ("Dense: [1, {activation: null}]", ["DL501"]),
        ("Dense: [1, {activation: sigmoid}]", []),
        ("Dense: [1, {activation: {LeakyReLU: {negative_slope: 0.1}}}]", []),
        # What hides its activation is not judged.
        ("LSTM: 1", []),
    ],
)
def test_an_activation_is_read_off_the_layer_that_has_it(head, found):
    spec = _BINARY if head.startswith("Dense") else _BINARY.replace("[2]", "[2, 1]")
    text = spec.format(head=head, loss="BinaryCrossentropy")
    assert [code for code in found_codes(text) if code.startswith("DL5")] == found


@pytest.mark.parametrize("head", ["Softmax", "Activation: softmax"])
def test_a_softmax_of_its_own_gives_probabilities(head):
    logits = "{SparseCategoricalCrossentropy: {from_logits: true}}"
    assert codes("Flatten", "Dense: 10", head=head) == []
    assert codes("Flatten", "Dense: 10", head=head, loss=logits) == ["DL502"]


def test_a_sum_of_two_layers_shows_no_activation():
    graph = ["Flatten", "{Dense: 10, name: one}", "{Dense: 10, from: flatten}"]
    assert codes(*graph, head="Add, from: [one, flatten_1]") == []


@pytest.mark.parametrize(
    "loss",
    [
        *("Huber", "LogCosh", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
        *("MeanSquaredError", "MeanSquaredLogarithmicError"),
    ],
)
def test_no_loss_of_numbers_stands_on_class_ids(loss):
    assert codes(loss=loss) == ["DL516"]
    assert codes(loss=loss, target=", one_hot: true") == []


def test_a_loss_that_no_rule_knows_stands_on_classes():
    assert codes(loss="KLDivergence") == []
    assert codes(loss="KLDivergence", activation="sigmoid") == []


@pytest.mark.parametrize(
    ("words", "rows", "units", "found"),
    [
        (9, 9, 12, []),
        (9, 20, 12, []),
        (9, 8, 12, ["DL508"]),
        (9, 9, 11, ["DL506"]),
        (9, 9, 13, ["DL506"]),
    ],
)
def test_words_have_a_row_each_where_they_go_in_and_a_unit_each_where_they_come_out(
    words, rows, units, found
):
    graph = f"    - Embedding: [{rows}, 4]"
    assert found_codes(_WORDS.format(words=words, graph=graph, units=units)) == found


def test_only_the_embedding_that_reads_the_words_needs_a_row_for_each():
    graph = "    - Hashing: 5\n    - Embedding: [5, 4]"
    assert found_codes(_WORDS.format(words=9, graph=graph, units=12)) == []


def test_a_head_without_a_target_of_its_own_may_have_any_width():
    text = image_spec(units=9, loss="BinaryCrossentropy")
    assert found_codes(text) == ["DL505"]
    assert found_codes(text.replace("class: target, classes: 10", "vector: t, length: 9")) == []


_HEADS = """\
dlspec: 1
name: example
data:
  source: {{csv: a.csv}}
  inputs: {{x: {{vector: [a, b]}}}}
  targets: {{u: {first}, v: {second}}}
model:
  inputs: {{x: [2]}}
  outputs: [u, v]
  graph:
    - {{{head}, name: u, from: x}}
    - {{Dense: [{units}, {{activation: {activation}}}], name: v, from: x}}
training:
  epochs: 3
  loss: {{u: {loss}, v: {wrong}}}
"""
_CLASS = "{class: k, classes: 3}"
_SPARSE = "SparseCategoricalCrossentropy"
_FIT = ("{number: n}", "Dense: 1", "MeanSquaredError")
_FIT_CLASSES = (_CLASS, "Dense: [3, {activation: softmax}]", _SPARSE)


@pytest.mark.parametrize(
    ("first", "second", "units", "activation", "wrong", "found"),
    [
        # Nothing to say of logits, as the loss has none, or the layer hides whether it gives them.
        (_FIT, "{binary: b}", 1, "linear", "BinaryCrossentropy", ["DL501"]),
        (
            *((_CLASS, "BatchNormalization", "MeanSquaredError"), "{binary: b}", 1, "linear"),
            *("BinaryCrossentropy", ["DL506", "DL516", "DL501"]),
        ),
        # Not a class, or one that its loss fits.
        (_FIT, _CLASS, 3, "softmax", "CategoricalCrossentropy", ["DL504"]),
        (_FIT_CLASSES, _CLASS, 3, "softmax", "CategoricalCrossentropy", ["DL504"]),
        (_FIT_CLASSES, "{number: n}", 1, "linear", _SPARSE, ["DL501", "DL521"]),
        # No width to ask for, or a loss that has said so already.
        (_FIT, _CLASS, 4, "softmax", _SPARSE, ["DL506"]),
        (
            *((_CLASS, "Dense: [1, {activation: sigmoid}]", "BinaryCrossentropy"), _CLASS),
            *(4, "softmax", _SPARSE, ["DL505", "DL506"]),
        ),
        (_FIT, _CLASS, 3, "sigmoid", _SPARSE, ["DL507"]),
    ],
)
def test_a_head_that_is_in_order_does_not_hide_the_next(
    first, second, units, activation, wrong, found
):
    target, head, loss = first
    said = {"first": target, "head": head, "loss": loss, "second": second}
    text = _HEADS.format(**said, units=units, activation=activation, wrong=wrong)
    assert sorted(found_codes(text)) == sorted(found)


def test_a_head_is_told_by_the_units_it_has_for_words_and_for_classes():
    words = _WORDS.format(words=9, graph="    - Embedding: [9, 4]", units=11)
    assert found_words(words) == [
        ("11", "the head of `y` has 11 units for 12 ids", "11 here", "write `12`")
    ]
    assert found_words(image_spec(units=9)) == [
        ("9", "the head of `digit` has 9 units for 10 classes", "9 here", "write `10`")
    ]
