"""Prepares `audio`."""

from dataclasses import dataclass, replace

from dlspec.language.features import AudioFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.sound_waves import read_waves


@dataclass(frozen=True, slots=True)
class AudioPreparer:
    """Prepares `AudioFeature`."""

    feature: AudioFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        return read_waves(self.feature, table)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows: for each mel bin, or for all samples of all waves together."""
        feature = self.feature
        scaling = fit_number_scaling(
            raw if feature.mel else replace(raw, values=raw.values[..., None]),
            train,
            standardize=feature.standardize,
            scale=feature.scale,
        )
        return Fitted(feature, scaling)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return scaled_numbers(fitted, raw, at)
