"""Values that became the unknown id: how many, which, and what they may have been meant to be."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.features import CategoriesFeature, CategoryFeature
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import Array, Table, shown_value, single_column
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.features.categories import column_vocabulary
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.ids import Vocabulary
from dlspec_pipelines.steps.preparation.prepared_arrays import Part
from dlspec_pipelines.steps.preparation.trained_types import with_trained_types

# The most frequent ones; the count says how many there are.
_SHOWN_VALUES = 3


def unknown_categories(
    table: Table, inputs: Mapping[str, Fitted], parts: Mapping[str, Part]
) -> Iterator[Finding]:
    """Find the samples of each part whose category has no id of its own.

    In the training rows that is a vocabulary that is too small, or a list that lacks a value.
    """
    for name, fitted in inputs.items():
        feature, vocabulary = fitted.feature, fitted.vocabulary
        if not isinstance(feature, CategoryFeature | CategoriesFeature) or not feature.unknown:
            continue
        assert vocabulary is not None, "every category is fitted"
        for place, column in enumerate(feature.columns):
            ids = {p: _ids_at(arrays.inputs[name], place) for p, arrays in parts.items()}
            if isinstance(feature, CategoryFeature):
                known = vocabulary
                called = name
            else:
                known = column_vocabulary(feature, vocabulary, column)
                called = f"{name}.{column}"
            values = single_column(column, table.columns[column])
            for part, arrays in parts.items():
                unknown = np.flatnonzero(ids[part] == 0)
                if unknown.size:
                    there = values[np.asarray(arrays.rows)[unknown]]
                    room = _room_told(feature, vocabulary, there) if part == "train" else ""
                    yield _unknown_found(called, part, (there, known), room)


def unknown_in_new_rows(preparation: Preparation, table: Table) -> Iterator[Finding]:
    """Find the new rows whose category has no id of its own."""
    kinds = CategoryFeature | CategoriesFeature
    inputs = {n: one for n, one in preparation.inputs.items() if isinstance(one.feature, kinds)}
    columns = {column for one in inputs.values() for column in one.feature.columns}
    # Of columns that are missing it is told with all others, where rows are prepared.
    if inputs and columns <= table.columns.keys():
        part = apply_preparation(replace(preparation, inputs=inputs), table)
        typed = with_trained_types(preparation, table)
        yield from unknown_categories(typed, inputs, {"new": part})


def _ids_at(ids: Array, place: int) -> Array:
    found = np.asarray(ids)
    return found if found.ndim == 1 else found[:, place]


def _unknown_found(called: str, part: str, unknown: tuple[Array, Vocabulary], room: str) -> Finding:
    values, known = unknown
    text = (
        f"{counted(values.size, part + ' sample')} of `{called}` {agreed(values.size, 'hold')} a "
        "category that is not known"
    )
    told = _values_told(values, known)
    return Finding("unknown_categories", f"{called}/{part}", values.size, text + told + room)


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


def _room_told(
    feature: CategoryFeature | CategoriesFeature, vocabulary: Vocabulary, values: Array
) -> str:
    # Of several columns, the others may lack room, too.
    if not isinstance(feature, CategoryFeature) or not isinstance(feature.vocabulary, int):
        return ""
    # One more for the unknown id itself.
    needed = len(vocabulary) + pd.Series(values).dropna().nunique() + 1
    return f"; `vocabulary: {needed}` has room for all"


def _folded_category(value: object) -> str:
    return str(value).strip().casefold()
