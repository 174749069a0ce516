"""Values that stand in a list, as their places in it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec_pipelines.steps.datasets.table import Array

Ids = NDArray[np.int32]
Vocabulary = tuple[object, ...]


def vocabulary_positions(vocabulary: Vocabulary, column: Array) -> NDArray[np.int64]:
    """Return the place of each value in a vocabulary, -1 of one that is not there."""
    textual = column.dtype == np.object_ or any(isinstance(word, str) for word in vocabulary)
    index = pd.Index(list(vocabulary), dtype=np.object_ if textual else None)
    positions = index.get_indexer(pd.Index(column, dtype=np.object_ if textual else None))
    return positions.astype(np.int64)


def are_whole(numbers: Array) -> NDArray[np.bool_]:
    """Return which numbers are whole."""
    if numbers.dtype.kind != "f":
        return np.ones(numbers.shape, dtype=bool)
    return np.asarray(numbers == np.floor(numbers))


def cell_or_none(column: Array, row: int) -> object:
    """Return the value of a row, None where it is missing."""
    value = column[row]
    return None if pd.isna(value) else value
