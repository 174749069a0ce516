"""Prepares `series`: the window before, and the rows to forecast."""

from dataclasses import dataclass

from dlspec.language.features import SeriesFeature, SeriesTarget
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.numbers import numeric_column
from dlspec_pipelines.steps.preparation.raw_columns import Raw, side_by_side


@dataclass(frozen=True, slots=True)
class SeriesPreparer:
    """Prepares both ends of a series."""

    feature: SeriesFeature | SeriesTarget

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        columns = [
            numeric_column(name, table.columns[name], gaps=False) for name in self.feature.columns
        ]
        return side_by_side(columns)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        scaling = fit_number_scaling(raw, train, standardize=self.feature.standardize, scale=None)
        return Fitted(self.feature, scaling)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return scaled_numbers(fitted, raw, at)
