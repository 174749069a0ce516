"""Challenger against champion on the same samples: is the difference more than chance?"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dlspec.diagnostics.counts import counted
from dlspec.language.figures import AskedMetric, better_of
from dlspec.language.sections import Championship
from dlspec.language.significance_tests import RESAMPLES, SIGNIFICANCE_TEST_OF
from dlspec_pipelines.steps.evaluation.class_metrics import right_rows
from dlspec_pipelines.steps.evaluation.measures import (
    FUNCTIONS,
    measure_targets,
    metric_fits_target,
    reduced_to_rows,
)
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.records import Comparison
from dlspec_pipelines.steps.step_errors import NotDefined

# As studies are planned: a test that would miss the difference more often is too small for it.
_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a paired test says.

    Attributes:
        p_value: Two-sided.
        least: The least difference of the metric that is more than chance on so many rows; None
            where none is.
        error: The standard error of the difference.
    """

    p_value: float
    least: float | None
    error: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be tested: on which metric, at which level, with which draws."""

    metric: str
    alpha: float
    seed: int


def mcnemar_test(challenger: Predicted, champion: Predicted, asked: Asked) -> Verdict:
    """Return the verdict of the exact McNemar test; a p-value of 1 when the two never differ.

    Source: McNemar (1947); the exact form is a sign test on the samples where one is right.
    """
    ours, theirs = right_rows(challenger), right_rows(champion)
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    trials = only_ours + only_theirs
    fewer = min(only_ours, only_theirs)
    half = trials * math.log(2)
    tail = math.fsum(math.exp(_log_choose(trials, i) - half) for i in range(fewer + 1))
    fewest = fewest_rows(asked.alpha)
    least = fewest / len(ours) if fewest <= len(ours) else None
    gain = (only_ours - only_theirs) / len(ours)
    error = math.sqrt((trials / len(ours) - gain**2) / len(ours))
    return Verdict(min(1.0, 2 * tail), least, error)


def fewest_rows(alpha: float) -> int:
    """Return how many rows must all speak for one of two models to be more than chance."""
    rows = 1
    while _least_p_value(rows) >= alpha:
        rows += 1
    return rows


def rows_that_show(gain: float, error: float, *, rows: int, alpha: float) -> int | None:
    """Return how many rows show a difference as large as the one seen, in four of five test sets.

    Args:
        error: Its standard error on `rows` rows.

    Returns:
        None where the two are equal.

    Source: Connor (1987), "Sample size for testing differences in proportions for the
    paired-sample design", with one variance on both sides.
    """
    if not gain:
        return None
    normal = NormalDist()
    reach = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(_POWER)
    return max(fewest_rows(alpha), math.ceil(rows * (reach * error / gain) ** 2))


def _least_p_value(rows: int) -> float:
    # Of all signs that so many differences may have, two are as one-sided as can be.
    return 2.0 ** (1 - rows)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def bootstrap_test(challenger: Predicted, champion: Predicted, asked: Asked) -> Verdict:
    """Return the verdict of a paired bootstrap of a metric's difference.

    The same samples are drawn for both, `RESAMPLES` times; a draw on which the metric is not
    defined counts for both sides, so that it makes no difference likelier. The p-value is not below
    what the signs of so few differences could show.

    Source: Efron and Tibshirani (1993), chapter 16; with one added to count and number, so that
    it is never 0.
    """
    gains = np.array(list(_resampled_gains(challenger, champion, asked)))
    return verdict_of_gains(gains, count=len(challenger.true), alpha=asked.alpha)


def verdict_of_gains(gains: NDArray[np.float64], *, count: int, alpha: float) -> Verdict:
    """Return what the differences on so many draws of `count` samples say."""
    fewer = min(int((gains <= 0).sum()), int((gains >= 0).sum()))
    p_value = max(2 * (1 + fewer) / (1 + RESAMPLES), _least_p_value(count))
    if fewest_rows(alpha) > count:
        return Verdict(min(1.0, p_value), None, float(gains.std()))
    half_width = float(np.quantile(np.abs(gains - gains.mean()), 1 - alpha))
    return Verdict(min(1.0, p_value), half_width, float(gains.std()))


def _resampled_gains(challenger: Predicted, champion: Predicted, asked: Asked) -> Iterator[float]:
    function = FUNCTIONS[asked.metric]
    generator = np.random.Generator(np.random.Philox(asked.seed))
    pair = reduced_to_rows(asked.metric, challenger), reduced_to_rows(asked.metric, champion)
    count = len(challenger.true)
    for _ in range(RESAMPLES):
        rows = generator.integers(0, count, count)
        try:
            ours, theirs = (function(side.take(rows)) for side in pair)
        except NotDefined:
            # Rows that lack a class, say, speak for neither side.
            yield 0.0
        else:
            yield ours - theirs


def is_better(challenger: float, champion: float, *, metric: AskedMetric) -> bool:
    """Return whether a value of a metric is better than another, chance left aside."""
    lower = better_of(metric) == "lower"
    return challenger < champion if lower else challenger > champion


TEST_FUNCTIONS: Mapping[str, Callable[[Predicted, Predicted, Asked], Verdict]] = {
    "mcnemar": mcnemar_test,
    "bootstrap": bootstrap_test,
}
assert set(TEST_FUNCTIONS) == set(SIGNIFICANCE_TEST_OF), (
    "a paired test has a record and no function, or the reverse: "
    f"{set(TEST_FUNCTIONS) ^ set(SIGNIFICANCE_TEST_OF)}"
)


def compare_pair(
    rules: Championship,
    challenger: Mapping[str, Predicted],
    champion: Mapping[str, Predicted],
    *,
    run: str,
    seed: int,
) -> Comparison | str:
    """Return how two models compare on the same rows, or why the metric cannot tell.

    `alpha` is the chance of a false "better" that is still allowed: a p-value equal to it is not
    below it.

    Args:
        run: That of the champion; empty for a baseline.
    """
    values = []
    for side in (challenger, champion):
        measured = measure_targets((rules.metric,), side)
        if rules.metric in measured.undefined:
            rows = len(next(iter(side.values())).true)
            return f"on {counted(rows, 'test row')} {measured.undefined[rules.metric]}"
        values.append(measured.values[rules.metric])
    # With several targets the metric is their mean, and the test is that of the first it fits.
    name = next(n for n, p in challenger.items() if metric_fits_target(rules.metric, p))
    asked = Asked(rules.metric, rules.alpha, seed)
    verdict = TEST_FUNCTIONS[rules.test](challenger[name], champion[name], asked)
    return made_comparison(
        rules,
        (values[0], values[1]),
        verdict,
        run=run,
        rows=len(challenger[name].true),
        better=is_better(values[0], values[1], metric=rules.metric),
    )


def made_comparison(
    rules: Championship,
    values: tuple[float, float],
    verdict: Verdict,
    *,
    run: str,
    rows: int,
    better: bool,
) -> Comparison:
    """Return what a test says as a record; of one that decides nothing, how many rows would."""
    gain = values[0] - values[1]
    needed = None
    if verdict.p_value >= rules.alpha:
        needed = rows_that_show(gain, verdict.error, rows=rows, alpha=rules.alpha)
    return Comparison(
        champion_run=run,
        metric=rules.metric,
        test=rules.test,
        challenger=values[0],
        champion=values[1],
        p_value=verdict.p_value,
        better=better and verdict.p_value < rules.alpha,
        rows=rows,
        least=verdict.least,
        needed=needed,
    )
