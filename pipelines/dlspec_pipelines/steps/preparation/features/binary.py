"""Prepares `binary`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec.language.features import BinaryFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    refused_value,
    shown_value,
    single_column,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import vocabulary_positions
from dlspec_pipelines.steps.preparation.numbers import as_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class BinaryPreparer:
    """Prepares `BinaryFeature`."""

    feature: BinaryFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        column = table.columns[self.feature.binary]
        values = binary_values(self.feature, column)
        others = pd.unique(single_column(self.feature.binary, column)[values == 0]).tolist()
        named = self.feature.positive is not None and len(others) == 1
        return Raw(values[:, None], classes=(*others, self.feature.positive) if named else None)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows: the vocabulary is what 0 and 1 stand for, where it is known."""
        return Fitted(self.feature, vocabulary=raw.classes)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return raw.values[at]


def binary_values(feature: BinaryFeature, column: Array) -> NDArray[np.float32]:
    """Return 1.0 where a row is positive and 0.0 elsewhere.

    Raises:
        StepError: If a value is missing, none is positive, or the column holds more than 0 and 1
            and no value is called positive (DL613).
    """
    name, column = feature.binary, single_column(feature.binary, column)
    missing = np.flatnonzero(np.asarray(pd.isna(column)))
    if missing.size:
        raise refused_value(
            name, int(missing[0]), None, "is no target", help="leave these rows out"
        )
    if feature.positive is None:
        numbers = as_numbers(name, column)
        wrong = np.flatnonzero((numbers != 0) & (numbers != 1))
        if wrong.size:
            value = column[int(wrong[0])]
            raise refused_value(
                name, int(wrong[0]), value, "is neither 0 nor 1", help="write `positive`"
            )
        return numbers.astype(np.float32)
    positive = vocabulary_positions((feature.positive,), column) == 0
    if not positive.any():
        raise unpreparable_data(
            f"no row of column `{name}` holds {shown_value(feature.positive)}, the positive value",
            help="write the value as the column has it; "
            f"the first row holds {shown_value(column[0])}",
        )
    return np.asarray(positive, dtype=np.float32)
