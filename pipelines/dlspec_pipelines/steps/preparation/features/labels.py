"""Prepares `labels`."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dlspec.language.features import LabelsFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    refused_value,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.numbers import as_numbers
from dlspec_pipelines.steps.preparation.raw_columns import Raw


@dataclass(frozen=True, slots=True)
class LabelsPreparer:
    """Prepares `LabelsFeature`."""

    feature: LabelsFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        feature, columns = self.feature, self.feature.columns
        if len(columns) > 1:
            parts = [_zeros_and_ones(feature, name, table.columns[name]) for name in columns]
            held = np.stack([part.values for part in parts], axis=1)
            return Raw(held)
        column = table.columns[columns[0]]
        if column.ndim > 1:
            return _vectors_of_labels(feature, column)
        return _labels_of_rows(feature, column)

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        return Fitted(self.feature)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        return raw.values[at]


def _zeros_and_ones(feature: LabelsFeature, name: str, column: Array) -> Raw:
    numbers = as_numbers(name, column.reshape(len(column), -1)).astype(np.float32)
    missing = np.isnan(numbers)
    if feature.missing == "none":
        numbers = np.where(missing, np.float32(0), numbers)
    wrong = np.flatnonzero(((numbers != 0) & (numbers != 1)).any(axis=1))
    if wrong.size:
        row = int(wrong[0])
        value = column[row]
        if np.isnan(numbers[row]).any():
            raise _missing_label(name, row)
        raise refused_value(
            name,
            row,
            value,
            "is neither 0 nor 1",
            help="name one column that holds the labels, or columns of 0 and 1",
        )
    return Raw(numbers[:, 0] if numbers.shape[1] == 1 else numbers)


def _vectors_of_labels(feature: LabelsFeature, column: Array) -> Raw:
    name, wanted = feature.columns[0], feature.num_labels
    if column.shape[1:] != (wanted,):
        raise unpreparable_data(
            f"column `{name}` holds arrays of shape {column.shape[1:]}, not of {wanted} labels",
            help="say under `classes` how many labels there are",
        )
    return _zeros_and_ones(feature, name, column)


def _labels_of_rows(feature: LabelsFeature, column: Array) -> Raw:
    """Return which labels hold, from lists or texts of labels, or one label a row."""
    assert feature.num_labels is not None, "the rules ask for `classes`"
    name = feature.columns[0]
    known = known_labels(feature)
    held = np.zeros((len(column), feature.num_labels), dtype=np.float32)
    for row, cell in enumerate(column.tolist()):
        found = labels_of_cell(cell, feature.separator)
        if found is None:
            if feature.missing == "refuse":
                raise _missing_label(name, row)
            continue
        held[row, _label_places(feature, known, found, row=row)] = 1
    return Raw(held)


def known_labels(feature: LabelsFeature) -> dict[object, int]:
    """Return the place of each label, as itself and as text."""
    assert feature.num_labels is not None, "the rules ask for `classes`"
    labels = range(feature.num_labels) if feature.names is None else feature.names
    known: dict[object, int] = {label: place for place, label in enumerate(labels)}
    return known | {str(label): place for label, place in known.items()}


def labels_of_cell(cell: object, separator: str) -> list[object] | None:
    """Return the labels that a cell holds; None where it is missing."""
    if isinstance(cell, list | tuple | np.ndarray):
        return list(cell)
    if isinstance(cell, str):
        pieces = (piece.strip() for piece in cell.split(separator))
        return [piece for piece in pieces if piece]
    missing = cell is None or (isinstance(cell, float) and math.isnan(cell))
    return None if missing else [cell]


def _label_places(
    feature: LabelsFeature, known: Mapping[object, int], found: Iterable[object], *, row: int
) -> list[int]:
    places = []
    for label in found:
        if label not in known:
            ids = feature.names is None
            raise refused_value(
                feature.columns[0],
                row,
                label,
                f"is no label id: ids run from 0 to {len(set(known.values())) - 1}"
                if ids
                else "is not one of `classes`",
                help="list the labels under `classes` in the order of their ids"
                if ids
                else "add it to `classes`, or write the `separator` that the column has",
            )
        places.append(known[label])
    return places


def _missing_label(name: str, row: int) -> Exception:
    return refused_value(
        name,
        row,
        None,
        "is no target",
        help="leave these rows out, or write `missing: none`, where no label holds then",
    )
