"""Whether the test rows can be measured as a spec asks: known before a training, not after it."""

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.features import Feature, LabelsFeature
from dlspec.language.metrics import (
    METRIC_OF,
    MetricRecord,
    target_kind,
)
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.outputs import PADDING
from dlspec_pipelines.steps.preparation.model_parts import open_model_part
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.step_errors import StepError


def wanted_metrics(plan: Plan) -> tuple[str, ...]:
    """Return the metrics of this language that the spec lists: no gate needs another."""
    return plan.evaluation.own_metrics if plan.evaluation is not None else ()


def require_computable_metrics(plan: Plan, dataset: Dataset) -> None:
    """Return when every metric of a plan is defined on the test rows.

    Raises:
        StepError: If one is not, with what the rows lack.
    """
    assert plan.data is not None
    test = open_model_part(plan.data, dataset, "test")
    for name in wanted_metrics(plan):
        record = METRIC_OF[name]
        only = _generated_target(plan) if record.reads == "generated" else None
        for target, feature in plan.data.model_targets.items():
            if target not in plan.learned:
                continue
            kind = target_kind(feature, aligned=target in plan.aligned)
            if kind in record.on and only in (None, target):
                _require_defined(record, target, feature, test.targets[target])


def _generated_target(plan: Plan) -> str | None:
    """Return the target whose sequences are generated; None where there is only one."""
    asked = None if plan.prediction is None else plan.prediction.generate
    assert asked is not None, "a metric of generated sequences asks for them"
    return asked.output


def _require_defined(record: MetricRecord, target: str, feature: Feature, true: Array) -> None:
    lack = _lacking_rows(record, target, true)
    if lack is not None:
        raise StepError(
            f"`{record.name}` is not defined {lack}",
            help="choose test rows on which it is, or leave the metric out",
        )
    lacking = _lacking_classes(feature, true) if record.every_class else []
    if lacking and isinstance(feature, LabelsFeature):
        raise StepError(
            f"`{record.name}` is not defined: the label {lacking[0]} of `{target}` holds in all "
            "test rows or in none",
            help="choose test rows on which it is, or leave the metric out",
        )
    if lacking:
        raise StepError(
            f"`{record.name}` is not defined: no test row of `{target}` has the class {lacking[0]}",
            help=f"write `stratify: {target}` under `data.split`, or leave the metric out",
        )


def _lacking_rows(record: MetricRecord, target: str, true: Array) -> str | None:
    """Return what test rows are not enough for a metric; None when they are."""
    if len(true) < record.least_rows:
        return "on a single test row" if len(true) == 1 else f"on {counted(len(true), 'test row')}"
    if record.varied and (true == true[:1]).all():
        return f"where the target `{target}` of all test rows is the same"
    if record.nowhere_zero and not np.asarray(true).all():
        return f"where the target `{target}` of a test row is 0"
    if record.least_ids and np.count_nonzero(true != PADDING, axis=1).max() < record.least_ids:
        count = "an id" if record.least_ids == 1 else counted(record.least_ids, "id")
        return f"where no test row of `{target}` holds {count} beside padding"
    return None


def _lacking_classes(feature: Feature, true: Array) -> list[int]:
    """Return the ids of the classes that no row has."""
    if isinstance(feature, LabelsFeature):
        lacking = (true == true[:1]).all(axis=0)
        return [int(place) for place in np.flatnonzero(lacking)]
    one_hot = true.ndim == 2 and true.shape[1] > 1
    ids = np.unique(true.argmax(axis=1) if one_hot else true.reshape(-1)).astype(int)
    # A binary target knows 0 and 1.
    return sorted(set(range(feature.num_classes or 2)) - set(ids.tolist()))
