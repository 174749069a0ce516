import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from dlspec.language.metrics import COMPARABLE_METRICS, METRIC_OF, OUTPUT_METRICS
from dlspec.language.sections import Championship
from dlspec_pipelines.steps.edit_distances import edit_distances
from dlspec_pipelines.steps.evaluation.measures import FUNCTIONS, measure_targets, reduced_to_rows
from dlspec_pipelines.steps.evaluation.outputs import Head, Predicted, read_output
from dlspec_pipelines.steps.evaluation.paired_tests import (
    Asked,
    bootstrap_test,
    compare_pair,
    fewest_rows,
    is_better,
    mcnemar_test,
)
from dlspec_pipelines.steps.step_errors import NotDefined, StepError

CLASSES = 4
ACCURACY = Asked("accuracy", alpha=0.05, seed=0)
_SAMPLES = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.lists(st.integers(0, 9), min_size=4, max_size=4)),
    min_size=1,
    max_size=60,
)


def _classes(drawn) -> tuple[Predicted, np.ndarray]:
    true = np.array([label for label, _ in drawn], dtype=np.int32)
    logits = np.array([scores for _, scores in drawn], dtype=np.float32) / 3
    return read_output(Head("y", "class", one_hot=False, from_logits=True), logits, true), true


def test_every_metric_of_the_language_is_there():
    assert (*FUNCTIONS, *OUTPUT_METRICS) == COMPARABLE_METRICS


@given(_SAMPLES)
def test_class_metrics_are_those_of_scikit_learn(drawn):
    p, true = _classes(drawn)
    macro = {"average": "macro", "zero_division": 0}
    expected = {
        "accuracy": sk.accuracy_score(true, p.guess),
        "balanced_accuracy": np.mean(
            [(p.guess[true == c] == c).mean() for c in np.unique(true)],
        ),
        "precision_macro": sk.precision_score(true, p.guess, **macro),
        "recall_macro": sk.recall_score(true, p.guess, **macro),
        "f1_macro": sk.f1_score(true, p.guess, **macro),
        "f1_weighted": sk.f1_score(true, p.guess, average="weighted", zero_division=0),
        "log_loss": sk.log_loss(true, p.probability, labels=range(CLASSES)),
        "precision_weighted": sk.precision_score(
            true, p.guess, average="weighted", zero_division=0
        ),
        "recall_weighted": sk.recall_score(true, p.guess, average="weighted", zero_division=0),
        "brier": sk.brier_score_loss(true, p.probability, labels=range(CLASSES)),
    }
    if len({*true.tolist(), *p.guess.tolist()}) > 1:
        expected["kappa"] = sk.cohen_kappa_score(true, p.guess)
        expected["mcc"] = sk.matthews_corrcoef(true, p.guess)
    else:
        assert FUNCTIONS["mcc"](p) == 0
        with pytest.raises(NotDefined, match="all of one class"):
            FUNCTIONS["kappa"](p)
    for name, value in expected.items():
        assert FUNCTIONS[name](p) == pytest.approx(value, rel=1e-5, abs=1e-6), name


@given(_SAMPLES)
def test_the_area_under_the_curve_is_that_of_scikit_learn(drawn):
    p, true = _classes(drawn)
    if len(np.unique(true)) < CLASSES:
        for name in ("roc_auc", "average_precision"):
            with pytest.raises(StepError, match=f"`{name}` is not defined: (no|all) sample"):
                FUNCTIONS[name](p)
    else:
        one_hot = np.eye(CLASSES)[true]
        precision = sk.average_precision_score(one_hot, p.probability)
        assert FUNCTIONS["average_precision"](p) == pytest.approx(precision)
        expected = sk.roc_auc_score(true, p.probability, multi_class="ovr")
        assert FUNCTIONS["roc_auc"](p) == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-5, 5, width=16)), min_size=2, max_size=50))
