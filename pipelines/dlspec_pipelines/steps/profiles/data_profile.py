"""The profile of a spec's data: what was read, how it is dealt, what each feature makes of it."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlspec.language.features import AudioFeature, BinaryFeature, ClassFeature, Feature
from dlspec.language.row_splits import ColumnSplit, FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.resolve.plan import canonical_data
from dlspec_pipelines.steps.datasets.contract import Checked, Verdict
from dlspec_pipelines.steps.datasets.failing_rows import FailingRow, failing_row_from_json
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.preparation.drawn_samples import DrawnSamples, drawn_samples
from dlspec_pipelines.steps.preparation.fitting import fitted_classes, load_preparation
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.named_files import names_files
from dlspec_pipelines.steps.preparation.prepared_arrays import Part, open_part
from dlspec_pipelines.steps.preparation.splits import PARTS
from dlspec_pipelines.steps.preparation.windows import group_of_series
from dlspec_pipelines.steps.profiles.column_profile import (
    ColumnProfile,
    Spread,
    column_profile,
)
from dlspec_pipelines.steps.profiles.sound_columns import sound_column_words
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.reports.targets import class_labels
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import path_from_home, path_in_home

# Enough to see what a row looks like.
_EXAMPLES = 3
# Samples whose numbers are summed at a time.
_CHUNK = 4096
# A value of an example beyond this says no more.
_MAX_TEXT = 60


@dataclass(frozen=True, slots=True)
class FeatureProfile:
    """One feature: the columns that it reads, and what the model is given.

    Attributes:
        side: `inputs`, `targets`, or `weights` for what the samples of a target count for.
        element: Shape and dtype of one element.
        given: How the numbers of the training samples lie as the model reads them; None where
            nothing could be prepared.
    """

    name: str
    side: str
    kind: str
    element: str
    columns: tuple[ColumnProfile, ...]
    given: Spread | None


@dataclass(frozen=True, slots=True)
class ClassRows:
    """The classes of a target and how many samples of each every part has."""

    target: str
    rows: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class DataProfile:
    """What `dlspec data` shows.

    Attributes:
        source: The section as canonical data, without what it leaves out.
        files: Each file that was read, and its rows.
        rows: Of the source, and of the parts where they could be dealt.
        left_out: Columns of the source that no feature reads.
        examples: The first training rows, or rows of the source: their values by column.
        checks: What `expect` and the features demand.
        failures: The first ten rows of each check that does not hold.
        failing_rows: The file that holds all of them; None where there are none.
        findings: What hygiene found, as contract.json says it.
        drawn: What `data.sampling` draws of the samples; None where they are seen as they are.
        dataset: Where what was prepared lies, in the folder of artifacts; None where nothing was.
        problem: Why nothing could be prepared; "" where it could.
    """

    name: str
    source: Mapping[str, Any]
    files: tuple[tuple[str, int], ...]
    rows: Mapping[str, int]
    classes: tuple[ClassRows, ...]
    features: tuple[FeatureProfile, ...]
    left_out: tuple[str, ...]
    examples: tuple[Mapping[str, str], ...]
    checks: tuple[Checked, ...]
    failures: tuple[FailingRow, ...]
    failing_rows: str | None
    findings: tuple[Mapping[str, Any], ...]
    drawn: DrawnSamples | None
    dataset: str | None
    problem: str

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        return {**asdict(self), "failures": [one.to_json() for one in self.failures]}


def profile_of_dataset(name: str, data: Data, table: Table, dataset: Dataset) -> DataProfile:
    """Return the profile of a data set that was prepared.

    Raises:
        StepError: If its files are not what was written.
    """
    account = read_document(Path(dataset.path, "contract.json"), CONTRACT)
    train = open_part(dataset, "train")
    preparation = load_preparation(Path(dataset.path))
    return DataProfile(
        name=name,
        rows=account["rows"],
        classes=tuple(_class_rows(data, account["balance"], fitted_classes(preparation))),
        features=tuple(_feature_profiles(data, table, train)),
        examples=_examples_of_rows(data, table, train.rows[:_EXAMPLES]),
        checks=tuple(Checked(**check) for check in account["checks"]),
        failures=tuple(failing_row_from_json(said) for said in account["failing"]),
        failing_rows=None if (kept := account["failing_rows"]) is None else path_from_home(kept),
        findings=tuple(account["findings"]),
        drawn=drawn_samples(data, dataset),
        dataset=path_in_home(dataset.path),
        problem="",
        **_facts_of_source(data, table),
    )


def profile_of_source(
    name: str,
    data: Data,
    table: Table,
    problem: StepError,
    verdict: Verdict | None = None,
) -> DataProfile:
    """Return the profile of rows of which no data set could be made.

    Args:
        problem: Why not.
        verdict: What the contract came to; None where it was not reached.
    """
    found = Verdict(()) if verdict is None else verdict
    return DataProfile(
        name=name,
        rows={"source": table.rows},
        classes=(),
        features=tuple(_feature_profiles(data, table, None)),
        examples=_examples_of_rows(data, table, np.arange(min(_EXAMPLES, table.rows))),
        checks=found.checked,
        failures=found.failing,
        failing_rows=None if problem.kept is None else str(problem.kept),
        findings=(),
        drawn=None,
        dataset=None,
        problem=problem.message,
        **_facts_of_source(data, table),
    )


def features_of_sides(data: Data) -> Iterator[tuple[str, str, Feature]]:
    """Yield side, name and record of every feature, inputs first."""
    for name, feature in data.inputs.items():
        yield "inputs", name, feature
    for name, feature in data.targets.items():
        yield "targets", name, feature


def example_text(value: object) -> str:
    """Return a value of a table as a reader sees it, on one line and not too long."""
    if isinstance(value, np.ndarray):
        shape = " x ".join(map(str, value.shape))
        first = ", ".join(f"{number}" for number in value.reshape(-1)[:6].tolist())
        return f"{shape}: {first}{', ...' if value.size > 6 else ''}"
    if isinstance(value, list):
        first = ", ".join(map(str, value[:6]))
        return f"{len(value)}: {first}{', ...' if len(value) > 6 else ''}"
    if value is None or value != value:  # noqa: PLR0124 - only nan differs from itself
        return "missing"
    plain = value.item() if isinstance(value, np.generic) else value
    text = f"{plain:.6g}" if isinstance(plain, float) else " ".join(str(plain).split())
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."


def _facts_of_source(data: Data, table: Table) -> dict[str, Any]:
    said = canonical_data(data.source)
    assert isinstance(said, Mapping), "a source is a mapping"
    read = {*data.columns, *_columns_that_deal(data)}
    return {
        "source": {
            f.name: said[f.name] for f in fields(data.source) if _was_written_in_source(data, f)
        },
        "files": tuple((file.name, rows) for file, rows in table.files),
        "left_out": tuple(name for name in table.columns if name not in read),
    }


def _columns_that_deal(data: Data) -> set[str]:
    """Return the columns that no feature reads, and that order, part or deal the rows."""
    split = data.split
    match split:
        case TimeSplit():
            named: tuple[str | None, ...] = (split.time,)
        case ColumnSplit():
            named = (split.column,)
        case FractionSplit() | GivenSplit():
            named = (split.group,)
    return {name for name in (*named, group_of_series(data.inputs.values())) if name is not None}


def _was_written_in_source(data: Data, key: Field[object]) -> bool:
    return bool(getattr(data.source, key.name) != key.default)


def _feature_profiles(data: Data, table: Table, train: Part | None) -> Iterator[FeatureProfile]:
    known: dict[str, ColumnProfile] = {}
    for side, name, feature in features_of_sides(data):
        for column in feature.columns:
            if column in table.columns and column not in known:
                known[column] = column_profile(column, table.columns[column])
        given = None
        if train is not None:
            if isinstance(feature, AudioFeature) and names_files(table.columns[feature.audio]):
                sounds = sound_column_words(feature.audio, table)
                known[feature.audio] = replace(known[feature.audio], sounds=sounds)
            arrays = train.inputs if side == "inputs" else train.targets
            given = _spread_in_chunks(arrays[name])
        yield FeatureProfile(
            name,
            side,
            feature.word,
            _element_text(feature),
            tuple(known[column] for column in feature.columns if column in known),
            given,
        )
    yield from _weight_profiles(data, table, train)


def _weight_profiles(data: Data, table: Table, train: Part | None) -> Iterator[FeatureProfile]:
    for target, weight in data.weights.items():
        known = weight.column in table.columns
        made = None if train is None else train.weights[target]
        yield FeatureProfile(
            f"weight of {target}",
            "weights",
            "weight",
            "" if made is None else f"{list(made.shape[1:])} {made.dtype}",
            (column_profile(weight.column, table.columns[weight.column]),) if known else (),
            None if made is None else _spread_in_chunks(made),
        )


def _element_text(feature: Feature) -> str:
    shape = feature.element.shape or ()
    return f"[{', '.join('any' if n is None else str(n) for n in shape)}] {feature.element.dtype}"


def _spread_in_chunks(array: Array) -> Spread:
    """Return how the numbers of a mapped array lie, without holding all of it."""
    if not array.size:
        return Spread(None, None, None, None)
    low, high, total, squares = np.inf, -np.inf, 0.0, 0.0
    # About the first sample: the squares of large equal numbers would cancel badly.
    shift = float(array[:1].mean(dtype=np.float64))
    for start in range(0, len(array), _CHUNK):
        chunk = array[start : start + _CHUNK]
        low, high = min(low, float(chunk.min())), max(high, float(chunk.max()))
        apart = chunk.astype(np.float64) - shift
        total += float(apart.sum())
        squares += float((apart * apart).sum())
    mean = total / array.size
    deviation = max(squares / array.size - mean * mean, 0.0) ** 0.5
    return Spread(low, high, mean + shift, deviation)


def _class_rows(
    data: Data, balance: Mapping[str, Mapping[str, list[int]]], classes: Mapping[str, Vocabulary]
) -> Iterator[ClassRows]:
    for name, counts in balance.items():
        feature = data.targets[name]
        assert isinstance(feature, ClassFeature | BinaryFeature), feature
        labels = class_labels(feature, classes.get(name))
        rows = {
            label: {part: counts[part][number] for part in PARTS}
            for number, label in enumerate(labels)
        }
        yield ClassRows(name, rows)


def _examples_of_rows(data: Data, table: Table, rows: Array) -> tuple[Mapping[str, str], ...]:
    # Of windows, a row may stand behind the last of the source.
    within = [int(row) for row in rows if row < table.rows]
    return tuple(
        {
            name: example_text(table.columns[name][row])
            for name in data.columns
            if name in table.columns
        }
        for row in within
    )
