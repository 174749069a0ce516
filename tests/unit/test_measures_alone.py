"""Corners of the metrics: undefined ones word for word, and the figures of scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics

from dlspec_pipelines.steps.evaluation.beam_search import Rules
from dlspec_pipelines.steps.evaluation.generated_metrics import beside_truth, measure_generated
from dlspec_pipelines.steps.evaluation.measures import (
    FUNCTIONS,
    Measures,
    measure_targets,
    reduced_to_rows,
    right_rows,
    value_or_reason,
)
from dlspec_pipelines.steps.evaluation.outputs import IGNORED, Predicted
from dlspec_pipelines.steps.step_errors import NotDefined, StepError


def undefined(name, p):
    with pytest.raises(NotDefined) as caught:
        FUNCTIONS[name](p)
    return caught.value.message, caught.value.help


STRATIFY = "leave the metric out, or split with `stratify`"
PROBABILITY = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3]], dtype=np.float32)
CLASSES = np.array([0, 1, 1])


def test_metrics_that_are_not_defined_say_why():
    classes = Predicted("class", CLASSES, CLASSES, PROBABILITY)
    assert undefined("roc_auc", classes) == (
        "`roc_auc` is not defined: no sample has the class 2",
        STRATIFY,
    )
    for true, which in ((0, "no sample has"), (1, "all samples have")):
        binary = Predicted("binary", np.full(2, true), np.ones(2), np.array([0.2, 0.7]))
        assert undefined("roc_auc", binary) == (
            f"`roc_auc` is not defined: {which} the class 1",
            STRATIFY,
        )
    labels = np.array([[1, 0], [0, 0]])
    several = Predicted("labels", labels, labels, np.array([[0.9, 0.2], [0.1, 0.3]]))
    assert undefined("roc_auc", several)[0] == "`roc_auc` is not defined: no sample has the label 1"
    odd = Predicted("binary", np.array([0, 1]), np.ones(2), np.array([np.nan, 0.7]))
    assert undefined("roc_auc", odd) == (
        "`roc_auc` is not defined: the model gave scores that are not finite",
        None,
    )
    assert undefined("log_loss", Predicted("class", CLASSES, CLASSES)) == (
        "`log_loss` needs probabilities, and the training's loss knows none",
        "train with a crossentropy, or leave the metric out",
    )
    nothing = np.zeros((2, 3), dtype=int)
    assert undefined("f1_weighted", Predicted("labels", nothing, nothing)) == (
        "`f1_weighted` is not defined: no sample has a label",
        None,
    )
    place = Predicted("mask", np.full((1, 2), IGNORED), np.zeros((1, 2), dtype=int))
    for name in ("pixel_accuracy", "mean_iou"):
        assert undefined(name, place) == (
            "the accuracy of a mask is not defined: no place is of a class",
            None,
        )
    assert undefined("token_accuracy", Predicted("tokens", nothing, nothing + 1)) == (
        "the accuracy of ids is not defined: the targets hold padding alone",
        None,
    )
    same = np.full((3, 1), 2.0)
    assert undefined("r2", Predicted("number", same, same + 1)) == (
        "`r2` is not defined: the targets of all samples are the same",
        None,
    )


def test_masks_are_measured_where_a_place_is_of_a_class():
    true = np.array([[0, 0, 1, IGNORED], [1, 3, 3, IGNORED]])
    guess = np.array([[0, 1, 1, 2], [1, 3, 0, 1]])
    mask, counted = Predicted("mask", true, guess), true != IGNORED
    assert FUNCTIONS["pixel_accuracy"](mask) == pytest.approx(4 / 6)
    expected = sklearn.metrics.jaccard_score(true[counted], guess[counted], average="macro")
    assert FUNCTIONS["mean_iou"](mask) == pytest.approx(expected)


def test_labels_are_measured_as_scikit_learn_does():
    rng = np.random.default_rng(3)
    true, guess = rng.integers(0, 2, (40, 4)), rng.integers(0, 2, (40, 4))
    true[:, 3] = guess[:, 3] = 0
    p = Predicted("labels", true, guess)
    for average in ("micro", "macro", "weighted"):
        expected = sklearn.metrics.f1_score(true, guess, average=average, zero_division=0)
        assert FUNCTIONS[f"f1_{average}"](p) == pytest.approx(expected)
    assert FUNCTIONS["accuracy"](p) == pytest.approx(sklearn.metrics.accuracy_score(true, guess))
    hamming = sklearn.metrics.hamming_loss(true, guess)
    assert FUNCTIONS["label_accuracy"](p) == pytest.approx(1 - hamming)
    assert right_rows(p).tolist() == (true == guess).all(axis=1).tolist()


def test_a_probability_of_0_costs_no_more_than_the_least_that_its_type_holds():
    for kind in (np.float32, np.float64):
        sure = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=kind)
        wrong = Predicted("class", np.array([1, 0]), np.array([0, 1]), sure)
        assert FUNCTIONS["log_loss"](wrong) == pytest.approx(-np.log(np.finfo(kind).eps), rel=1e-6)
        right = Predicted("class", np.array([0, 1]), np.array([0, 1]), sure)
        assert 0 < FUNCTIONS["log_loss"](right) < 1e-6
    unscaled = Predicted("class", CLASSES, CLASSES, PROBABILITY * 2)
    expected = sklearn.metrics.log_loss(CLASSES, PROBABILITY, labels=[0, 1, 2])
    assert FUNCTIONS["log_loss"](unscaled) == pytest.approx(expected, rel=1e-5)
    binary = Predicted("binary", np.array([1, 0]), np.array([1, 1]), np.array([0.8, 0.7]))
    assert FUNCTIONS["log_loss"](binary) == pytest.approx(-np.log([0.8, 0.3]).mean())


def test_the_variance_is_explained_for_each_column_as_scikit_learn_does():
    true = np.array([[1, 5, 7], [2, 5, 7], [4, 5, 7]])
    guess = np.array([[1, 5, 6], [3, 5, 7], [4, 5, 8]])
    found = FUNCTIONS["r2"](Predicted("number", true, guess))
    assert found == pytest.approx(sklearn.metrics.r2_score(true, guess))
    # Integers of a narrow type do not overflow.
    narrow = Predicted("number", (true * 30).astype(np.uint8), (guess * 30).astype(np.uint8))
    assert FUNCTIONS["r2"](narrow) == pytest.approx(found)
    assert FUNCTIONS["mae"](narrow) == pytest.approx(30 * np.abs(guess - true).mean())
    constant = Predicted("number", true[:, :2], guess[:, :2])
    assert FUNCTIONS["r2"](constant) == pytest.approx(
        sklearn.metrics.r2_score(true[:, :2], guess[:, :2])
    )


@pytest.mark.parametrize(
    ("name", "p"),
    [
        ("mae", Predicted("number", np.zeros((4, 2, 3)), np.arange(24.0).reshape(4, 2, 3))),
        ("mse", Predicted("number", np.zeros((4, 2)), np.arange(8.0).reshape(4, 2))),
        ("rmse", Predicted("number", np.zeros((4, 2)), np.arange(8.0).reshape(4, 2))),
        ("log_loss", Predicted("class", CLASSES, CLASSES, PROBABILITY)),
    ],
)
def test_rows_that_are_drawn_over_and_over_have_one_number_each(name, p):
    reduced = reduced_to_rows(name, p)
    assert FUNCTIONS[name](reduced) == pytest.approx(FUNCTIONS[name](p), rel=1e-6)
    assert {np.asarray(a).ndim for a in (reduced.true, reduced.guess)} == {1}
    rows = np.array([0, 2, 2])
    assert FUNCTIONS[name](reduced.take(rows)) == pytest.approx(
        FUNCTIONS[name](p.take(rows)), rel=1e-6
    )


def test_other_metrics_keep_what_they_read():
    p = Predicted("class", CLASSES, CLASSES, PROBABILITY, PROBABILITY)
    assert reduced_to_rows("roc_auc", p) is p
    answers = reduced_to_rows("accuracy", p)
    assert (answers.true is p.true, answers.guess is p.guess) == (True, True)
    assert (answers.probability, answers.score) == (None, None)


def test_several_targets_have_their_mean_and_each_its_own():
    one = Predicted("number", np.zeros((2, 1)), np.ones((2, 1)))
    other = Predicted("number", np.zeros((2, 1)), np.full((2, 1), np.inf))
    kind = Predicted("class", np.array([0, 1]), np.array([0, 1]))
    measured = measure_targets(("mae", "accuracy"), {"a": one, "b": one, "k": kind})
    assert measured.values == {"mae": 1.0, "a_mae": 1.0, "b_mae": 1.0, "accuracy": 1.0}
    lost = measure_targets(("mae",), {"a": one, "b": other})
    why = "`mae` came out as inf: what the model predicts is not finite, or too large"
    assert lost.undefined == {"mae": f"{why} (target `b`)", "b_mae": why}
    assert lost.values == {"a_mae": 1.0}
    assert measure_targets(("mae",), {"b": other}).undefined == {"mae": why}
    assert value_or_reason(FUNCTIONS["mae"], other, name="mae") == why
    with pytest.raises(StepError) as caught:
        measure_targets(("accuracy",), {"a": one})
    assert (caught.value.message, caught.value.help) == (
        "`accuracy` fits no target of the spec",
        "choose one of `mae`, `mse`, `rmse`, `mape`, `smape`, `pinball_10`, `pinball_50`, "
        "`pinball_90`, `r2`",
    )
    joined = Measures({"a": 1.0}, {"x": "why"}).joined(Measures({"b": 2.0}, {"y": "how"}))
    assert joined == Measures({"a": 1.0, "b": 2.0}, {"x": "why", "y": "how"})


# -- generated sequences -------------------------------------------------------------------------

RULES = Rules(stop=9, length=6, beam=1, length_penalty=1.0)
TRUE = np.array([[2, 3, 4, 5, 9, 0], [8, 2, 9, 0, 0, 0]])


def test_generated_sequences_are_measured_up_to_the_id_that_ends_them():
    names = (
        "generated_token_accuracy",
        "generated_sequence_accuracy",
        "generated_bleu",
        "accuracy",
    )
    same = measure_generated(names, beside_truth(TRUE, TRUE[:, :5], RULES))
    assert same.values == dict.fromkeys(names[:3], 1.0)
    said = np.array([[2, 3, 4, 7, 9], [8, 2, 9, 0, 0]])
    found = measure_generated(names, beside_truth(TRUE, said, RULES)).values
    assert found["generated_token_accuracy"] == pytest.approx(7 / 8)
    assert found["generated_sequence_accuracy"] == 0.5
    # No run of four ids is right.
    assert found["generated_bleu"] == 0.0
    longer = np.array([[2, 3, 4, 5, 7, 9], [8, 2, 9, 0, 0, 0]])
    found = measure_generated(names, beside_truth(TRUE, longer, RULES)).values
    # By hand: 6 of 7 single ids, 4 of 5 pairs, 2 of 3 threes, 1 of 2 fours; not shorter.
    by_hand = (6 / 7 * 4 / 5 * 2 / 3 * 1 / 2) ** 0.25
    assert found["generated_bleu"] == pytest.approx(by_hand)
    shorter = np.array([[2, 3, 4, 5, 9, 0], [8, 9, 0, 0, 0, 0]])
    found = measure_generated(names, beside_truth(TRUE, shorter, RULES)).values
    # 5 of 5, 3 of 3, 2 of 2, 1 of 1, times what a text of 5 for 6 ids loses.
    assert found["generated_bleu"] == pytest.approx(np.exp(1 - 6 / 5))


def test_targets_of_fewer_than_four_ids_have_no_bleu():
    short = np.array([[2, 3, 4, 9], [8, 9, 0, 0]])
    measured = measure_generated(("generated_bleu",), beside_truth(short, short, RULES))
    assert measured.undefined == {
        "generated_bleu": "`generated_bleu` is not defined: no target has 4 ids"
    }
    # Without an id that ends a sequence, padding does.
    rules = Rules(stop=None, length=6, beam=1, length_penalty=1.0)
    padded = np.array([[2, 3, 4, 5, 0, 0]])
    found = measure_generated(("generated_bleu",), beside_truth(padded, padded, rules))
    assert found.values == {"generated_bleu": 1.0}
