"""The types that columns had at training, kept at prediction whatever a file looks like."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from dlspec.language.features import (
    CategoriesFeature,
    Feature,
    TextFeature,
)
from dlspec_pipelines.steps.datasets.table import Array, Table, unpreparable_data
from dlspec_pipelines.steps.preparation.features.categories import column_vocabulary
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.ids import Vocabulary

_NUMERIC = "iufb"


def text_columns_of(preparation: Preparation) -> tuple[str, ...]:
    """Return the columns of texts, those whose categories were text at training, and of files.

    A file of new rows may hold none but `1E5` or `True` there, which look like something else.
    """
    found = _fitted_vocabularies(preparation)
    texts = [name for name, vocabulary in found if _is_text_vocabulary(vocabulary)]
    features = [one.feature for one in preparation.inputs.values()]
    return (*texts, *columns_read_as_text(features))


def columns_read_as_text(features: Iterable[Feature]) -> tuple[str, ...]:
    """Return the columns whose values are no numbers, whatever they look like."""
    features = list(features)
    return (*(f.text for f in features if isinstance(f, TextFeature)), *file_columns(features))


def file_columns(features: Iterable[Feature]) -> tuple[str, ...]:
    """Return the columns of pictures and sounds: texts there are the names of files."""
    return tuple(name for feature in features if feature.reads_files for name in feature.columns)


def with_trained_types(preparation: Preparation, table: Table) -> Table:
    """Return a table of new rows in which categories have the type they had at training.

    Texts that are numbers become numbers where categories were numbers; what else stands there
    stays, as a category that is not known.

    Raises:
        StepError: If a column holds numbers where it held text (DL613): nobody knows how they
            would have been written.
    """
    columns = dict(table.columns)
    for name, vocabulary in _fitted_vocabularies(preparation):
        column = columns[name]
        if _is_text_vocabulary(vocabulary):
            _require_text(name, column)
        elif column.dtype.kind not in _NUMERIC:
            columns[name] = _numbers_where_written(column)
    return replace(table, columns=columns)


def _fitted_vocabularies(preparation: Preparation) -> Iterator[tuple[str, Vocabulary]]:
    for fitted in preparation.inputs.values():
        if fitted.vocabulary:
            for name in fitted.feature.columns:
                yield name, _vocabulary_of_column(fitted, name)


def _vocabulary_of_column(fitted: Fitted, name: str) -> Vocabulary:
    assert fitted.vocabulary is not None
    if isinstance(fitted.feature, CategoriesFeature):
        return column_vocabulary(fitted.feature, fitted.vocabulary, name)
    return fitted.vocabulary


def _is_text_vocabulary(vocabulary: Vocabulary) -> bool:
    return any(isinstance(value, str) for value in vocabulary)


def _require_text(name: str, column: Array) -> None:
    if column.dtype.kind in _NUMERIC and not np.asarray(pd.isna(column)).all():
        raise unpreparable_data(
            f"column `{name}` holds numbers, and it held text at training",
            help="write its values as text, as the training data has them",
        )


def _numbers_where_written(column: Array) -> Array:
    numbers = pd.to_numeric(pd.Series(column), errors="coerce").to_numpy()
    return np.where(np.isnan(numbers), column, numbers.astype(np.object_))