def test_binary_metrics_are_those_of_scikit_learn(drawn):
    true = np.array([t for t, _ in drawn], dtype=np.float32)[:, None]
    logits = np.array([x for _, x in drawn], dtype=np.float32)[:, None]
    p = read_output(Head("y", "binary", one_hot=False, from_logits=True), logits, true)
    assert p.guess.tolist() == (logits[:, 0] > 0).astype(int).tolist()
    assert FUNCTIONS["log_loss"](p) == pytest.approx(
        sk.log_loss(p.true, p.probability, labels=[0, 1]), rel=1e-5
    )
    binary = {
        "precision": sk.precision_score(p.true, p.guess, zero_division=0),
        "f1": sk.f1_score(p.true, p.guess, zero_division=0),
        "brier": sk.brier_score_loss(p.true, p.probability, labels=[0, 1]),
    }
    if 0 < p.true.sum() < len(p.true):
        binary |= {
            "roc_auc": sk.roc_auc_score(p.true, p.probability),
            "average_precision": sk.average_precision_score(p.true, p.probability),
            "recall": sk.recall_score(p.true, p.guess),
            "specificity": sk.recall_score(p.true, p.guess, pos_label=0),
            "kappa": sk.cohen_kappa_score(p.true, p.guess),
            "mcc": sk.matthews_corrcoef(p.true, p.guess),
        }
    else:
        lacking = "recall" if not p.true.any() else "specificity"
        with pytest.raises(NotDefined, match=f"`{lacking}` is not defined: no sample has"):
            FUNCTIONS[lacking](p)
    for name, value in binary.items():
        assert FUNCTIONS[name](p) == pytest.approx(value, rel=1e-5, abs=1e-6), name


@given(
    st.lists(
        st.tuples(*[st.floats(-100, 100, width=32)] * 4),
        min_size=2,
        max_size=30,
    )
)
def test_regression_metrics_are_those_of_scikit_learn(drawn):
    numbers = np.array(drawn, dtype=np.float64)
    p = Predicted("number", numbers[:, :2], numbers[:, 2:])
    expected = {
        "mae": sk.mean_absolute_error(p.true, p.guess),
        "mse": sk.mean_squared_error(p.true, p.guess),
        "rmse": np.sqrt(sk.mean_squared_error(p.true, p.guess)),
        **{
            f"pinball_{percent}": sk.mean_pinball_loss(p.true, p.guess, alpha=percent / 100)
            for percent in (10, 50, 90)
        },
    }
    if p.true.all() and np.abs(p.true).min() < 1e-9:
        pass  # there scikit-learn divides by the smallest step of a float instead
    elif p.true.all():
        expected["mape"] = 100 * sk.mean_absolute_percentage_error(p.true, p.guess)
    else:
        with pytest.raises(NotDefined, match="the target of a sample is 0"):
            FUNCTIONS["mape"](p)
    if (p.true == p.true[0]).all():
        with pytest.raises(NotDefined, match="targets of all samples are the same"):
            FUNCTIONS["r2"](p)
    else:
        expected["r2"] = sk.r2_score(p.true, p.guess)
    for name, value in expected.items():
        assert FUNCTIONS[name](p) == pytest.approx(value, rel=1e-9), name


def test_the_symmetric_error_in_percent_is_bounded():
    true, guess = np.array([[1.0], [0.0], [2.0], [0.0]]), np.array([[3.0], [0.0], [2.0], [5.0]])
    # 2 of a mean size of 2, nothing, nothing, and all of twice the mean size.
    assert FUNCTIONS["smape"](Predicted("number", true, guess)) == pytest.approx((100 + 200) / 4)


def test_metrics_of_all_labels_together_are_those_of_scikit_learn():
    generator = np.random.default_rng(4)
    true, guess = (generator.integers(0, 2, (40, 5)) for _ in range(2))
    p = Predicted("labels", true, guess, generator.random((40, 5)))
    for name, function in (("precision", sk.precision_score), ("recall", sk.recall_score)):
        assert FUNCTIONS[f"{name}_micro"](p) == pytest.approx(
            function(true, guess, average="micro")
        )
        weighted = function(true, guess, average="weighted")
        assert FUNCTIONS[f"{name}_weighted"](p) == pytest.approx(weighted)
    expected = sk.average_precision_score(true, p.probability)
    assert FUNCTIONS["average_precision"](p) == pytest.approx(expected)


