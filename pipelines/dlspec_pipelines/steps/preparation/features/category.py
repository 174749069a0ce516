"""Prepares `category`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dlspec.diagnostics.counts import counted
from dlspec.language.features import CategoriesFeature, CategoryFeature
from dlspec_pipelines.steps.data_memory import row_blocks
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
from dlspec_pipelines.steps.preparation.ids import (
    Ids,
    Vocabulary,
    cell_or_none,
    vocabulary_positions,
)
from dlspec_pipelines.steps.preparation.raw_columns import Raw

# A column's name and its values.
Named = tuple[str, Array]


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
        vocabulary = fit_vocabulary(self.feature, ((self.feature.category, raw.values[train]),))
        return Fitted(self.feature, vocabulary=vocabulary)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        assert fitted.vocabulary is not None, "every category is fitted"
        return category_ids(
            self.feature, fitted.vocabulary, (self.feature.category, raw.values[at]), rows=rows
        )


def fit_vocabulary(
    feature: CategoryFeature | CategoriesFeature, columns: tuple[Named, ...]
) -> Vocabulary:
    """Return the categories in the order of their ids, found in the training rows or listed.

    Args:
        columns: Those whose values share their ids.

    Raises:
        StepError: If the training rows have more than there is room for, or a column none that is
            listed (DL613).
    """
    if not isinstance(feature.vocabulary, int):
        for name, column in columns:
            _require_one_known(name, feature.vocabulary, column)
        return feature.vocabulary
    names = tuple(name for name, _ in columns)
    found = counted_categories([column for _, column in columns])
    kept = most_frequent(feature, names, [count for _, count in found])
    return tuple(found[at][0] for at in kept)


def counted_categories(columns: Iterable[Array]) -> list[tuple[object, int]]:
    """Return each value that is there with how often it is, numbers first, in order."""
    found: Counter[object] = Counter()
    for column in columns:
        for block in row_blocks(column):
            codes, words = pd.factorize(block)
            counts = np.bincount(codes[codes >= 0], minlength=len(words))
            found.update(dict(zip(np.asarray(words).tolist(), counts.tolist(), strict=True)))
    return sorted(found.items(), key=lambda pair: (isinstance(pair[0], str), pair[0]))


def most_frequent(
    feature: CategoryFeature | CategoriesFeature, names: tuple[str, ...], counts: list[int]
) -> list[int]:
    """Return the positions of the categories that the vocabulary has room for, ascending.

    Raises:
        StepError: If it has no room for all, and `rare` does not make them unknown (DL613).
    """
    assert isinstance(feature.vocabulary, int)
    room = feature.vocabulary - int(feature.unknown)
    if len(counts) > room and not (feature.unknown and feature.rare == "unknown"):
        listed = ", ".join(f"`{name}`" for name in names)
        has = f"column {listed} has" if len(names) == 1 else f"columns {listed} have"
        also = ", or `rare: unknown`, which makes the rarest unknown" if feature.unknown else ""
        raise unpreparable_data(
            f"{has} {counted(len(counts), 'category')} in the training rows, "
            f"the vocabulary has room for {room}",
            help=f"write `vocabulary: {len(counts) + feature.unknown}`{also}",
        )
    return sorted(sorted(range(len(counts)), key=lambda at: -counts[at])[:room])


def _require_one_known(name: str, vocabulary: Vocabulary, column: Array) -> None:
    if (vocabulary_positions(vocabulary, column) < 0).all():
        present = column[~np.asarray(pd.isna(column))]
        first = shown_value(present[0] if present.size else None)
        raise unpreparable_data(
            f"no training row of column `{name}` holds a category of its vocabulary",
            help=f"list values as the column has them; the first is {first}",
        )


def category_ids(
    feature: CategoryFeature | CategoriesFeature,
    vocabulary: Vocabulary,
    named: Named,
    *,
    rows: Array,
) -> Ids:
    """Return the id of each value; with `unknown`, id 0 stands for all that is not known.

    Args:
        named: The column.
        rows: The source's row of each value, for an error.

    Raises:
        StepError: If a value is not known and there is no unknown id (DL613).
    """
    name, column = named
    positions = vocabulary_positions(vocabulary, column)
    if feature.unknown:
        return (positions + 1).astype(np.int32)
    strange = np.flatnonzero(positions < 0)
    if strange.size:
        first = int(strange[0])
        raise refused_value(
            name,
            int(rows[first]),
            cell_or_none(column, first),
            "is no category of the training rows",
            help="write `unknown: true`, which keeps id 0 for such values",
        )
    return positions.astype(np.int32)
