"""The key numbers at the head of a report."""

from collections.abc import Iterator
from dataclasses import dataclass

from dlspec.language.figures import counts_rows, figure_name
from dlspec.language.sections import ThresholdChoice
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.figure_texts import (
    duration_text,
    figure_text,
    proportion_interval,
)
from dlspec_pipelines.steps.records import Dataset, Evaluation, TrainedModel

_PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Tile:
    """One key number: what it is, the value, and a remark under it."""

    label: str
    value: str
    note: str = ""


def key_number_tiles(
    plan: Plan,
    dataset: Dataset,
    trained: TrainedModel,
    evaluation: Evaluation,
) -> tuple[Tile, ...]:
    """Return the measures that the spec asks for, the others, and the size of what was done."""
    return (
        *_metric_tiles(plan, dataset, evaluation),
        *_threshold_tiles(plan, evaluation),
        *_size_tiles(plan, dataset, trained),
    )


def _threshold_tiles(plan: Plan, evaluation: Evaluation) -> Iterator[Tile]:
    """Yield from which probability on each binary target is called 1, where the spec says so."""
    asked = plan.evaluation.threshold if plan.evaluation else None
    note = (
        f"highest {asked.maximize} of validation rows" if isinstance(asked, ThresholdChoice) else ""
    )
    for target, value in evaluation.thresholds.items():
        yield Tile(f"threshold of {target}", figure_text(value), note)


def _metric_tiles(plan: Plan, dataset: Dataset, evaluation: Evaluation) -> Iterator[Tile]:
    asked = [figure_name(metric) for metric in plan.evaluation.metrics] if plan.evaluation else []
    own = plan.evaluation.own_metrics if plan.evaluation else ()
    baseline = evaluation.baseline.metrics if evaluation.baseline else {}
    ordered = dict.fromkeys((*asked, *evaluation.metrics, *evaluation.undefined))
    for name in ordered:
        if name in evaluation.undefined:
            yield Tile(name.replace("_", " "), "not defined", evaluation.undefined[name])
        if name not in evaluation.metrics:
            continue
        value = evaluation.metrics[name]
        rows = dataset.rows["test"]
        notes = [_share_interval(value, rows)] if name in own and counts_rows(name) else []
        if name in baseline:
            notes.append(f"baseline {figure_text(baseline[name])}")
        yield Tile(name.replace("_", " "), figure_text(value), "; ".join(notes))


def _size_tiles(plan: Plan, dataset: Dataset, trained: TrainedModel) -> Iterator[Tile]:
    assert plan.training is not None, "a run has training"
    yield Tile("parameters", figure_text(trained.parameters))
    if trained.flops is not None:
        yield Tile("FLOPs", figure_text(trained.flops), "for one sample")
    kept = trained.kept
    told = f"; weights of epoch {kept.epoch}, {kept.reason}" if kept else ""
    yield Tile("epochs", figure_text(trained.epochs), f"of {plan.training.epochs}{told}")
    begun = trained.continued_from_epoch
    yield Tile(
        "training",
        duration_text(trained.seconds),
        f"continued after epoch {begun}" if begun else "",
    )
    rows = [dataset.rows[part] for part in _PARTS]
    yield Tile("samples", figure_text(sum(rows)), " / ".join(map(figure_text, rows)))


def _share_interval(share: float, rows: int) -> str:
    low, high = proportion_interval(round(share * rows), rows)
    return f"95 %: {low:.3f} to {high:.3f}"
