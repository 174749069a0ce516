"""Prepares `sequence`."""

from dataclasses import dataclass

from dlspec.language.features import SequenceFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.numbers import finite_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Fill, Raw, padded_rows


@dataclass(frozen=True, slots=True)
class SequencePreparer:
    """Prepares `SequenceFeature`."""

    feature: SequenceFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        return _padded_sequences(self.feature, table.columns[self.feature.sequence])

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


def _padded_sequences(feature: SequenceFeature, column: Array) -> Raw:
    name, extents = feature.sequence, (feature.length, feature.features)
    padded = padded_rows(name, column, extents, Fill(feature.pad, feature.cut or feature.pad))
    return Raw(finite_numbers(name, padded.values, gaps=False), padded.mask, padded.cut)
