"""Prepares `image`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.features import ImageFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, unpreparable_data
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.image_files import names_files, read_image_files
from dlspec_pipelines.steps.preparation.numbers import finite_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Raw, dense_numeric_rows


@dataclass(frozen=True, slots=True)
class ImagePreparer:
    """Prepares `ImageFeature`."""

    feature: ImageFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        column = table.columns[self.feature.image]
        if names_files(column):
            return Raw(read_image_files(self.feature, table))
        return Raw(_image_pixels(self.feature, column))

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


def _image_pixels(feature: ImageFeature, column: Array) -> Array:
    name, wanted = feature.image, (*feature.size, feature.channels)
    pixels = dense_numeric_rows(name, column)
    shape = pixels.shape[1:]
    fits = shape == wanted or (feature.channels == 1 and shape == feature.size)
    if not fits and shape != (int(np.prod(wanted)),):
        raise unpreparable_data(
            f"column `{name}` holds images of shape {shape}, not {wanted}",
            help="say the `size` and the `channels` that the images have",
        )
    return finite_numbers(name, pixels.reshape(-1, *wanted), gaps=False)
