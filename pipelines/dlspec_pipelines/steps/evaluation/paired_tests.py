"""Challenger against champion on the same samples: is the difference more than chance?"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from dlspec.language.metrics import METRIC_OF
from dlspec.language.significance_tests import SIGNIFICANCE_TEST_OF
from dlspec_pipelines.steps.evaluation.measures import FUNCTIONS, right_rows
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.step_errors import NotDefined

# A p-value of 0.05 is then known to 0.005.
RESAMPLES = 2000


def mcnemar_p_value(
    challenger: Predicted,
    champion: Predicted,
    *,
    metric: str = "accuracy",  # noqa: ARG001 - which rows are right is all that is compared
    seed: int = 0,  # noqa: ARG001 - nothing is drawn
) -> float:
    """Return the p-value of the exact McNemar test, two-sided; 1 when they never differ.

    Source: McNemar (1947); the exact form is a sign test on the samples where one is right.
    """
    ours, theirs = right_rows(challenger), right_rows(champion)
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    trials = only_ours + only_theirs
    fewer = min(only_ours, only_theirs)
    half = trials * math.log(2)
    tail = math.fsum(math.exp(_log_choose(trials, i) - half) for i in range(fewer + 1))
    return min(1.0, 2 * tail)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def bootstrap_p_value(
    challenger: Predicted, champion: Predicted, *, metric: str, seed: int
) -> float:
    """Return the two-sided p-value of a paired bootstrap of a metric's difference.

    The same samples are drawn for both, `RESAMPLES` times; a draw on which the metric is not
    defined counts for both sides, so that it makes no difference likelier.

    Source: Efron and Tibshirani (1993), chapter 16; with one added to count and number, so that
    it is never 0.
    """
    function = FUNCTIONS[metric]
    sign = -1.0 if METRIC_OF[metric].better == "lower" else 1.0
    generator = np.random.Generator(np.random.Philox(seed))
    count = len(challenger.true)
    worse = better = 0
    for _ in range(RESAMPLES):
        rows = generator.integers(0, count, count)
        try:
            gain = sign * (function(challenger.take(rows)) - function(champion.take(rows)))
        except NotDefined:
            # Rows that lack a class, say, speak for neither side.
            gain = 0.0
        worse += gain <= 0
        better += gain >= 0
    return min(1.0, 2 * (1 + min(worse, better)) / (1 + RESAMPLES))


def is_better(challenger: float, champion: float, *, metric: str) -> bool:
    """Return whether a value of a metric is better than another, chance left aside."""
    lower = METRIC_OF[metric].better == "lower"
    return challenger < champion if lower else challenger > champion


TEST_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "mcnemar": mcnemar_p_value,
    "bootstrap": bootstrap_p_value,
}
assert set(TEST_FUNCTIONS) == set(SIGNIFICANCE_TEST_OF), (
    "a paired test has a record and no function, or the reverse: "
    f"{set(TEST_FUNCTIONS) ^ set(SIGNIFICANCE_TEST_OF)}"
)
