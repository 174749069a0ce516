"""Prepares `categories`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dlspec.language.features import CategoriesFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    single_column,
    types_in,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.features.category import (
    Named,
    category_ids,
    counted_categories,
    fit_vocabulary,
    most_frequent,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import Ids, Vocabulary
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class CategoriesPreparer:
    """Prepares `CategoriesFeature`.

    Where columns have ids of their own, the fitted vocabulary holds pairs of a column and a value.
    """

    feature: CategoriesFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        columns = [(c, single_column(c, table.columns[c])) for c in self.feature.columns]
        if not self.feature.per_column:
            _require_one_type(columns)
        return Raw(np.stack([column.astype(np.object_) for _, column in columns], axis=1))

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        columns = self._named(raw.values[train])
        if not self.feature.per_column:
            vocabulary = fit_vocabulary(self.feature, columns)
        elif isinstance(self.feature.vocabulary, int):
            vocabulary = _found_per_column(self.feature, columns)
        else:
            vocabulary = tuple(
                (column[0], value)
                for column in columns
                for value in fit_vocabulary(self.feature, (column,))
            )
        return Fitted(self.feature, vocabulary=vocabulary)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        assert fitted.vocabulary is not None, "categories are fitted"
        columns = self._named(raw.values[at])
        if self.feature.per_column:
            ids = _ids_per_column(self.feature, fitted.vocabulary, columns, rows)
        else:
            ids = [
                category_ids(self.feature, fitted.vocabulary, column, rows=rows)
                for column in columns
            ]
        return np.stack(ids, axis=1)

    def _named(self, values: Array) -> tuple[Named, ...]:
        return tuple(zip(self.feature.columns, values.T, strict=True))


def column_vocabulary(
    feature: CategoriesFeature, vocabulary: Vocabulary, column: str
) -> Vocabulary:
    """Return the values that have an id in a column, in the order of their ids."""
    if not feature.per_column:
        return vocabulary
    return tuple(value for name, value in _column_pairs(vocabulary) if name == column)


def _column_pairs(vocabulary: Vocabulary) -> list[tuple[object, object]]:
    pairs = []
    for pair in vocabulary:
        assert isinstance(pair, tuple | list), "ids of one column are pairs"
        pairs.append((pair[0], pair[1]))
    return pairs


def _require_one_type(columns: list[Named]) -> None:
    kinds = {name: _holds_text(column) for name, column in columns}
    texts = [name for name, text in kinds.items() if text]
    numbers = [name for name, text in kinds.items() if text is False]
    if texts and numbers:
        raise unpreparable_data(
            f"column `{texts[0]}` holds text and column `{numbers[0]}` numbers, "
            "which share no categories",
            help="write `per_column: true`, which gives each column ids of its own",
        )


def _holds_text(column: Array) -> bool | None:
    """Return whether a column holds text; None where every value is missing."""
    present = column[~np.asarray(pd.isna(column))].astype(np.object_)
    return str in types_in(present) if present.size else None


def _found_per_column(feature: CategoriesFeature, columns: tuple[Named, ...]) -> Vocabulary:
    found = [
        ((name, value), count)
        for name, values in columns
        for value, count in counted_categories([values])
    ]
    kept = most_frequent(feature, feature.columns, [count for _, count in found])
    return tuple(found[at][0] for at in kept)


def _ids_per_column(
    feature: CategoriesFeature,
    vocabulary: Vocabulary,
    columns: tuple[Named, ...],
    rows: Rows,
) -> list[Ids]:
    """Return the ids of each column, those of later ones behind those of earlier ones."""
    ids, before = [], 0
    for column in columns:
        own = column_vocabulary(feature, vocabulary, column[0])
        found = category_ids(feature, own, column, rows=rows)
        known = found > 0 if feature.unknown else np.ones(len(found), dtype=bool)
        ids.append(np.where(known, found + before, found).astype(np.int32))
        before += len(own)
    return ids
