"""Prepares `series`: the window before, and the rows to forecast."""

from dataclasses import dataclass, replace

import numpy as np

from dlspec.language.features import SeriesFeature, SeriesTarget
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_filled_rows,
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.numbers import fit_fill, numeric_column
from dlspec_pipelines.steps.preparation.raw_columns import Raw, side_by_side


@dataclass(frozen=True, slots=True)
class SeriesPreparer:
    """Prepares both ends of a series."""

    feature: SeriesFeature | SeriesTarget

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        gaps = self.feature.missing is not None
        columns = [
            numeric_column(name, table.columns[name], gaps=gaps) for name in self.feature.columns
        ]
        raw = side_by_side(columns)
        if self.feature.missing != "drop":
            return raw
        # What no window holds is no part of a mean either.
        missed = [np.isnan(column) for column in columns if column.dtype.kind == "f"]
        lost = np.logical_or.reduce(missed) if missed else np.zeros(table.rows, dtype=bool)
        return replace(raw, mask=~lost) if lost.any() else raw

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        feature = self.feature
        if isinstance(feature, SeriesFeature) and feature.missing not in (None, "previous", "drop"):
            fill = fit_fill(feature.missing, feature.columns, raw.each_column_at(train))
            scaling = fit_filled_rows(raw, train, fill, standardize=feature.standardize)
        else:
            scaling = fit_number_scaling(raw, train, standardize=feature.standardize, scale=None)
        return Fitted(feature, scaling)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples; rows that windows share are scaled once."""
        first, stop = (int(at.min()), int(at.max()) + 1) if at.size else (0, 0)
        if stop - first >= at.size:
            return scaled_numbers(fitted, raw, at)
        shared = scaled_numbers(fitted, raw, np.arange(first, stop))
        return shared.astype(self.feature.element.dtype)[at - first]