def test_the_dice_coefficient_of_a_mask_is_the_f1_of_its_places():
    generator = np.random.default_rng(5)
    true, guess = (generator.integers(0, 3, (6, 4, 4)) for _ in range(2))
    expected = sk.f1_score(true.ravel(), guess.ravel(), average="macro")
    assert FUNCTIONS["dice"](Predicted("mask", true, guess)) == pytest.approx(expected)


def _edits(said, true):
    """Return the fewest edits, as the recursion of Wagner and Fischer (1974) is written down."""

    @functools.cache
    def distance(i, j):
        if not i or not j:
            return i + j
        replaced = distance(i - 1, j - 1) + (said[i - 1] != true[j - 1])
        return min(replaced, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(said), len(true))


@given(st.lists(st.tuples(st.text("ab ", max_size=7), st.text("ab ", max_size=7)), min_size=1))
def test_error_rates_count_the_fewest_edits_of_characters_and_of_words(pairs):
    true, said = (list(side) for side in zip(*pairs, strict=True))
    assert edit_distances(true, said).tolist() == [_edits(*pair) for pair in pairs]
    ids = ["", "a", "b", " "]
    rows = [
        np.array([[ids.index(c) for c in text] + [0] * (7 - len(text)) for text in side])
        for side in (true, said)
    ]
    p = Predicted("sequence", *rows, text=lambda row: "".join(ids[i] for i in row))
    for name, items in {"character_error_rate": list, "word_error_rate": str.split}.items():
        lengths = sum(len(items(text)) for text in true)
        if not lengths:
            with pytest.raises(NotDefined, match="the targets hold padding alone"):
                FUNCTIONS[name](p)
            continue
        edits = sum(_edits(tuple(items(s)), tuple(items(t))) for t, s in pairs)
        assert FUNCTIONS[name](p) == pytest.approx(edits / lengths)
        assert FUNCTIONS[name](reduced_to_rows(name, p)) == pytest.approx(edits / lengths)


def test_without_words_each_id_is_a_character_and_a_word():
    p = Predicted("sequence", np.array([[3, 3, 4, 0], [7, 0, 0, 0]]), np.array([[3, 4], [7, 8]]))
    assert FUNCTIONS["character_error_rate"](p) == FUNCTIONS["word_error_rate"](p) == 2 / 4


def test_an_unknown_character_counts_as_one():
    p = Predicted(
        "sequence",
        np.array([[1, 2]]),
        np.array([[2, 0]]),
        text=lambda row: "".join("[unknown]" if i == 1 else "a" for i in row),
    )
    assert FUNCTIONS["character_error_rate"](p) == 1 / 2


def test_what_is_said_beyond_the_truth_makes_a_decoded_row_wrong():
    true, guess = np.array([[3, 4, 0], [5, 0, 0]]), np.array([[3, 4, 9], [5, 0, 0]])
    assert FUNCTIONS["sequence_accuracy"](Predicted("sequence", true, guess)) == 0.5
    assert FUNCTIONS["sequence_accuracy"](Predicted("tokens", true, guess)) == 1.0


def test_padding_counts_neither_for_nor_against_a_sequence():
    true = np.array([[3, 4, 0, 0], [5, 6, 7, 0], [8, 9, 2, 3]])
    guess = np.array([[3, 4, 9, 9], [5, 1, 7, 0], [8, 9, 2, 3]])
    p = Predicted("tokens", true, guess)
    assert FUNCTIONS["token_accuracy"](p) == pytest.approx(8 / 9)
    assert FUNCTIONS["sequence_accuracy"](p) == pytest.approx(2 / 3)


def test_large_logits_give_probabilities_without_overflow():
    head = Head("y", "binary", one_hot=False, from_logits=True)
    p = read_output(head, np.array([[-1e4], [0.0], [1e4]]), np.array([[0.0], [1.0], [1.0]]))
    assert p.probability is not None
    assert p.probability.tolist() == [0.0, 0.5, 1.0]


