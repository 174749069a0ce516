"""What a model gives -> what it says of a target: written out for each kind."""

import numpy as np
import pytest

import dlspec
from dlspec_pipelines.steps.data_memory import is_mapped
from dlspec_pipelines.steps.evaluation.outputs import (
    IGNORED,
    GatheredPredictions,
    Head,
    Predicted,
    read_output,
    signature_of,
)

# exp(0), exp(ln 3): the softmax is 1/4 and 3/4, the sigmoid of the latter 3/4.
LN3 = np.log(3.0)


def head(kind, *, one_hot=False, from_logits=False, ignore=None):
    return Head("y", kind, one_hot, from_logits, ignore)


def test_classes_are_the_largest_output_of_ids_and_of_one_hot_vectors():
    output = np.array([[0.0, LN3], [LN3, 0.0]])
    ids = read_output(head("class", from_logits=True), output, np.array([[1], [1]]))
    assert ids.true.tolist() == [1, 1]
    assert ids.guess.tolist() == [1, 0]
    assert ids.probability.tolist() == [pytest.approx([0.25, 0.75]), pytest.approx([0.75, 0.25])]
    assert ids.score is None
    vectors = np.array([[0, 1], [0, 1]])
    again = read_output(head("class", one_hot=True, from_logits=True), output, vectors)
    assert again.true.tolist() == [1, 1]


@pytest.mark.parametrize("kind", ["binary", "labels"])
def test_a_half_divides_probabilities_and_zero_divides_logits(kind):
    shares, logits = np.array([[0.4], [0.6]]), np.array([[-LN3], [LN3]])
    target = np.array([[1], [1]])
    of_shares = read_output(head(kind), shares, target)
    of_logits = read_output(head(kind, from_logits=True), logits, target)
    assert of_shares.guess.reshape(-1).tolist() == [0, 1]
    assert of_logits.guess.reshape(-1).tolist() == [0, 1]
    assert of_shares.true.reshape(-1).tolist() == [1, 1]
    assert of_shares.probability.reshape(-1).tolist() == pytest.approx([0.4, 0.6])
    assert of_logits.probability.reshape(-1).tolist() == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("kind", ["class", "binary", "labels"])
def test_margins_order_the_samples_and_are_no_probabilities(kind):
    margins = np.array([[-0.5, 0.25], [0.5, 0.75]]) if kind != "binary" else np.array([[-2], [0.1]])
    target = np.zeros((2, 2)) if kind == "labels" else np.zeros((2, 1))
    found = read_output(head(kind, from_logits=None), margins, target)
    assert found.probability is None
    np.testing.assert_array_equal(found.score, margins.reshape(found.score.shape).astype("f4"))
    assert found.guess.tolist() == {"class": [1, 1], "binary": [0, 1]}.get(kind, [[0, 1], [1, 1]])


def test_logits_of_one_sample_say_nothing_of_another():
    # exp(2000) is no number of a computer, and neither is 0 / 0.
    output = np.array([[0.0, LN3], [2000.0, 2000.0 + LN3]])
    found = read_output(head("class", from_logits=True), output, np.array([[1], [1]]))
    np.testing.assert_allclose(found.probability, [[0.25, 0.75], [0.25, 0.75]], rtol=1e-3)


