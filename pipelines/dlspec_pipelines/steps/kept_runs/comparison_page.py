"""The comparison of two runs as one page that opens without a network."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from dlspec.language.features import BinaryFeature, ClassFeature, Feature
from dlspec.resolve.plan import Plan
from dlspec.tools.diff.difference_text import difference_text
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.figure_texts import figure_text
from dlspec_pipelines.steps.file_digests import require_intact
from dlspec_pipelines.steps.kept_runs.paired_rows import PairedRows
from dlspec_pipelines.steps.kept_runs.run_comparison import (
    MetricPair,
    RunComparison,
    direction_of,
    verdict_sentences,
)
from dlspec_pipelines.steps.kept_runs.run_records import dataset_of_run, plan_of_run
from dlspec_pipelines.steps.preparation.ids_as_text import TextOfIds
from dlspec_pipelines.steps.records import Comparison
from dlspec_pipelines.steps.reports.curves import compared_curves
from dlspec_pipelines.steps.reports.examples import example_pictures, example_texts
from dlspec_pipelines.steps.reports.report_inputs import DataFiles, read_data, read_history
from dlspec_pipelines.steps.reports.report_page import template_environment
from dlspec_pipelines.steps.reports.sequence_view import padless_ids, said_text
from dlspec_pipelines.steps.reports.targets import class_labels
from dlspec_pipelines.steps.step_errors import StepError

# Four rows of six pictures, as in a report.
_MOST_ROWS = 24
# More ids or numbers of one sample say nothing to an eye.
_MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A test row: its number in the source, the truth, what A and what B say, and what they read.

    `picture` is an image's address, "" where the input is none; `inputs` are a few numbers.
    """

    row: str
    true: str
    first: str
    second: str
    picture: str
    inputs: str


@dataclass(frozen=True, slots=True)
class ComparedRows:
    """The rows of a target that one of two runs alone gets right, or is nearer to."""

    title: str
    count: int
    rows: tuple[ComparedRow, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is known of the data of the second run: its inputs and the names of its classes."""

    plan: Plan
    files: DataFiles


def write_comparison_page(path: Path, found: RunComparison) -> None:
    """Write a comparison as one HTML file; nothing on it is loaded from elsewhere.

    Raises:
        OSError: If the file cannot be written.
        StepError: If a file of a run is damaged.
    """
    environment = template_environment()
    histories = [read_history(require_intact(run.folder, "history.csv")) for run in found.runs]
    decided = next((m for m in found.metrics if isinstance(m.tested, Comparison)), None)
    page = environment.get_template("comparison.html.j2").render(
        runs=list(zip("AB", found.runs, strict=True)),
        found=found,
        deciding=decided,
        headline=_headline(decided),
        directions={pair.name: direction_of(pair.name) for pair in found.metrics},
        sentences=list(verdict_sentences(found)),
        targets=_targets_of_comparison(found),
        curves=compared_curves(*histories),
        facts=[(name, list(own)) for name, own in groupby(found.facts, lambda p: p.section)],
        spec=found.spec if isinstance(found.spec, str) else difference_text(found.spec).rstrip(),
        is_spec_compared=not isinstance(found.spec, str),
        style=Markup(environment.get_template("report.css").render()),  # noqa: S704 - our own file
    )
    path.write_text(page, encoding="utf-8")


def _headline(pair: MetricPair | None) -> str:
    if pair is None:
        return "Nothing was tested on the same rows"
    if pair.verdict == "not decided":
        return f"Which is better in {pair.name} is not decided"
    return f"B is {pair.verdict} than A in {pair.name}"


def _targets_of_comparison(found: RunComparison) -> list[tuple[str, list[ComparedRows]]]:
    if isinstance(found.paired, str):
        return []
    shown = None
    with suppress(StepError):
        # Where the data set was removed, rows stand with their numbers and answers alone.
        folder = found.runs[1].folder
        plan = plan_of_run(folder)
        if plan.data is not None:
            shown = _Shown(plan, read_data(plan.data, dataset_of_run(folder)))
    return [(name, _rows_of_target(name, found.paired, shown)) for name in found.paired.sides[0]]


def _rows_of_target(name: str, paired: PairedRows, shown: _Shown | None) -> list[ComparedRows]:
    nearer = paired.sides[0][name].kind in ("number", "mask")
    told = []
    for letter, positions in zip("AB", paired.disagreement(name), strict=True):
        title = f"{letter} is nearer" if nearer else f"{letter} alone is right"
        chosen = positions[:_MOST_ROWS]
        rows = tuple(_compared_rows(name, paired, chosen, shown))
        told.append(ComparedRows(title, len(positions), rows))
    return told


def _compared_rows(
    name: str, paired: PairedRows, positions: Array, shown: _Shown | None
) -> list[ComparedRow]:
    rows = paired.rows[positions]
    pictures, inputs, numbers = [""] * len(rows), [""] * len(rows), [str(int(r)) for r in rows]
    labels: Sequence[str] = ()
    text = None
    if shown is not None and shown.plan.data is not None and len(rows):
        features = shown.plan.data.model_inputs
        pictures = example_pictures(rows, features, shown.files)
        inputs = example_texts(rows, features, shown.files)
        numbers = [shown.files.numbers_in_source(int(row)) for row in rows]
        labels = _labels_of_target(shown.plan.data.model_targets, name, shown.files)
        text = shown.files.target_texts.get(name)
    first, second = (side[name].take(positions) for side in paired.sides)
    answers = (
        answer_texts(first, first.true, labels, text),
        answer_texts(first, first.guess, labels, text),
        answer_texts(second, second.guess, labels, text),
    )
    return [ComparedRow(*one) for one in zip(numbers, *answers, pictures, inputs, strict=True)]


def _labels_of_target(targets: Mapping[str, Feature], name: str, files: DataFiles) -> Sequence[str]:
    feature = targets[name]
    if isinstance(feature, ClassFeature | BinaryFeature):
        return class_labels(feature, files.classes.get(name))
    return ()


def answer_texts(
    predicted: Predicted, values: Array, labels: Sequence[str], text: TextOfIds | None
) -> list[str]:
    """Return what is said of each sample, as a person reads it."""
    if predicted.kind in ("class", "binary"):
        ids = [int(value) for value in values.reshape(len(values))]
        return [labels[i] if i < len(labels) else str(i) for i in ids]
    if predicted.kind == "mask":
        return ["" for _ in values]
    if predicted.kind in ("sequence", "tokens"):
        return [said_text(ids, text) or "nothing" for ids in padless_ids(values)]
    return [_values_text(np.asarray(row).reshape(-1)) for row in values]


def _values_text(values: Any) -> str:  # noqa: ANN401 - numbers or ids of one sample
    told = [
        str(int(value)) if values.dtype.kind in "iu" else figure_text(float(value))
        for value in values[:_MOST_VALUES]
    ]
    return ", ".join(told) + (", ..." if len(values) > _MOST_VALUES else "")
