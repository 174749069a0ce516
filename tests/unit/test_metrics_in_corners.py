"""Metrics and outputs that few specs have: each kind written out."""

from pathlib import Path

import numpy as np
import pytest
from refusals import told

import dlspec
from dlspec.language.features import NumberFeature, TensorFeature, TokensFeature
from dlspec.language.metrics import METRIC_OF
from dlspec.resolve.plan import canonical_data
from dlspec_pipelines.steps.evaluation.computable_metrics import _require_defined
from dlspec_pipelines.steps.evaluation.measures import FUNCTIONS, reduced_to_rows
from dlspec_pipelines.steps.evaluation.outputs import (
    Head,
    Predicted,
    draw_of_plan_document,
    in_one_width,
    read_output,
    signature_of_plan_document,
)

STRIPS = Path(__file__).parents[2] / "specs/digit_strips_ctc.yaml"
PAIRS = """
dlspec: 1
name: m
data:
  source: {csv: a.csv}
  inputs: {x: {number: x}}
  targets: {c: {class: c, classes: 3}}
  sampling: {pairs: c, seed: 4}
model:
  inputs: {left: [1], right: [1]}
  graph:
    - {Concatenate: {}, from: [left, right]}
    - {Dense: 1, name: same}
training: {epochs: 1, loss: {BinaryCrossentropy: {from_logits: true}}}
"""


@pytest.mark.parametrize(
    ("metric", "feature", "true", "lack"),
    [
        ("r2", NumberFeature("y"), np.zeros((1, 1)), "on a single test row"),
        ("r2", NumberFeature("y"), np.zeros((0, 1)), "on 0 test rows"),
        (
            "r2",
            NumberFeature("y"),
            np.ones((3, 1)),
            "where the target `y` of all test rows is the same",
        ),
        (
            "mape",
            TensorFeature("y", (2,)),
            np.array([[1, 2], [3, 0]]),
            "where the target `y` of a test row is 0",
        ),
        (
            "token_accuracy",
            TokensFeature("y", 3, 9),
            np.zeros((2, 3)),
            "where no test row of `y` holds an id beside padding",
        ),
        (
            "generated_bleu",
            TokensFeature("y", 5, 9),
            np.array([[1, 2, 3, 0, 0]]),
            "where no test row of `y` holds 4 ids beside padding",
        ),
    ],
)
def test_what_test_rows_lack(metric, feature, true, lack):
    assert told(_require_defined, METRIC_OF[metric], "y", feature, true) == (
        f"`{metric}` is not defined {lack}",
        "choose test rows on which it is, or leave the metric out",
    )


def test_the_log_loss_of_labels_is_that_of_one_number_a_row():
    draws = np.random.default_rng(2)
    true = draws.integers(0, 2, (6, 3))
    shares = draws.random((6, 3), dtype=np.float32)
    reduced = reduced_to_rows("log_loss", Predicted("labels", true, true, shares))
    expected = -np.log(np.where(true == 1, shares, 1 - shares)).mean()
    assert FUNCTIONS["log_loss"](reduced) == pytest.approx(expected, rel=1e-5)
    assert (reduced.probability.shape, reduced.probability.dtype) == ((6,), np.float32)
    some = np.array([0, 0, 4])
    expected = -np.log(np.where(true == 1, shares, 1 - shares))[some].mean()
    assert FUNCTIONS["log_loss"](reduced.take(some)) == pytest.approx(expected, rel=1e-5)


def test_ids_of_two_lengths_come_to_one_width():
    true, guess = in_one_width(
        np.array([[1, 2, 3]]),
        np.array(
            [
                [4.0],
            ]
        ),
    )
    assert (true.tolist(), guess.tolist()) == ([[1, 2, 3]], [[4, 0, 0]])
    assert (true.dtype, guess.dtype) == (np.int32, np.int32)
    found = read_output(
        Head("y", "sequence", one_hot=False, from_logits=None), np.array([[7, 8]]), [[5]]
    )
    assert (found.kind, found.true.tolist(), found.guess.tolist()) == (
        "sequence",
        [[5, 0]],
        [[7, 8]],
    )


def test_a_binary_is_1_above_its_threshold():
    shares = np.array([[0.25], [0.5], [0.75]])
    head = Head("y", "binary", one_hot=False, from_logits=False, threshold=0.5)
    found = read_output(head, shares, np.array([[1], [1], [0]]))
    assert found.guess.tolist() == [0, 0, 1]


@pytest.mark.parametrize("beam", [2, 5])
def test_the_plan_of_a_run_says_how_sequences_are_decoded(beam):
    plan = canonical_data(dlspec.loads(STRIPS.read_text().replace("beam: 4", f"beam: {beam}")))
    (head,) = signature_of_plan_document(plan).heads
    assert (head.name, head.kind, head.beam) == ("digits", "sequence", beam)
    # Runs of before these were keys say nothing of them.
    for key in ("losses", "prediction"):
        del plan[key]
    del plan["data"]["sampling"]
    assert signature_of_plan_document(plan).heads[0].beam == 1
    assert draw_of_plan_document(plan) is None


def test_the_plan_of_a_run_says_how_its_rows_were_joined():
    plan = canonical_data(dlspec.loads(PAIRS))
    drawn = draw_of_plan_document(plan)
    assert (drawn.pairs, drawn.seed) == ("c", 4)
    found = signature_of_plan_document(plan)
    assert [(head.name, head.kind, head.from_logits) for head in found.heads] == [
        ("same", "binary", True)
    ]
    assert (found.inputs, found.outputs) == (("left", "right"), ("same",))
