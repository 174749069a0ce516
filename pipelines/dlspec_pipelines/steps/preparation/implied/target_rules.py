"""Rules of targets that are classes or labels: a target is there, and is one of those declared."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dlspec.diagnostics.suggest import suggest
from dlspec.language.features import BinaryFeature, ClassFeature, LabelsFeature
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule, rule_that_holds
from dlspec_pipelines.steps.datasets.table import Array, Table, types_in
from dlspec_pipelines.steps.preparation.features.labels import known_labels, labels_of_cell
from dlspec_pipelines.steps.preparation.implied.value_rules import (
    missing_rows,
    numbers_or_nan,
    plain_column,
    presence_rule,
)

# So many values that are nearly a class are named.
_TOLD = 6
_LEAVE_OUT = "leave these rows out"


def class_rules(feature: ClassFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of a target of classes."""
    name, column = feature.class_, plain_column(feature.class_, table)
    if column is None:
        return
    yield presence_rule(name, column, is_target=True, help=_LEAVE_OUT)
    yield _class_rule(feature, name, column, ~missing_rows(column))


def binary_rules(feature: BinaryFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of a target that is one of two."""
    name, column = feature.binary, plain_column(feature.binary, table)
    if column is None:
        return
    yield presence_rule(name, column, is_target=True, help=_LEAVE_OUT)
    if feature.positive is None:
        numbers = numbers_or_nan(column)
        fits = np.asarray(missing_rows(column) | (numbers == 0) | (numbers == 1), dtype=bool)
        help = "write `positive`, the value that is 1"
        yield rule_that_holds(name, "0 or 1", fits, column, help=help)


def label_rules(feature: LabelsFeature, table: Table) -> Iterator[ContractRule]:
    """Give the rules of a target of any number of labels."""
    many = len(feature.columns) > 1
    for name in feature.columns:
        column = table.columns[name]
        if many or column.ndim > 1:
            yield from _zero_or_one_rules(feature, name, column)
        else:
            yield from _label_cell_rules(feature, name, column)


def _zero_or_one_rules(feature: LabelsFeature, name: str, column: Array) -> Iterator[ContractRule]:
    if column.dtype.kind not in "iufbO":
        return
    flat = numbers_or_nan(column.reshape(-1)).reshape(len(column), -1)
    missing = missing_rows(column.reshape(-1)).reshape(len(column), -1)
    if feature.missing == "refuse":
        yield rule_that_holds(
            name,
            "a target is there",
            np.asarray(~missing.any(axis=1)),
            column,
            help="leave these rows out, or write `missing: none`, where no label holds then",
        )
    fits = np.asarray((missing | (flat == 0) | (flat == 1)).all(axis=1))
    help = "name one column that holds the labels, or columns of 0 and 1"
    yield rule_that_holds(name, "0 or 1", fits, column, help=help)


def _label_cell_rules(feature: LabelsFeature, name: str, column: Array) -> Iterator[ContractRule]:
    known = known_labels(feature)
    cells = [labels_of_cell(cell, feature.separator) for cell in column.tolist()]
    if feature.missing == "refuse":
        there = np.array([cell is not None for cell in cells], dtype=bool)
        help = "leave these rows out, or write `missing: none`, where no label holds then"
        yield rule_that_holds(name, "a target is there", there, column, help=help)
    fits = np.array([all(label in known for label in cell or ()) for cell in cells], dtype=bool)
    if feature.names is None:
        text = f"label ids from 0 to {len(set(known.values())) - 1}"
        help = "list the labels under `classes` in the order of their ids"
    else:
        text = "labels of `classes`"
        help = "add them to `classes`, or write the `separator` that the column has"
    yield rule_that_holds(name, text, fits, column, help=help)


def _class_rule(feature: ClassFeature, name: str, column: Array, present: Array) -> ContractRule:
    if not isinstance(feature.classes, int):
        listed = set(feature.classes)
        fits = np.array([value in listed for value in column.tolist()], dtype=bool)
        return rule_that_holds(
            name, "one of `classes`", ~present | fits, column, help=_help_of_listed(feature, column)
        )
    # A text among ids makes a text of each id, so that none is one.
    texts = str in types_in(column)
    numbers = np.full(len(column), np.nan) if texts else numbers_or_nan(column)
    ids = (numbers >= 0) & (numbers < feature.classes) & (numbers == np.floor(numbers))
    known = [value for value in pd.unique(column[present]).tolist() if value is not None]
    text = f"a class id from 0 to {feature.classes - 1}"
    help = _way_to_list_classes(feature.classes, known)
    return rule_that_holds(name, text, np.asarray(~present | ids), column, help=help)


def _help_of_listed(feature: ClassFeature, column: Array) -> str:
    assert not isinstance(feature.classes, int), "classes that are listed"
    listed = [str(value) for value in feature.classes]
    strange = [value for value in pd.unique(column).tolist() if value not in feature.classes]
    near = [(value, suggest(str(value), listed)) for value in strange[:_TOLD] if value is not None]
    slips = [f"`{known}` for `{value}`" for value, known in near if known is not None]
    told = "list every value under `classes`"
    return f"write {', '.join(slips)}, or {told}" if slips else told


def _way_to_list_classes(classes: int, known: list[object]) -> str:
    """Return what to write for the values that a column of classes holds."""
    if len(known) == classes:
        values = ", ".join(str(value) for value in _sorted_values(known))
        return f"list the values in the order of their ids: `classes: [{values}]`"
    numbers = [value for value in known if isinstance(value, int | float)]
    whole = len(numbers) == len(known) and min(numbers) >= 0 and not any(n % 1 for n in numbers)
    if whole and max(numbers) < 2 * classes + 10:
        return f"write `classes: {int(max(numbers)) + 1}`, or mend the rows"
    return "list the values under `classes` in the order of their ids"


def _sorted_values(values: list[object]) -> list[object]:
    return sorted(values, key=lambda value: (isinstance(value, str), value))
