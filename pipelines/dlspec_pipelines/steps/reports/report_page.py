"""The report of a run: everything about it on one page that opens without a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.features import BinaryFeature, ClassFeature
from dlspec.language.sections import Data
from dlspec.resolve.plan import Plan
from dlspec.tools.show import bytes_text, cost_notes, graph_cost, graph_rows, graph_svg, is_chain
from dlspec_pipelines.steps.figure_texts import duration_text, figure_text, percent_text
from dlspec_pipelines.steps.preparation.drawn_samples import drawn_samples
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.records import Dataset, Evaluation, Report, TrainedModel
from dlspec_pipelines.steps.reports.baseline_verdict import baseline_verdict
from dlspec_pipelines.steps.reports.curves import curves_png, learning_curves
from dlspec_pipelines.steps.reports.highlight import highlighted_yaml
from dlspec_pipelines.steps.reports.png import data_uri
from dlspec_pipelines.steps.reports.report_inputs import DataFiles, RunFiles, read_data, read_run
from dlspec_pipelines.steps.reports.reproduction import reproduction_command
from dlspec_pipelines.steps.reports.sequence_view import sequence_view
from dlspec_pipelines.steps.reports.targets import class_labels, target_view
from dlspec_pipelines.steps.reports.tiles import key_number_tiles
from dlspec_pipelines.steps.store import write_whole

_UNGATED = "As the first champion the model must be better than a baseline."


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rows of each part belong to each class of a target."""

    target: str
    parts: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class WeighedTarget:
    """What the training samples of a target count for in its loss, from the least to the most."""

    target: str
    column: str
    least: float
    most: float
    mean: float


def write_report(
    plan: Plan, dataset: Dataset, trained: TrainedModel, evaluation: Evaluation
) -> Report:
    """Write report.html and report.md into the run's folder.

    The page holds its pictures and its style; nothing on it is loaded from elsewhere. Equal run
    folders give equal bytes.

    Raises:
        StepError: If the run folder may not be written or the disk is full.
    """
    assert plan.training is not None, "a run has training"
    folder = Path(evaluation.path)
    run = read_run(folder)
    environment = template_environment()
    shared = {
        "plan": plan,
        "trained": trained,
        "evaluation": evaluation,
        "failed": [gate for gate in evaluation.gates if not gate.passed],
        "tiles": key_number_tiles(plan, dataset, trained, evaluation),
        "run": run,
        "ungated_note": _UNGATED,
        "baseline_verdict": baseline_verdict(plan, evaluation),
    }
    page = environment.get_template("report.html.j2").render(
        **shared,
        **_model_context(plan),
        **_data_context(plan, run, dataset),
        style=Markup(environment.get_template("report.css").render()),  # noqa: S704 - our own file
        curves=learning_curves(run.history, trained.kept),
        spec=highlighted_yaml(run.spec),
        facts=_run_fact_groups(run.facts),
        command=reproduction_command(plan, run.facts),
    )
    picture = data_uri(curves_png(run.history, trained.kept))
    short = environment.get_template("report.md.j2").render(**shared, picture=picture)
    write_whole(folder / "report.html", page)
    write_whole(folder / "report.md", short)
    return Report(evaluation.run, str(folder / "report.html"), str(folder / "report.md"))


def template_environment() -> Environment:
    """Return what fills the templates of pages."""
    environment = Environment(
        loader=PackageLoader("dlspec_pipelines.steps.reports"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        figure=figure_text,
        percent=percent_text,
        duration=duration_text,
        counted=counted,
        agreed=agreed,
    )
    return environment


def _model_context(plan: Plan) -> dict[str, Any]:
    total = graph_cost(plan.graph)
    return {
        "graph": Markup(graph_svg(plan.graph)),  # noqa: S704 - escaped where it is made
        "layers": list(graph_rows(plan.graph)),
        "chain": is_chain(plan.graph) and not plan.graph.models,
        "layer_total": total,
        "layer_bytes": bytes_text(total.activations),
        "layer_notes": cost_notes(total),
    }


def _data_context(plan: Plan, run: RunFiles, dataset: Dataset) -> dict[str, Any]:
    assert plan.data is not None, "a run has data"
    files = read_data(plan.data, dataset)
    inputs, targets = plan.data.model_inputs, plan.data.model_targets
    return {
        "dataset": dataset,
        "contract": files.contract,
        "drawn": drawn_samples(plan.data, dataset),
        "balances": _target_balances(plan.data, files),
        "weighed": _weighed_targets(plan.data, dataset),
        "targets": [
            sequence_view(name, run.predictions, inputs, files)
            if name in plan.aligned
            else target_view((name, feature), run.predictions, inputs, files)
            for name, feature in targets.items()
            if name in plan.learned
        ],
    }


def _weighed_targets(data: Data, dataset: Dataset) -> list[WeighedTarget]:
    if not data.weights:
        return []
    return [
        WeighedTarget(
            name,
            data.weights[name].column,
            float(found.min()),
            float(found.max()),
            float(found.mean(dtype=np.float64)),
        )
        for name, found in open_part(dataset, "train").weights.items()
    ]


def _target_balances(data: Data, files: DataFiles) -> list[Balance]:
    found = []
    for target, parts in files.contract["balance"].items():
        feature = data.targets[target]
        assert isinstance(feature, ClassFeature | BinaryFeature), feature
        counts = zip(*parts.values(), strict=True)
        rows = tuple(zip(class_labels(feature, files.classes.get(target)), counts, strict=True))
        found.append(Balance(target, tuple(parts), rows))
    return found


def _run_fact_groups(facts: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return run.json as groups of rows: what stands at its top first, then each mapping in it."""
    plain = {name: value for name, value in facts.items() if not isinstance(value, Mapping)}
    groups = [("run", plain), *((n, v) for n, v in facts.items() if isinstance(v, Mapping))]
    return [
        (title, [(name.replace("_", " "), _run_fact_text(value)) for name, value in group.items()])
        for title, group in groups
    ]


def _run_fact_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {inner}" for name, inner in value.items()) or "none"
    return figure_text(value) if isinstance(value, float) else str(value)
