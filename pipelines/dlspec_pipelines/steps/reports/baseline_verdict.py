"""What the first line of a report says of a model that is no better than a baseline."""

from dlspec.language.metrics import METRIC_OF
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.figure_texts import figure_text
from dlspec_pipelines.steps.records import Baseline, Evaluation


def baseline_verdict(plan: Plan, evaluation: Evaluation) -> str:
    """Return that a model does not beat its baseline in the headline metric; "" where it does.

    The headline metric is the one that decides on champions, else the first that is asked for, of
    those that a baseline has.
    """
    baseline = evaluation.baseline
    metric = None if baseline is None else _headline_metric(plan, evaluation, baseline)
    if baseline is None or metric is None:
        return ""
    ours, theirs = evaluation.metrics[metric], baseline.metrics[metric]
    rules = "; ".join(f"{target}: {rule}" for target, rule in baseline.rules.items())
    against = f"{metric} {figure_text(ours)} against {figure_text(theirs)} ({rules})"
    is_lower_better = METRIC_OF[metric].better == "lower"
    if ours == theirs or (ours > theirs) == is_lower_better:
        return f"No better than a baseline: {against}"
    tested = baseline.comparison
    if tested is not None and tested.metric == metric and not tested.better:
        return f"Not shown to be better than a baseline: {against}"
    return ""


def _headline_metric(plan: Plan, evaluation: Evaluation, baseline: Baseline) -> str | None:
    asked = plan.evaluation
    if asked is None:
        return None
    deciding = (asked.champion.metric,) if asked.champion is not None else ()
    known = evaluation.metrics.keys() & baseline.metrics.keys() & METRIC_OF.keys()
    return next((name for name in (*deciding, *asked.own_metrics) if name in known), None)
