"""Prepares `boxes`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.features import BoxesFeature
from dlspec_pipelines.steps.datasets.table import Array, RefusedValue, Rows, Table
from dlspec_pipelines.steps.preparation.box_rows import StrangeBoxes, boxes_of_row
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class BoxesPreparer:
    """Prepares `BoxesFeature`."""

    feature: BoxesFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        feature = self.feature
        cells = table.columns[feature.boxes]
        labels = None if feature.class_column is None else table.columns[feature.class_column]
        made = np.empty((len(cells), feature.most, 5), dtype=np.float32)
        for row, cell in enumerate(cells):
            try:
                made[row] = boxes_of_row(feature, cell, None if labels is None else labels[row])
            except StrangeBoxes as error:
                raise RefusedValue(feature.boxes, row, str(error), help=None) from error
        return Raw(made)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        return Fitted(self.feature)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return raw.values[at]
