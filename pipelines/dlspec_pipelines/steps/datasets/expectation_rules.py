"""What `data.expect` says of a column, as rules of the contract."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pandera.pandas as pa

from dlspec.diagnostics.codes import Code
from dlspec.language.expectations import Expectation
from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule
from dlspec_pipelines.steps.datasets.ragged import flatten_ragged_rows
from dlspec_pipelines.steps.datasets.table import Array, holds_arrays
from dlspec_pipelines.steps.step_errors import StepError

_UNIQUE = "unique"
# What is said, the values that decide, the column of the schema, and what a row is shown with.
_Check = tuple[str, Array, pa.Column, Array]


def expectation_rules(name: str, column: Array, expected: Expectation) -> Iterator[ContractRule]:
    """Give the rules of one column, in the order in which `Expectation` has its keys."""
    for text, decides, checked, shows in _checks_of_column(column, expected):
        yield ContractRule(
            name,
            text,
            decides,
            checked,
            shows,
            severity=expected.severity,
            compares_rows=text == _UNIQUE,
        )


def _checks_of_column(column: Array, expectation: Expectation) -> Iterator[_Check]:
    if not expectation.nullable:
        decides = np.where(_rows_with_gaps(column), np.nan, 0.0)
        yield "not missing", decides, pa.Column(nullable=False), column
    if expectation.unique:
        # Pandera's own `unique` counts two missing values as equal.
        first = pa.Check(lambda series: ~(series.duplicated() & series.notna()), name="unique")
        yield _checked_values(_UNIQUE, _row_keys_for_unique(column), first, column)
    if expectation.in_range is not None:
        yield _range_rule(column, *expectation.in_range)
    if expectation.isin is not None:
        allowed = list(expectation.isin)
        decides = _deciding_value_per_row(
            column, lambda flat: ~np.asarray(pd.Series(flat).isin(allowed))
        )
        yield _checked_values(f"isin {allowed}", decides, pa.Check.isin(allowed), decides)
    if expectation.str_matches is not None:
        yield _pattern_rule(column, expectation.str_matches)
    if expectation.dtype is not None:
        fits = _rows_have_dtype(column, expectation.dtype)
        yield _checked_values(f"dtype {expectation.dtype}", fits, pa.Check.isin([True]), column)


def _checked_values(text: str, decides: Array, check: pa.Check, shows: Array) -> _Check:
    return text, decides, pa.Column(checks=check, nullable=True), shows


def _range_rule(column: Array, low: float, high: float) -> _Check:
    text, check = f"in_range [{low:.12g}, {high:.12g}]", pa.Check.in_range(low, high)
    if _rows_are_arrays(column) or column.dtype != np.object_:
        decides = _deciding_value_per_row(column, lambda flat: _are_outside_range(flat, low, high))
        return _checked_values(text, decides, check, decides)
    numbers = np.array(pd.to_numeric(pd.Series(column), errors="coerce"), dtype=np.float64)
    # A text lies in no range.
    numbers[np.isnan(numbers) & ~_rows_with_gaps(column)] = np.inf
    return _checked_values(text, numbers, check, column)


def _are_outside_range(values: Array, low: float, high: float) -> Array:
    if not _has_numeric_dtype(values):
        return np.ones(len(values), dtype=bool)
    return (values < low) | (values > high)


def _pattern_rule(column: Array, pattern: str) -> _Check:
    text = f"str_matches {pattern}"
    try:
        re.compile(pattern)
    except re.error as error:
        raise StepError(
            f"`{pattern}` under `expect` is no regular expression: {error}",
            code=Code.CONTRACT_BROKEN.value,
            help="write a backslash before a character that stands for itself",
        ) from error
    if column.dtype != np.object_ or _rows_are_arrays(column):
        return _checked_values(
            text, np.zeros(len(column), dtype=bool), pa.Check.isin([True]), column
        )
    return _checked_values(text, column, pa.Check.str_matches(pattern), column)


def _rows_have_dtype(column: Array, dtype: str) -> Array:
    kind = column.dtype.kind
    if kind == "O" and not _rows_are_arrays(column):
        fits = [value is None or _value_has_dtype(value, dtype) for value in column]
        return np.asarray(fits, dtype=bool)
    if kind == "f" and dtype == "integer":
        # A column of whole numbers with a gap is read as floats.
        whole = np.isnan(column) | (column == np.floor(column))
        return np.asarray(whole.reshape(len(column), -1).all(axis=1))
    kinds = {"integer": "iu", "number": "iuf", "text": "", "boolean": "b"}[dtype]
    return np.full(len(column), kind in kinds)


def _value_has_dtype(value: object, dtype: str) -> bool:
    if isinstance(value, bool):
        return dtype == "boolean"
    match dtype:
        case "integer":
            return isinstance(value, int)
        case "number":
            return isinstance(value, int | float)
        case _:
            return dtype == "text" and isinstance(value, str)


def _rows_are_arrays(column: Array) -> bool:
    return column.ndim > 1 or holds_arrays(column)


def _rows_with_gaps(column: Array) -> Array:
    """Return which rows miss a value, or hold an array with a gap."""
    if column.dtype.kind not in "fOM":
        return np.zeros(len(column), dtype=bool)
    found = [
        np.asarray(pd.isna(block)).reshape(len(block), -1).any(axis=1)
        for block in row_blocks(column)
    ]
    return np.concatenate([np.zeros(0, dtype=bool), *found])


def _row_keys_for_unique(column: Array) -> Array:
    """Return one value per row that is equal where the rows are."""
    if not _rows_are_arrays(column):
        return column
    keys = np.empty(len(column), dtype=np.object_)
    dense = column.dtype != np.object_
    keys[:] = [row.tobytes() if dense else repr(_nested_arrays_as_lists(row)) for row in column]
    return keys


def _nested_arrays_as_lists(row: object) -> object:
    return (
        [_nested_arrays_as_lists(value) for value in row]
        if isinstance(row, list | np.ndarray)
        else row
    )


def _deciding_value_per_row(column: Array, wrong_in: Callable[[Array], Array]) -> Array:
    """Return the value of each row that decides: of an array its first wrong number, or first.

    A row without a value, which cannot be wrong, gives nan.
    """
    if not _rows_are_arrays(column):
        return column
    if column.dtype == np.object_:
        return _deciding_values(column, wrong_in)
    return np.concatenate([_deciding_values(block, wrong_in) for block in row_blocks(column)])


def _deciding_values(column: Array, wrong_in: Callable[[Array], Array]) -> Array:
    if column.dtype == np.object_:
        values, lengths = flatten_ragged_rows(_flattened_row_lists(column))
    else:
        values = column.reshape(-1)
        lengths = np.full(len(column), values.size // len(column))
    decides = np.full(
        len(column), np.nan, dtype=np.float64 if _has_numeric_dtype(values) else np.object_
    )
    filled = np.flatnonzero(lengths)
    wrong_at = np.flatnonzero(wrong_in(values))
    ends = np.cumsum(lengths)
    at = ends - lengths
    rows, first = np.unique(np.searchsorted(ends, wrong_at, side="right"), return_index=True)
    at[rows] = wrong_at[first]
    decides[filled] = values[at[filled]]
    return decides


def _has_numeric_dtype(values: Array) -> bool:
    return values.dtype.kind in "iufb"


def _flattened_row_lists(column: Array) -> Array:
    rows = np.empty(len(column), dtype=np.object_)
    for number, row in enumerate(column):
        rows[number] = [] if row is None else list(_values_of_nested_row(row))
    return rows


def _values_of_nested_row(row: object) -> Iterator[object]:
    if isinstance(row, list | np.ndarray):
        for value in row:
            yield from _values_of_nested_row(value)
    else:
        yield row
