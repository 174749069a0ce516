"""Prepares `number`."""

from dataclasses import dataclass

from dlspec.language.features import NumberFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_filled_scaling,
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.numbers import numeric_column
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class NumberPreparer:
    """Prepares `NumberFeature`."""

    feature: NumberFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        name = self.feature.number
        gaps = self.feature.missing is not None
        return Raw(numeric_column(name, table.columns[name], gaps=gaps)[:, None])

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        feature = self.feature
        if feature.missing is None:
            scaling = fit_number_scaling(
                raw, train, standardize=feature.standardize, scale=feature.scale
            )
        else:
            scaling = fit_filled_scaling(raw, train, feature, (feature.number,))
        return Fitted(feature, scaling)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return scaled_numbers(fitted, raw, at)
