"""What a spec says of its targets without writing it under `expect`: held with the contract."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dlspec.language.features import (
    BinaryFeature,
    ClassFeature,
    Feature,
    NumberFeature,
    VectorFeature,
)
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import Array, Table, holds_arrays


@dataclass(frozen=True, slots=True, eq=False)
class ImpliedCheck:
    """One check of one column: in which rows it holds, and what helps where it does not."""

    column: str
    text: str
    fits: Array
    help: str | None = None


def implied_checks(table: Table, data: Data) -> Iterator[ImpliedCheck]:
    """Give the checks that the targets of a spec ask of their columns.

    Columns of arrays are left to the features, which know their shapes.
    """
    for feature in data.targets.values():
        for name in feature.columns:
            column = table.columns.get(name)
            if column is not None and column.ndim == 1 and not holds_arrays(column):
                yield from _checks_of_target(feature, name, column)


def _checks_of_target(feature: Feature, name: str, column: Array) -> Iterator[ImpliedCheck]:
    present = ~np.asarray(pd.isna(column))
    match feature:
        case ClassFeature():
            yield ImpliedCheck(name, "a target is there", present)
            yield _class_check(feature, name, column, present)
        case BinaryFeature():
            yield ImpliedCheck(name, "a target is there", present)
            if feature.positive is None:
                fits = ~present | np.isin(_numbers_or_nan(column), (0, 1))
                yield ImpliedCheck(name, "0 or 1", fits, "write `positive`, the value that is 1")
        case NumberFeature() | VectorFeature() if feature.missing is None:
            yield ImpliedCheck(name, "a target is there", present)
            numbers = _numbers_or_nan(column)
            yield ImpliedCheck(name, "a finite number", ~present | np.isfinite(numbers))
        case _:
            # Other features say themselves what they cannot take.
            return


def _class_check(feature: ClassFeature, name: str, column: Array, present: Array) -> ImpliedCheck:
    if not isinstance(feature.classes, int):
        listed = set(feature.classes)
        fits = np.array([value in listed for value in column.tolist()], dtype=bool)
        return ImpliedCheck(
            name, "one of `classes`", ~present | fits, "list every value under `classes`"
        )
    numbers = _numbers_or_nan(column)
    fits = (numbers >= 0) & (numbers < feature.classes) & (numbers == np.floor(numbers))
    known = [value for value in pd.unique(column[present]).tolist() if value is not None]
    text = f"a class id from 0 to {feature.classes - 1}"
    return ImpliedCheck(name, text, ~present | fits, _way_to_list_classes(feature.classes, known))


def _way_to_list_classes(classes: int, known: list[object]) -> str:
    """Return what to write for the values that a column of classes holds."""
    if len(known) == classes:
        values = ", ".join(str(value) for value in _sorted_values(known))
        return f"list the values in the order of their ids: `classes: [{values}]`"
    numbers = [value for value in known if isinstance(value, int | float)]
    if len(numbers) == len(known) and min(numbers) >= 0 and max(numbers) < 2 * classes + 10:
        return f"write `classes: {int(max(numbers)) + 1}`, or mend the rows"
    return "list the values under `classes` in the order of their ids"


def _sorted_values(values: list[object]) -> list[object]:
    return sorted(values, key=lambda value: (isinstance(value, str), value))


def _numbers_or_nan(column: Array) -> Array:
    if column.dtype.kind in "iufb":
        return column.astype(np.float64)
    plain = [value if isinstance(value, int | float) else np.nan for value in column.tolist()]
    return np.array(plain, dtype=np.float64)
