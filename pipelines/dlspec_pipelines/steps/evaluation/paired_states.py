"""Challenger against champion in a metric of Keras, of what it counts of each sample."""

import math
from collections.abc import Mapping

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.figures import AskedMetric
from dlspec.language.sections import Championship
from dlspec.language.significance_tests import RESAMPLES
from dlspec_pipelines.steps.evaluation.keras_figures import RowStates
from dlspec_pipelines.steps.evaluation.paired_tests import (
    Asked,
    Verdict,
    is_better,
    made_comparison,
    verdict_of_gains,
)
from dlspec_pipelines.steps.records import Comparison


def bootstrap_states(challenger: RowStates, champion: RowStates, asked: Asked) -> Verdict:
    """Return the verdict of the same bootstrap for a metric of Keras, of what it counts by sample.

    A draw on which it comes out as no number makes no difference likelier.
    """
    generator = np.random.Generator(np.random.Philox(asked.seed))
    count = len(challenger.states)
    gains = np.zeros(RESAMPLES)
    for draw in range(RESAMPLES):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        gain = challenger.value_for(times) - champion.value_for(times)
        gains[draw] = gain if math.isfinite(gain) else 0.0
    return verdict_of_gains(gains, count=count, alpha=asked.alpha)


def compare_states(
    rules: Championship,
    metric: AskedMetric,
    challenger: Mapping[str, RowStates],
    champion: Mapping[str, RowStates],
    *,
    run: str,
    seed: int,
) -> Comparison | str:
    """Return how two models compare in a metric of Keras, or why it cannot tell."""
    rows = len(next(iter(challenger.values())).states)
    once = np.ones(rows)
    values = []
    for side in (challenger, champion):
        value = float(np.mean([states.value_for(once) for states in side.values()]))
        if not math.isfinite(value):
            return f"on {counted(rows, 'test row')} `{rules.metric}` came out as {value}"
        values.append(value)
    # As with the language's own metrics, the test is that of the first target.
    name = next(iter(challenger))
    asked = Asked(rules.metric, rules.alpha, seed)
    return made_comparison(
        rules,
        (values[0], values[1]),
        bootstrap_states(challenger[name], champion[name], asked),
        run=run,
        rows=rows,
        better=is_better(values[0], values[1], metric=metric),
    )
