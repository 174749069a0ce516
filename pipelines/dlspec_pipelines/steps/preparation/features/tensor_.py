"""Prepares `tensor`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.features import TensorFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, unpreparable_data
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.numbers import finite_numbers
from dlspec_pipelines.steps.preparation.raw_columns import (
    Fill,
    Raw,
    dense_numeric_rows,
    padded_rows,
)


@dataclass(frozen=True, slots=True)
class TensorPreparer:
    """Prepares `TensorFeature`."""

    feature: TensorFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        name, column = self.feature.tensor, table.columns[self.feature.tensor]
        pad = self.feature.pad
        if pad is None:
            return Raw(finite_numbers(name, _arrays_of_shape(self.feature, column), gaps=False))
        padded = padded_rows(name, column, self.feature.shape, Fill(pad, self.feature.cut or pad))
        return Raw(finite_numbers(name, padded.values, gaps=False), padded.mask, padded.cut)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        feature = self.feature
        scaling = fit_number_scaling(
            raw, train, standardize=feature.standardize, scale=feature.scale
        )
        return Fitted(feature, scaling)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return scaled_numbers(fitted, raw, at)


def _arrays_of_shape(feature: TensorFeature, column: Array) -> Array:
    """Return arrays of the shape; flat ones of as many numbers are put into it."""
    values = dense_numeric_rows(feature.tensor, column)
    wanted, found = feature.shape, values.shape[1:]
    if found not in (wanted, (int(np.prod(wanted)),), (*wanted, 1)) and (*found, 1) != wanted:
        raise unpreparable_data(
            f"column `{feature.tensor}` holds "
            + (f"arrays of shape {found}" if found else "one number per row")
            + f", not {'' if found else 'arrays of shape '}{wanted}",
            help=f"write `shape: [{', '.join(map(str, found))}]`"
            if found
            else "take the column as a `number`",
        )
    return values.reshape(len(values), *wanted)
