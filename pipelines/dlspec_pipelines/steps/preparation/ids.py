"""Ids: categories, classes, two-valued targets and tokens."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec.language.features import BinaryFeature, CategoryFeature, ClassFeature, TokensFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    refused_value,
    shown_value,
    single_column,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.numbers import as_numbers

Ids = NDArray[np.int32]
Vocabulary = tuple[object, ...]


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
    if (_vocabulary_positions(vocabulary, column) < 0).all():
        present = column[~np.asarray(pd.isna(column))]
        first = shown_value(present[0] if present.size else None)
        raise unpreparable_data(
            f"no training row of column `{name}` holds a category of its vocabulary",
            help=f"list values as the column has them; the first is {first}",
        )


def _vocabulary_positions(vocabulary: Vocabulary, column: Array) -> NDArray[np.int64]:
    textual = column.dtype == np.object_ or any(isinstance(word, str) for word in vocabulary)
    index = pd.Index(list(vocabulary), dtype=np.object_ if textual else None)
    positions = index.get_indexer(pd.Index(column, dtype=np.object_ if textual else None))
    return positions.astype(np.int64)


def category_ids(
    feature: CategoryFeature, vocabulary: Vocabulary, column: Array, *, rows: Array
) -> Ids:
    """Return the id of each value; with `unknown`, id 0 stands for all that is not known.

    Args:
        rows: The source's row of each value, for an error.

    Raises:
        StepError: If a value is not known and there is no unknown id (DL613).
    """
    positions = _vocabulary_positions(vocabulary, column)
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


def class_ids(feature: ClassFeature, column: Array) -> Ids:
    """Return the class of each row as an id.

    Raises:
        StepError: If a value is missing, or is none of the classes (DL613).
    """
    name, column = feature.class_, single_column(feature.class_, column)
    if not isinstance(feature.classes, int):
        ids = _vocabulary_positions(feature.classes, column)
        strange = np.flatnonzero(ids < 0)
        if strange.size:
            first = int(strange[0])
            raise refused_value(
                name, first, _cell_or_none(column, first), "is not one of `classes`"
            )
        return ids.astype(np.int32)
    numbers = _class_numbers(name, column)
    fits = (numbers >= 0) & (numbers < feature.classes) & (numbers == np.floor(numbers))
    wrong = np.flatnonzero(~fits)
    if wrong.size:
        first = int(wrong[0])
        raise refused_value(
            name,
            first,
            _cell_or_none(column, first),
            f"is no class id: ids run from 0 to {feature.classes - 1}",
            help="list the values under `classes` in the order of their ids",
        )
    return numbers.astype(np.int32)


def _class_numbers(name: str, column: Array) -> Array:
    texts = column.dtype == np.object_ and [v for v in column[:1000] if isinstance(v, str)]
    if texts:
        values = ", ".join(sorted(set(texts))[:5])
        raise refused_value(
            name,
            int(np.flatnonzero(column == texts[0])[0]),
            texts[0],
            "is a text, not a class id",
            help=f"list the values under `classes`, such as [{values}]",
        )
    numbers = as_numbers(name, column)
    return numbers.astype(np.int64) if numbers.dtype == np.bool_ else numbers


def _cell_or_none(column: Array, row: int) -> object:
    value = column[row]
    return None if pd.isna(value) else value


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
    positive = _vocabulary_positions((feature.positive,), column) == 0
    if not positive.any():
        raise unpreparable_data(
            f"no row of column `{name}` holds {shown_value(feature.positive)}, the positive value",
            help="write the value as the column has it; "
            f"the first row holds {shown_value(column[0])}",
        )
    return np.asarray(positive, dtype=np.float32)


def require_ids_below(feature: TokensFeature, ids: Array) -> None:
    """Check that every token is an id of the vocabulary.

    Raises:
        StepError: If one is negative, not whole, or not below the vocabulary (DL613).
    """
    wrong = ~((ids >= 0) & (ids < feature.num_ids) & (ids % 1 == 0))
    rows = np.flatnonzero(wrong.any(axis=1))
    if rows.size:
        row = int(rows[0])
        raise refused_value(
            feature.tokens,
            row,
            ids[row][wrong[row]][0],
            f"is no id of a vocabulary of {feature.num_ids}",
            help=f"ids run from 0 to {feature.num_ids - 1}; write a larger `vocabulary`",
        )
