"""Prepares `image`."""

from dataclasses import dataclass

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.features import ImageFeature
from dlspec_pipelines.steps.data_memory import each_row
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    Rows,
    Table,
    holds_arrays,
    refused_value,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.scaled_numbers import (
    fit_number_scaling,
    scaled_numbers,
)
from dlspec_pipelines.steps.preparation.image_files import read_image_files, resized_pixels
from dlspec_pipelines.steps.preparation.named_files import names_files
from dlspec_pipelines.steps.preparation.numbers import finite_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Raw, dense_numeric_rows
from dlspec_pipelines.steps.preparation.scratch_arrays import fill_row, scratch_array


@dataclass(frozen=True, slots=True)
class ImagePreparer:
    """Prepares `ImageFeature`."""

    feature: ImageFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        column = table.columns[self.feature.image]
        if names_files(column):
            return Raw(read_image_files(self.feature, table))
        return Raw(_image_pixels(self.feature, column, table.memory))

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


def _image_pixels(feature: ImageFeature, column: Array, memory: int | None) -> Array:
    name, wanted = feature.image, (*feature.size, feature.channels)
    if feature.resize is not None and (column.ndim > 2 or holds_arrays(column)):
        return finite_numbers(name, _resized_rows(feature, column, memory), gaps=False)
    pixels = dense_numeric_rows(name, column)
    shape = pixels.shape[1:]
    fits = shape == wanted or (feature.channels == 1 and shape == feature.size)
    if not fits and shape != (int(np.prod(wanted)),):
        raise unpreparable_data(
            f"column `{name}` holds images of shape {shape}, not {wanted}",
            help="say the `size` and the `channels` that the images have",
        )
    return finite_numbers(name, pixels.reshape(-1, *wanted), gaps=False)


def _resized_rows(feature: ImageFeature, column: Array, memory: int | None) -> Array:
    """Return images of any size, an array in each row, as one array of the feature's size."""
    shape = (len(column), *feature.size, feature.channels)
    pixels = scratch_array(shape, np.float32, memory)
    for row, value in enumerate(each_row(column)):
        image = np.asarray(value)
        channels = image.shape[2] if image.ndim == 3 else 1
        if image.ndim not in (2, 3) or image.dtype.kind not in "iufb":
            raise refused_value(feature.image, row, value, "is no array of pixels")
        if channels != feature.channels or not image.size:
            raise RefusedValue(
                feature.image,
                row,
                f"an image of shape {image.shape}, not of {counted(feature.channels, 'channel')}",
                help="say the `channels` that the images have",
            )
        fill_row(pixels, row, resized_pixels(feature, image))
    return pixels
