"""Prepares `class`."""

from dataclasses import dataclass

import numpy as np

from dlspec.diagnostics.suggest import suggest
from dlspec.language.features import ClassFeature
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, refused_value, single_column
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import Ids, cell_or_none, vocabulary_positions
from dlspec_pipelines.steps.preparation.numbers import as_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Raw

# So many classes are named where a spec must list them.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ClassPreparer:
    """Prepares `ClassFeature`."""

    feature: ClassFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        return Raw(class_ids(self.feature, table.columns[self.feature.class_]))

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        return Fitted(self.feature)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        ids = raw.values[at]
        if self.feature.one_hot:
            return np.eye(self.feature.num_classes, dtype=np.float32)[ids]
        return ids


def class_ids(feature: ClassFeature, column: Array) -> Ids:
    """Return the class of each row as an id.

    Raises:
        StepError: If a value is missing, or is none of the classes (DL613).
    """
    name, column = feature.class_, single_column(feature.class_, column)
    if not isinstance(feature.classes, int):
        ids = vocabulary_positions(feature.classes, column)
        strange = np.flatnonzero(ids < 0)
        if strange.size:
            first = int(strange[0])
            value = cell_or_none(column, first)
            near = suggest(str(value), [str(known) for known in feature.classes])
            help = None if near is None else f"`classes` has `{near}`: write one as the other"
            raise refused_value(name, first, value, "is not one of `classes`", help=help)
        return ids.astype(np.int32)
    numbers = _class_numbers(name, column)
    fits = (numbers >= 0) & (numbers < feature.classes) & (numbers == np.floor(numbers))
    wrong = np.flatnonzero(~fits)
    if wrong.size:
        first = int(wrong[0])
        raise refused_value(
            name,
            first,
            cell_or_none(column, first),
            f"is no class id: ids run from 0 to {feature.classes - 1}",
            help="list the values under `classes` in the order of their ids",
        )
    return numbers.astype(np.int32)


def _class_numbers(name: str, column: Array) -> Array:
    texts = column.dtype == np.object_ and [v for v in column[:1000] if isinstance(v, str)]
    if texts:
        values = ", ".join(sorted({value for value in column if isinstance(value, str)})[:_SHOWN])
        raise refused_value(
            name,
            int(np.flatnonzero(column == texts[0])[0]),
            texts[0],
            "is a text, not a class id",
            help=f"list the values under `classes`, such as [{values}]",
        )
    numbers = as_numbers(name, column)
    return numbers.astype(np.int64) if numbers.dtype == np.bool_ else numbers
