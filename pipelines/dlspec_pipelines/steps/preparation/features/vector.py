"""Prepares `vector`."""

from dataclasses import dataclass

from dlspec.diagnostics.counts import counted
from dlspec.language.features import VectorFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, unpreparable_data
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_filled_scaling,
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.numbers import (
    finite_numbers,
    numeric_column,
)
from dlspec_pipelines.steps.preparation.raw_columns import Raw, dense_numeric_rows, side_by_side


@dataclass(frozen=True, slots=True)
class VectorPreparer:
    """Prepares `VectorFeature`."""

    feature: VectorFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        return _vector_values(self.feature, table)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        feature = self.feature
        if feature.missing is None:
            scaling = fit_number_scaling(
                raw, train, standardize=feature.standardize, scale=feature.scale
            )
        else:
            scaling = fit_filled_scaling(raw, train, feature, feature.columns)
        return Fitted(feature, scaling)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return scaled_numbers(fitted, raw, at)


def _vector_values(feature: VectorFeature, table: Table) -> Raw:
    gaps = feature.missing is not None
    if len(feature.columns) > 1:
        columns = [numeric_column(c, table.columns[c], gaps=gaps) for c in feature.columns]
        return side_by_side(columns)
    (name,) = feature.columns
    column = dense_numeric_rows(name, table.columns[name])
    values = column.reshape(len(column), -1)
    if feature.length is not None and values.shape[1] != feature.length:
        raise unpreparable_data(
            f"column `{name}` holds vectors of {counted(values.shape[1], 'number')}, "
            f"not {feature.length}",
            help=f"write `length: {values.shape[1]}`",
        )
    return Raw(finite_numbers(name, values, gaps=gaps))
