"""Prepares `category`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dlspec.language.features import CategoryFeature
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
from dlspec_pipelines.steps.preparation.ids import Ids, Vocabulary, vocabulary_positions
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class CategoryPreparer:
    """Prepares `CategoryFeature`."""

    feature: CategoryFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        name = self.feature.category
        return Raw(single_column(name, table.columns[name]))

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        vocabulary = fit_vocabulary(self.feature, raw.values[train])
        return Fitted(self.feature, vocabulary=vocabulary)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        assert fitted.vocabulary is not None, "every category is fitted"
        return category_ids(self.feature, fitted.vocabulary, raw.values[at], rows=rows)


def fit_vocabulary(feature: CategoryFeature, column: Array) -> Vocabulary:
    """Return the categories in the order of their ids, found in the training rows or listed.

    Where there are more than the vocabulary has room for, the most frequent are kept.

    Raises:
        StepError: If the training rows have more than there is room for, without an unknown id,
            or none that is listed (DL613).
    """
    if not isinstance(feature.vocabulary, int):
        _require_one_known(feature.category, feature.vocabulary, column)
        return feature.vocabulary
    counts = pd.Series(column).dropna().value_counts(sort=False)
    found = sorted(zip(counts.index.tolist(), counts.tolist(), strict=True), key=_category_sort_key)
    room = feature.vocabulary - int(feature.unknown)
    if len(found) > room and not feature.unknown:
        raise unpreparable_data(
            f"column `{feature.category}` has {len(found)} categories in the training rows, "
            f"its vocabulary holds {room}",
            help=f"write `vocabulary: {len(found)}`, or `unknown: true` with a larger one",
        )
    most_frequent = sorted(found, key=lambda pair: -pair[1])[:room]
    return tuple(value for value, _ in sorted(most_frequent, key=_category_sort_key))


def _category_sort_key(pair: tuple[object, int]) -> tuple[bool, object]:
    value = pair[0]
    return isinstance(value, str), value


def _require_one_known(name: str, vocabulary: Vocabulary, column: Array) -> None:
    if (vocabulary_positions(vocabulary, column) < 0).all():
        present = column[~np.asarray(pd.isna(column))]
        first = shown_value(present[0] if present.size else None)
        raise unpreparable_data(
            f"no training row of column `{name}` holds a category of its vocabulary",
            help=f"list values as the column has them; the first is {first}",
        )


def category_ids(
    feature: CategoryFeature, vocabulary: Vocabulary, column: Array, *, rows: Array
) -> Ids:
    """Return the id of each value; with `unknown`, id 0 stands for all that is not known.

    Args:
        rows: The source's row of each value, for an error.

    Raises:
        StepError: If a value is not known and there is no unknown id (DL613).
    """
    positions = vocabulary_positions(vocabulary, column)
    if feature.unknown:
        return (positions + 1).astype(np.int32)
    strange = np.flatnonzero(positions < 0)
    if strange.size:
        first = int(strange[0])
        raise refused_value(
            feature.category,
            int(rows[first]),
            column[first],
            "is no category of the training rows",
            help="write `unknown: true`, which keeps id 0 for such values",
        )
    return positions.astype(np.int32)
