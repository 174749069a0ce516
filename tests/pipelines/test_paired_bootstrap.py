"""The paired bootstrap against a loop over the draws, of rows and of what a metric counts."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from dlspec.language.catalogue import Object
from dlspec.language.sections import Championship
from dlspec.language.significance_tests import RESAMPLES
from dlspec_pipelines.steps.evaluation.keras_figures import RowStates
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.evaluation.paired_states import bootstrap_states, compare_states
from dlspec_pipelines.steps.evaluation.paired_tests import (
    Asked,
    bootstrap_test,
    compare_pair,
    mcnemar_test,
    rows_that_show,
)

ROWS = 12
# Six rows are the fewest that can show a difference at this level.
ALPHA = 0.05


@dataclass
class Number:
    """A variable as a metric of Keras has it, of one number."""

    value: float = 0.0
    shape: tuple[int, ...] = ()

    def assign(self, value):
        self.value = float(value)


class Mean:
    """A mean in two variables, as Keras counts one; below `least` samples it is no number."""

    def __init__(self, least=1):
        self.variables = [Number(), Number()]
        self.least = least

    def result(self):
        total, count = (variable.value for variable in self.variables)
        return total / count if count >= self.least else math.nan


def states_of(errors, metric=None):
    return RowStates(metric or Mean(), np.stack([errors, np.ones(len(errors))], axis=1))


def drawn_errors(seed, shift=0.0):
    return np.abs(np.random.default_rng(seed).normal(size=ROWS)) + shift


def verdict_by_hand(ours, theirs, seed, alpha=ALPHA):
    """Return p-value and least difference: both sides drawn alike, one added to each count."""
    draws = np.random.Generator(np.random.Philox(seed))
    gains = []
    for _ in range(RESAMPLES):
        rows = draws.integers(0, len(ours), len(ours))
        gains.append(sum(ours[row] - theirs[row] for row in rows) / len(rows))
    below, above = sum(g <= 0 for g in gains), sum(g >= 0 for g in gains)
    centre = sum(gains) / RESAMPLES
    width = np.quantile([abs(g - centre) for g in gains], 1 - alpha)
    p_value = max(2 * (1 + min(below, above)) / (RESAMPLES + 1), 0.5 ** (len(ours) - 1))
    return min(1, p_value), width, np.std(gains)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("shift", [0.0, 0.4, 1.0])
def test_rows_and_states_are_drawn_as_by_hand(seed, shift):
    ours, theirs = drawn_errors(3), drawn_errors(4, shift)
    p_value, width, error = verdict_by_hand(ours, theirs, seed)
    asked = Asked("mae", ALPHA, seed)
    zeros = np.zeros((ROWS, 1))
    rows = bootstrap_test(
        Predicted("number", zeros, ours[:, None]),
        Predicted("number", zeros, theirs[:, None]),
        asked,
    )
    states = bootstrap_states(states_of(ours), states_of(theirs), asked)
    for found in (rows, states):
        assert found.p_value == pytest.approx(p_value)
        assert found.least == pytest.approx(width)
        assert found.error == pytest.approx(error)


def test_a_draw_without_a_value_speaks_for_neither_side():
    metric = Mean(least=ROWS + 1)
    a, b = (states_of(drawn_errors(seed), metric) for seed in (3, 4))
    found = bootstrap_states(a, b, Asked("mean", ALPHA, 1))
    assert (found.p_value, found.least) == (1.0, 0.0)


LOW, HIGH = drawn_errors(3), drawn_errors(3, 2.0)


@pytest.mark.parametrize(("first", "better"), [("low", True), ("high", False)])
def test_two_models_compared_in_what_a_metric_counts(first, better):
    rules = Championship(metric="mean", test="bootstrap", alpha=0.01)
    sides = {"low": LOW, "high": HIGH}
    ours = sides.pop(first)
    (theirs,) = sides.values()
    metric = Object("metric", "MeanAbsoluteError", {})
    found = compare_states(
        rules,
        metric,
        {"y": states_of(ours), "z": states_of(ours + 1)},
        {"y": states_of(theirs), "z": states_of(theirs + 1)},
        run="r7",
        seed=5,
    )
    p_value, width, _ = verdict_by_hand(ours, theirs, 5, 0.01)
    assert (found.champion_run, found.metric, found.test) == ("r7", "mean", "bootstrap")
    assert found.challenger == pytest.approx(ours.mean() + 0.5)
    assert found.champion == pytest.approx(theirs.mean() + 0.5)
    assert found.p_value == pytest.approx(p_value)
    assert found.least == pytest.approx(width)
    assert (found.rows, found.better, found.needed) == (ROWS, better, None)


def test_what_decides_nothing_says_how_many_rows_would():
    rules = Championship(metric="mean", test="bootstrap", alpha=ALPHA)
    metric = Object("metric", "MeanAbsoluteError", {})
    ours, theirs = drawn_errors(3), drawn_errors(4)
    pair = ({"y": states_of(side)} for side in (ours, theirs))
    found = compare_states(rules, metric, *pair, run="r7", seed=1)
    p_value, _, error = verdict_by_hand(ours, theirs, 1)
    assert p_value > ALPHA
    # A normal mean is beyond 1.96 errors of 0 in four of five draws if it lies 0.84 further off.
    reach = stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(0.8)
    gain = ours.mean() - theirs.mean()
    assert found.needed == int(np.ceil(ROWS * (reach * error / gain) ** 2))
    assert rows_that_show(0.0, error, rows=ROWS, alpha=ALPHA) is None
    # However clear, six rows are the fewest whose signs could show it.
    assert rows_that_show(1.0, 1e-6, rows=ROWS, alpha=ALPHA) == 6


def test_the_error_of_a_difference_of_right_rows_is_that_of_its_mean():
    right = np.random.default_rng(1).integers(0, 2, (2, 40))
    sides = [Predicted("class", np.ones(40, np.int32), one.astype(np.int32)) for one in right]
    found = mcnemar_test(*sides, Asked("accuracy", ALPHA, 0))
    assert found.error == pytest.approx(stats.sem(right[0] - right[1], ddof=0))


def test_a_metric_that_comes_out_as_no_number_compares_nothing():
    rules = Championship(metric="mean", test="bootstrap")
    metric = Object("metric", "MeanAbsoluteError", {})
    good, none = states_of(LOW), states_of(LOW, Mean(least=ROWS + 1))
    for sides in ((good, none), (none, good)):
        ours, theirs = ({"y": side} for side in sides)
        found = compare_states(rules, metric, ours, theirs, run="r7", seed=5)
        assert found == "on 12 test rows `mean` came out as nan"


def test_a_metric_that_one_side_does_not_define_compares_nothing():
    rules = Championship(metric="roc_auc", test="bootstrap")
    ones = np.ones(3, dtype=np.int32)
    side = {"y": Predicted("binary", ones, ones, np.full(3, 0.9))}
    assert compare_pair(rules, side, side, run="", seed=0) == (
        "on 3 test rows `roc_auc` is not defined: all samples have the class 1"
    )
