"""Values that became the unknown id: how many, which, and what they may have been meant to be."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from dlspec.language.features import CategoryFeature
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import Array, Table, shown_value, single_column
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.prepared_arrays import Part

# The most frequent ones; the count says how many there are.
_SHOWN_VALUES = 3


def unknown_categories(
    table: Table, inputs: Mapping[str, Fitted], parts: Mapping[str, Part]
) -> Iterator[Finding]:
    """Find the samples of each part whose category has no id of its own.

    In the training rows that is a vocabulary that is too small, or a list that lacks a value.
    """
    for name, fitted in inputs.items():
        feature = fitted.feature
        if not isinstance(feature, CategoryFeature) or not feature.unknown:
            continue
        assert fitted.vocabulary is not None, "every category is fitted"
        column = single_column(feature.category, table.columns[feature.category])
        for part, arrays in parts.items():
            unknown = np.flatnonzero(np.asarray(arrays.inputs[name]) == 0)
            if unknown.size:
                values = column[np.asarray(arrays.rows)[unknown]]
                text = (
                    f"{unknown.size} {part} samples of `{name}` hold a category that is not known"
                )
                told = _values_told(values, fitted.vocabulary)
                room = _room_told(feature, fitted.vocabulary, values) if part == "train" else ""
                yield Finding(
                    "unknown_categories", f"{name}/{part}", unknown.size, text + told + room
                )


def _values_told(values: Array, vocabulary: Vocabulary) -> str:
    """Return the most frequent of some values, each with the known one that it nearly is."""
    counts = pd.Series(values).dropna().value_counts()
    known = {_folded_category(word): word for word in vocabulary}
    told = []
    for value, count in counts.head(_SHOWN_VALUES).items():
        near = known.get(_folded_category(value))
        meant = f", {shown_value(near)} but for case or blanks" if near is not None else ""
        told.append(f"{shown_value(value)} ({count}{meant})")
    return ": " + ", ".join(told) if told else ": the value is missing"


def _room_told(feature: CategoryFeature, vocabulary: Vocabulary, values: Array) -> str:
    if not isinstance(feature.vocabulary, int):
        return ""
    # One more for the unknown id itself.
    needed = len(vocabulary) + pd.Series(values).dropna().nunique() + 1
    return f"; `vocabulary: {needed}` has room for all"


def _folded_category(value: object) -> str:
    return str(value).strip().casefold()
