"""The profile of a data set as one page that opens without a network."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.profiles import profile_words
from dlspec_pipelines.steps.profiles.column_profile import ColumnProfile
from dlspec_pipelines.steps.profiles.data_profile import DataProfile, example_text
from dlspec_pipelines.steps.profiles.profile_samples import ProfileSamples, samples_to_show
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.reports.charts import histogram_chart
from dlspec_pipelines.steps.reports.report_page import template_environment

# Beyond these a page is long and says little more.
_MAX_CHARTS = 40
# Numbers of an array column that a histogram counts.
_MAX_NUMBERS = 1_000_000
# A bar of a chart 460 pixels wide then has eleven, with its gap.
_MAX_BINS = 30


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
    samples = ProfileSamples() if dataset is None else samples_to_show(data, table, dataset)
    page = environment.get_template("data_profile.html.j2").render(
        profile=profile,
        words=profile_words,
        example_text=example_text,
        contract=contract,
        hygiene=hygiene,
        charts=list(_column_charts(profile, table)),
        samples=samples,
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