def test_probabilities_are_taken_as_they_are_and_margins_are_not():
    output, target = np.array([[0.4], [0.6]]), np.array([[0.0], [1.0]])
    p = read_output(Head("y", "binary", one_hot=False, from_logits=False), output, target)
    assert p.guess.tolist() == [0, 1]
    hinge = read_output(Head("y", "binary", one_hot=False, from_logits=None), output, target)
    assert hinge.guess.tolist() == [1, 1]
    assert FUNCTIONS["roc_auc"](hinge) == 1.0
    with pytest.raises(StepError, match="`log_loss` needs probabilities"):
        FUNCTIONS["log_loss"](hinge)


def test_a_metric_of_two_targets_is_their_mean_with_each_beside_it():
    right = Predicted("class", np.array([0, 1]), np.array([0, 1]))
    half = Predicted("class", np.array([0, 1]), np.array([0, 0]))
    number = Predicted("number", np.array([[1.0]]), np.array([[3.0]]))
    measures = measure_targets(("accuracy", "mae"), {"a": right, "b": half, "c": number})
    assert measures.undefined == {}
    assert measures.values == {
        "accuracy": 0.75,
        "a_accuracy": 1.0,
        "b_accuracy": 0.5,
        "mae": 2.0,
    }


def test_a_metric_that_has_no_value_costs_the_others_nothing():
    ids = np.array([0, 0, 1])
    both = Predicted("binary", ids, ids, np.array([0.1, 0.2, 0.9]))
    one = Predicted("binary", ids * 0, ids, np.array([0.1, 0.2, 0.9]))
    measures = measure_targets(("roc_auc", "accuracy"), {"a": both, "b": one})
    assert measures.values == {
        "a_roc_auc": 1.0,
        "accuracy": pytest.approx(5 / 6),
        "a_accuracy": 1.0,
        "b_accuracy": pytest.approx(2 / 3),
    }
    reason = "`roc_auc` is not defined: no sample has the class 1"
    assert measures.undefined == {"roc_auc": f"{reason} (target `b`)", "b_roc_auc": reason}


@pytest.mark.parametrize("guess", [np.nan, np.inf, 1e200])
def test_what_is_no_finite_number_is_no_value(guess):
    p = Predicted("number", np.array([[1.0], [2.0]]), np.array([[guess], [1.0]]))
    measures = measure_targets(("mse", "r2"), {"y": p})
    assert measures.values == {}
    assert "`mse` came out as" in measures.undefined["mse"]
    assert "`r2` came out as" in measures.undefined["r2"]


def test_scores_that_are_not_finite_leave_no_curve():
    ids = np.array([0, 1])
    p = Predicted("binary", ids, ids, np.array([np.nan, 0.5]))
    told = measure_targets(("roc_auc", "log_loss"), {"y": p}).undefined
    assert "scores that are not finite" in told["roc_auc"]
    assert "came out as nan" in told["log_loss"]


def test_draws_without_a_value_make_no_difference_likelier():
    true = np.array([0] * 30 + [1])
    good = Predicted("binary", true, true, np.where(true == 1, 0.9, 0.1))
    bad = Predicted("binary", true, true, np.where(true == 1, 0.1, 0.9))
    p_value = bootstrap_test(good, bad, Asked("roc_auc", alpha=0.05, seed=1)).p_value
    # A draw of 31 rows lacks the one of class 1 in (30/31)^31 = 36 % of all cases.
    assert p_value == pytest.approx(2 * (30 / 31) ** 31, abs=0.06)


def test_a_metric_that_fits_no_target_is_said():
    number = Predicted("number", np.array([[1.0]]), np.array([[3.0]]))
    with pytest.raises(StepError) as caught:
        measure_targets(("accuracy",), {"price": number})
    assert str(caught.value) == (
        "error: `accuracy` fits no target of the spec\n"
        "  = help: choose one of `mae`, `mse`, `rmse`, `mape`, `smape`, `pinball_10`, "
        "`pinball_50`, `pinball_90`, `r2`"
    )


def _right_at(*rights: bool) -> Predicted:
    return Predicted("class", np.zeros(len(rights), dtype=np.int32), 1 - np.array(rights, int))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20), st.integers(0, 20))
