"""The profile of a data set as one page that opens without a network."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from dlspec.language.features import ClassFeature, ImageFeature
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.preparation.prepared_arrays import Part, open_part
from dlspec_pipelines.steps.profiles import profile_words
from dlspec_pipelines.steps.profiles.column_profile import ColumnProfile
from dlspec_pipelines.steps.profiles.data_profile import DataProfile, example_text
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.reports.charts import histogram_chart
from dlspec_pipelines.steps.reports.examples import MAX_EXAMPLES, picture_addresses
from dlspec_pipelines.steps.reports.report_page import template_environment
from dlspec_pipelines.steps.reports.targets import class_labels

# Beyond these a page is long and says little more.
_MAX_CHARTS = 40
# Numbers of an array column that a histogram counts.
_MAX_NUMBERS = 1_000_000
# A bar of a chart 460 pixels wide then has eleven, with its gap.
_MAX_BINS = 30


@dataclass(frozen=True, slots=True)
class Picture:
    """One training sample: what the model reads as an image's address, and its class."""

    address: str
    row: int
    label: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures of one feature, one class after the other."""

    feature: str
    pictures: tuple[Picture, ...]


def write_profile_page(
    path: Path, profile: DataProfile, data: Data, table: Table, dataset: Dataset | None
) -> None:
    """Write the profile as one HTML file; nothing on it is loaded from elsewhere.

    Args:
        table: The rows of the source.
        dataset: What was prepared of them; None where nothing could be.

    Raises:
        OSError: If the file cannot be written.
        StepError: If the prepared arrays are not what was written.
    """
    environment = template_environment()
    contract, hygiene = profile_words.verdict_words(profile)
    train = None if dataset is None else open_part(dataset, "train")
    page = environment.get_template("data_profile.html.j2").render(
        profile=profile,
        words=profile_words,
        example_text=example_text,
        contract=contract,
        hygiene=hygiene,
        charts=list(_column_charts(profile, table)),
        galleries=[] if train is None else list(_training_galleries(data, train)),
        style=Markup(environment.get_template("report.css").render()),  # noqa: S704 - our own file
    )
    path.write_text(page, encoding="utf-8")


def _column_charts(profile: DataProfile, table: Table) -> Iterator[Markup]:
    drawn = [column for feature in profile.features for column in feature.columns]
    named = {column.column: column for column in drawn if column.spread is not None}
    for column in list(named.values())[:_MAX_CHARTS]:
        values = _numbers_of_column(table.columns[column.column])
        if values.size:
            yield histogram_chart(
                column.column,
                values,
                x_label=column.column,
                y_label="values" if column.shape else "rows",
                bins=_histogram_bins(column),
            )


def _numbers_of_column(column: Array) -> NDArray[np.float64]:
    if column.dtype.kind == "O":
        rows = [np.asarray(row).reshape(-1) for row in column if row is not None]
        column = np.concatenate(rows) if rows else np.zeros(0)
    flat = column.reshape(-1)
    numbers = flat[:: max(1, flat.size // _MAX_NUMBERS)].astype(np.float64)
    return np.asarray(numbers[np.isfinite(numbers)])


def _histogram_bins(column: ColumnProfile) -> int:
    """Return as many bins as there are values, where they are few."""
    return _MAX_BINS if column.unique is None else min(_MAX_BINS, max(column.unique, 2))


def _training_galleries(data: Data, train: Part) -> Iterator[Gallery]:
    label_of = _labels_of_samples(data, train)
    for name, feature in data.inputs.items():
        if not isinstance(feature, ImageFeature):
            continue
        chosen = _samples_over_classes(label_of)
        values = np.array(train.inputs[name][np.sort(chosen)])
        order = np.argsort(np.argsort(chosen))
        addresses = picture_addresses(values[order]) if len(chosen) else []
        pictures = (
            Picture(address, int(train.rows[at]), label_of[at])
            for address, at in zip(addresses, chosen, strict=True)
        )
        yield Gallery(name, tuple(pictures))


def _labels_of_samples(data: Data, train: Part) -> list[str]:
    """Return the class of each training sample; "" where no target has classes."""
    for name, feature in data.targets.items():
        if isinstance(feature, ClassFeature):
            ids: Any = np.asarray(train.targets[name])
            ids = ids.argmax(axis=1) if feature.one_hot else ids.reshape(-1)
            labels = class_labels(feature)
            return [labels[int(number)] for number in ids]
    return [""] * len(train.rows)


def _samples_over_classes(label_of: list[str]) -> NDArray[np.int64]:
    """Return samples to show: the first of each class, the second of each, and so on."""
    seen: dict[str, int] = {}
    turns = []
    for label in label_of:
        turns.append(seen.get(label, 0))
        seen[label] = turns[-1] + 1
    return np.argsort(np.asarray(turns, dtype=np.int64), kind="stable")[:MAX_EXAMPLES]
