"""Blanks around the values of a delimited file, which would make two categories of one."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from dlspec.language.features import BinaryFeature, CategoryFeature, ClassFeature, Feature
from dlspec.language.sources import CsvSource, Source
from dlspec_pipelines.steps.datasets.table import Array, Table, unpreparable_data


def require_no_stray_blanks(source: Source, features: Iterable[Feature], table: Table) -> None:
    """Return when no category or class of a delimited file has a blank before or behind it.

    Categories that a spec lists are left out: values that are nearly one are counted and told.

    Raises:
        StepError: If one has (DL613), and the source does not say `strip`.
    """
    if not isinstance(source, CsvSource) or source.strip:
        return
    for feature in features:
        if not isinstance(feature, CategoryFeature | ClassFeature | BinaryFeature):
            continue
        if isinstance(feature, CategoryFeature) and not isinstance(feature.vocabulary, int):
            continue
        known = _values_that_are_named(feature)
        for name in feature.columns:
            column = table.columns.get(name)
            if column is not None and column.dtype == np.object_:
                _require_plain_texts(name, column, table, known=known)


def _values_that_are_named(
    feature: CategoryFeature | ClassFeature | BinaryFeature,
) -> tuple[object, ...]:
    match feature:
        case ClassFeature(classes=tuple() as listed):
            return listed
        case BinaryFeature(positive=positive):
            return (positive,)
    return ()


def _require_plain_texts(
    name: str, column: Array, table: Table, *, known: tuple[object, ...]
) -> None:
    codes, values = pd.factorize(column)
    odd = [
        place
        for place, value in enumerate(values)
        if isinstance(value, str) and value != value.strip() and value not in known
    ]
    if not odd:
        return
    row = int(np.flatnonzero(codes == odd[0])[0])
    where = f"column `{name}`, {table.place_of(row)}"
    raise unpreparable_data(
        f"{where}: `{values[odd[0]]}` has a blank before or behind it",
        help="write `strip: true` beside `csv`: blanks are then left out",
    )


def stripped_texts(table: Table) -> Table:
    """Return a table without the blanks around its names and texts, as `strip: true` reads one.

    For new rows in a file of another form than the delimited one of the training.
    """
    columns = {name.strip(): _stripped_column(column) for name, column in table.columns.items()}
    return replace(table, columns=columns)


def _stripped_column(column: Array) -> Array:
    if column.dtype.kind != "O":
        return column
    stripped = [value.strip() or None if isinstance(value, str) else value for value in column]
    out = np.empty(len(column), dtype=object)
    out[:] = stripped
    return out