def test_mcnemar_is_the_binomial_test_of_the_samples_that_differ(ours, theirs, both, none):
    a = _right_at(*[True] * ours, *[False] * theirs, *[True] * both, *[False] * none)
    b = _right_at(*[False] * ours, *[True] * theirs, *[True] * both, *[False] * none)
    if ours + theirs:
        expected = stats.binomtest(ours, ours + theirs, 0.5).pvalue
        assert mcnemar_test(a, b, ACCURACY).p_value == pytest.approx(expected, rel=1e-9)
    elif both + none:
        assert mcnemar_test(a, b, ACCURACY).p_value == 1.0


def test_mcnemar_stands_a_million_samples():
    a = _right_at(*[True] * 500_500, *[False] * 499_500)
    b = _right_at(*[False] * 500_500, *[True] * 499_500)
    expected = stats.binomtest(500_500, 1_000_000, 0.5).pvalue
    assert mcnemar_test(a, b, ACCURACY).p_value == pytest.approx(expected, rel=1e-6)


def _bootstrap_p_value(ours, theirs):
    return bootstrap_test(ours, theirs, Asked("rmse", alpha=0.05, seed=1)).p_value


def test_the_bootstrap_tells_a_better_model_from_an_equal_one():
    generator = np.random.default_rng(0)
    true = generator.normal(size=(200, 1))
    good, poor = (
        Predicted("number", true, true + s * generator.normal(size=(200, 1))) for s in (0.5, 1.0)
    )
    assert _bootstrap_p_value(good, poor) == pytest.approx(2 / 2001)
    assert _bootstrap_p_value(poor, good) == pytest.approx(2 / 2001)
    assert _bootstrap_p_value(good, good) == 1.0
    assert is_better(0.5, 1.0, metric="rmse")
    assert not is_better(0.5, 1.0, metric="r2")


def test_the_bootstrap_rejects_as_often_as_it_says():
    generator = np.random.default_rng(3)
    found = []
    for seed in range(20):
        true = generator.integers(0, 2, 80)
        pair = [
            Predicted("class", true, np.where(generator.random(80) < 0.8, true, 1 - true))
            for _ in range(2)
        ]
        found.append(bootstrap_test(*pair, Asked("f1_macro", 0.1, seed)).p_value < 0.1)
    # 2 of 20 expected; 8 lie beyond the 99.9 % quantile of the binomial distribution.
    assert sum(found) < 8


# Errors and losses; every other metric counts what went right.
LOWER = {"brier", "perplexity", "log_loss", "mae", "mse", "rmse", "mape", "smape"} | {
    *("pinball_10", "pinball_50", "pinball_90"),
    *("character_error_rate", "word_error_rate"),
    *("generated_character_error_rate", "generated_word_error_rate"),
}


@pytest.mark.parametrize("name", METRIC_OF)
def test_a_better_value_is_the_lower_one_for_errors_only(name):
    assert is_better(0.1, 0.2, metric=name) == (name in LOWER)
    assert is_better(0.2, 0.1, metric=name) == (name not in LOWER)
    assert not is_better(0.2, 0.2, metric=name)


@given(st.floats(1e-6, 0.999))
def test_the_fewest_rows_are_those_of_the_binomial_test(alpha):
    rows = fewest_rows(alpha)
    assert stats.binomtest(rows, rows, 0.5).pvalue < alpha
    assert rows == 1 or stats.binomtest(rows - 1, rows - 1, 0.5).pvalue >= alpha


def test_a_comparison_says_how_many_rows_it_saw_and_what_they_could_show():
    rules = Championship(metric="accuracy", test="mcnemar")
    a = {"y": _right_at(*[True] * 29)}
    b = {"y": _right_at(*[False] * 5, *[True] * 24)}
    found = compare_pair(rules, a, b, run="r1", seed=0)
    assert (found.rows, found.least, found.better) == (29, 6 / 29, False)
    assert found.size_note == "on 29 rows, where less than 0.207 between them is chance"
    few = compare_pair(
        rules, {"y": _right_at(*[True] * 5)}, {"y": _right_at(*[False] * 5)}, run="r1", seed=0
    )
    assert (few.p_value, few.least, few.better) == (2 / 32, None, False)
    assert few.size_note == "on 5 rows, too few for any difference to be more than chance"
    assert few.needed_note == "about 6 rows would show a difference as large as this"