def test_places_of_no_class_are_marked_in_a_mask():
    output = np.array([[[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]])
    found = read_output(head("mask", ignore=255), output, np.array([[1, 255, 0]]))
    assert found.true.tolist() == [[1, IGNORED, 0]]
    assert found.guess.tolist() == [[1, 0, 1]]


def test_tokens_are_the_largest_output_at_each_place():
    output = np.array([[[0.1, 0.9, 0], [0.8, 0.1, 0.1]]])
    found = read_output(head("tokens"), output, np.array([[2, 0]]))
    assert (found.kind, found.true.tolist(), found.guess.tolist()) == ("tokens", [[2, 0]], [[1, 0]])


def test_numbers_take_the_form_of_their_target():
    found = read_output(head("number"), np.array([[1.0, 2.0]]), np.array([[[3.0], [4.0]]]))
    assert found.guess.tolist() == [[[1.0], [2.0]]]
    assert found.true.tolist() == [[[3.0], [4.0]]]


def _gathered(parts, memory=None):
    samples = GatheredPredictions(sum(len(part.true) for part in parts), memory=memory)
    for part in parts:
        samples.add(part)
    return samples.joined()


def test_predictions_that_memory_has_no_room_for_are_mapped(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    draw = np.random.default_rng(0)
    parts = [
        Predicted("class", ids[0], ids[1], draw.random((7, 3), dtype=np.float32))
        for ids in draw.integers(0, 3, (4, 2, 7))
    ]
    free, little = _gathered(parts), _gathered(parts, memory=8)
    for name in ("true", "guess", "probability"):
        assert is_mapped(getattr(little, name))
        expected = np.concatenate([getattr(part, name) for part in parts])
        for found in (free, little):
            assert getattr(found, name).dtype == expected.dtype
            np.testing.assert_array_equal(getattr(found, name), expected)


def test_stretches_of_samples_join_in_order_and_rows_are_taken_from_all_of_them():
    first = Predicted("binary", np.array([0]), np.array([1]), np.array([0.75]))
    second = Predicted("binary", np.array([1, 0]), np.array([0, 0]), np.array([0.25, 0.5]))
    both = _gathered([first, second])
    assert both.true.tolist() == [0, 1, 0]
    assert both.guess.tolist() == [1, 0, 0]
    assert both.probability.tolist() == [0.75, 0.25, 0.5]
    assert both.score is None
    last = both.take(np.array([2, 0]))
    assert (last.true.tolist(), last.probability.tolist()) == ([0, 0], [0.5, 0.75])
    scored = _gathered([Predicted("class", *[np.array([1])] * 2, score=np.ones((1, 2)))])
    assert scored.score.tolist() == [[1, 1]]
    assert scored.take(np.array([0])).score.tolist() == [[1, 1]]


SPEC = """
dlspec: 1
name: m
data:
  source: {csv: a.csv}
  inputs: {b: {number: b}, a: {number: a}}
  targets:
    price: {number: price}
    kind: {class: kind, classes: 3, one_hot: true}
    sold: {binary: sold}
model:
  inputs: {b: [1], a: [1]}
  outputs: [sold, kind, price]
  graph:
    - {Concatenate, from: [b, a], name: both}
    - {Dense: [3, softmax], name: kind, from: both}
    - {Dense: 1, name: sold, from: both}
    - {Dense: 1, name: price, from: both}
training:
  epochs: 1
  loss: {kind: CategoricalCrossentropy, price: MeanSquaredError, sold: SOLD}
"""


@pytest.mark.parametrize(
    ("loss", "from_logits"),
    [("{BinaryCrossentropy: {from_logits: true}}", True), ("Hinge", None)],
)
def test_a_plan_says_how_each_output_is_read_in_the_order_of_the_outputs(loss, from_logits):
    text = SPEC.replace("SOLD", loss)
    if loss == "Hinge":
        text = text.replace("{Dense: 1, name: sold", "{Dense: [1, tanh], name: sold")
    found = signature_of(dlspec.loads(text))
    assert found.inputs == ("b", "a")
    assert (found.inputs_as, found.outputs_as) == ("list", "list")
    assert found.heads == (
        Head("sold", "binary", one_hot=False, from_logits=from_logits),
        Head("kind", "class", one_hot=True, from_logits=False),
        Head("price", "number", one_hot=False, from_logits=False),
    )


def test_the_one_loss_of_a_plan_is_that_of_its_output_and_a_mask_keeps_what_is_ignored():
    text = """
dlspec: 1
name: m
data:
  source: {npz: a.npz}
  inputs: {x: {tensor: x, shape: [4, 1]}}
  targets: {y: {mask: y, shape: [4], classes: 2, ignore: 9}}
model: {inputs: {x: [4, 1]}, graph: [{Dense: 2, name: y}]}
training:
  epochs: 1
  loss: {SparseCategoricalCrossentropy: {from_logits: true, ignore_class: 9}}
"""
    (found,) = signature_of(dlspec.loads(text)).heads
    assert found == Head("y", "mask", one_hot=False, from_logits=True, ignore=9)