@pytest.mark.parametrize(("ours", "theirs"), [(0.08, 0.03), (0.2, 0.1)])
def test_as_many_rows_as_are_said_to_be_needed_show_a_difference_in_four_of_five_test_sets(
    ours, theirs
):
    # A test set of 100 rows in which as many speak for each as in the world that it is from.
    counts = round(100 * ours), round(100 * theirs)
    a = {"y": _right_at(*[True] * counts[0], *[False] * counts[1], *[True] * (100 - sum(counts)))}
    b = {"y": _right_at(*[False] * counts[0], *[True] * (100 - counts[0]))}
    rules = Championship(metric="accuracy", test="mcnemar")
    needed = compare_pair(rules, a, b, run="r1", seed=0).needed
    drawn = np.random.default_rng(0).multinomial(
        needed, [ours, theirs, 1 - ours - theirs], size=2000
    )
    pairs, times = np.unique(drawn[:, :2], axis=0, return_counts=True)
    shown = [stats.binomtest(int(n), int(n + m), 0.5).pvalue < 0.05 for n, m in pairs if n + m]
    assert 0.72 < np.average(shown, weights=times) < 0.88


def test_a_comparison_that_decides_needs_no_more_rows():
    rules = Championship(metric="accuracy", test="mcnemar")
    a, b = {"y": _right_at(*[True] * 29)}, {"y": _right_at(*[False] * 9, *[True] * 20)}
    assert compare_pair(rules, a, b, run="r1", seed=0).needed is None
    assert compare_pair(rules, a, a, run="r1", seed=0).needed is None


def test_a_p_value_equal_to_alpha_is_not_below_it():
    # Six rows that one model alone gets right: p = 2 / 2^6.
    a, b = _right_at(*[True] * 6), _right_at(*[False] * 6)
    p_value = mcnemar_test(a, b, ACCURACY).p_value
    assert p_value == pytest.approx(0.03125)
    for alpha, better in ((p_value, False), (float(np.nextafter(p_value, 1)), True)):
        rules = Championship(metric="accuracy", test="mcnemar", alpha=alpha)
        assert compare_pair(rules, {"y": a}, {"y": b}, run="r1", seed=0).better == better


def test_the_bootstrap_of_a_few_rows_shows_no_more_than_their_signs_could():
    true = np.zeros((3, 1))
    good, poor = (Predicted("number", true, true + s) for s in (1.0, 2.0))
    found = bootstrap_test(good, poor, Asked("mae", alpha=0.05, seed=1))
    assert (found.p_value, found.least) == (0.25, None)


def test_the_bootstrap_says_the_least_difference_that_it_could_have_seen():
    generator = np.random.default_rng(0)
    true = generator.normal(size=(400, 1))
    errors = [generator.normal(size=(400, 1)) for _ in range(2)]
    a, b = (Predicted("number", true, true + error) for error in errors)
    found = bootstrap_test(a, b, Asked("mae", alpha=0.05, seed=1))
    # The normal theory of a paired difference of means.
    difference = np.abs(errors[0]) - np.abs(errors[1])
    assert found.least == pytest.approx(1.96 * difference.std() / 20, rel=0.1)


@given(_SAMPLES)
def test_rows_reduced_for_drawing_have_the_metric_of_the_whole(drawn):
    p, _ = _classes(drawn)
    for name in ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "log_loss"):
        reduced = reduced_to_rows(name, p)
        assert FUNCTIONS[name](reduced) == pytest.approx(FUNCTIONS[name](p), rel=1e-5), name
    scores = p.probability
    numbers = Predicted("number", scores, scores[::-1])
    for name in ("mae", "mse", "rmse"):
        reduced = reduced_to_rows(name, numbers)
        assert FUNCTIONS[name](reduced) == pytest.approx(FUNCTIONS[name](numbers), rel=1e-5), name
    assert reduced_to_rows("mae", numbers).guess.shape == (len(drawn),)
