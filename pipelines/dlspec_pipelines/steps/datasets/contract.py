"""The contract of a spec, `data.expect`, held against a table by pandera."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from dlspec.diagnostics.codes import Code
from dlspec.language.expectations import Expectation
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.ragged import flatten_ragged_rows
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Table,
    holds_arrays,
    require_columns,
    shown_value,
)
from dlspec_pipelines.steps.step_errors import StepError

# Enough to see a pattern; the count says how many there are.
_SHOWN_ROWS = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of one column that was made, and in how many of how many rows it does not hold."""

    column: str
    check: str
    rows: int
    failed: int

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row in which a check does not hold, and the value that it holds there."""

    row: int
    column: str
    value: object
    check: str


class ContractBroken(StepError):  # noqa: N818 - the sentence a person reads says it
    """Data that is not as `data.expect` says.

    Attributes:
        checked: Every check that was made.
        failures: The first ten rows of each check that does not hold.
    """

    def __init__(self, checked: tuple[Checked, ...], failures: tuple[Failure, ...]) -> None:
        broken = [check for check in checked if check.failed]
        told = ", ".join(
            f"`{check.column}` fails {check.check} in {check.failed} of {check.rows} rows"
            for check in broken
        )
        super().__init__(
            f"the data breaks its contract: {told}",
            code=Code.CONTRACT_BROKEN.value,
            help="mend the rows of the table, or change `data.expect`",
            table=_failure_table(failures),
        )
        self.checked = checked
        self.failures = failures


@dataclass(frozen=True, slots=True)
class _Rule:
    """One check: what decides in each row, the schema that it follows, the value to show."""

    text: str
    decides: Array
    schema: pa.SeriesSchema
    shows: Array


def validate_contract(table: Table, data: Data) -> tuple[Checked, ...]:
    """Check every column that `expect` names, all checks before one fails.

    Returns:
        What was checked; every `failed` is 0.

    Raises:
        StepError: If a column is missing (DL611).
        ContractBroken: If a check does not hold (DL612).
    """
    expect = data.expect or {}
    require_columns(table, expect)
    checked: list[Checked] = []
    failures: list[Failure] = []
    for column, expectation in expect.items():
        for rule in _expectation_rules(table.columns[column], expectation):
            rows, count = _failing_rows(rule, column)
            checked.append(Checked(column, rule.text, table.rows, count))
            failures += rows
    if failures:
        failures.sort(key=lambda failure: failure.row)
        raise ContractBroken(tuple(checked), tuple(failures))
    return tuple(checked)


def _failing_rows(rule: _Rule, column: str) -> tuple[list[Failure], int]:
    series = pd.Series(rule.decides)
    try:
        rule.schema.validate(series, lazy=True)
    except SchemaErrors as error:
        # Which rows, not which values: pandera may have converted the values it lists. It names
        # no row where the values cannot be compared at all.
        index = error.failure_cases["index"]
        positions = np.arange(len(series)) if index.isna().any() else np.unique(index.astype(int))
        first = positions[:_SHOWN_ROWS]
        rows = [Failure(int(row), column, rule.shows[row], rule.text) for row in first]
        return rows, len(positions)
    return [], 0


def _failure_table(failures: Iterable[Failure]) -> str:
    lines = ["| row | column | value | check |", "|---|---|---|---|"]
    for failure in failures:
        cells = (str(failure.row), failure.column, shown_value(failure.value), failure.check)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _expectation_rules(column: Array, expectation: Expectation) -> Iterator[_Rule]:
    if not expectation.nullable:
        decides = np.where(_rows_with_gaps(column), np.nan, 0.0)
        yield _Rule("not missing", decides, pa.SeriesSchema(nullable=False), column)
    if expectation.unique:
        # Pandera's own `unique` counts two missing values as equal.
        first = pa.Check(lambda series: ~(series.duplicated() & series.notna()), name="unique")
        yield _rule_by_check("unique", _row_keys_for_unique(column), first, column)
    if expectation.in_range is not None:
        yield _range_rule(column, *expectation.in_range)
    if expectation.isin is not None:
        allowed = list(expectation.isin)
        decides = _deciding_value_per_row(
            column, lambda flat: ~np.asarray(pd.Series(flat).isin(allowed))
        )
        yield _rule_by_check(f"isin {allowed}", decides, pa.Check.isin(allowed), decides)
    if expectation.str_matches is not None:
        yield _pattern_rule(column, expectation.str_matches)
    if expectation.dtype is not None:
        fits = _rows_have_dtype(column, expectation.dtype)
        yield _rule_by_check(f"dtype {expectation.dtype}", fits, pa.Check.isin([True]), column)


def _rule_by_check(text: str, decides: Array, check: pa.Check, shows: Array) -> _Rule:
    return _Rule(text, decides, pa.SeriesSchema(checks=check, nullable=True), shows)


def _range_rule(column: Array, low: float, high: float) -> _Rule:
    text, check = f"in_range [{low:.12g}, {high:.12g}]", pa.Check.in_range(low, high)
    if _rows_are_arrays(column) or column.dtype != np.object_:
        decides = _deciding_value_per_row(column, lambda flat: _are_outside_range(flat, low, high))
        return _rule_by_check(text, decides, check, decides)
    numbers = np.array(pd.to_numeric(pd.Series(column), errors="coerce"), dtype=np.float64)
    # A text lies in no range.
    numbers[np.isnan(numbers) & ~_rows_with_gaps(column)] = np.inf
    return _rule_by_check(text, numbers, check, column)


def _are_outside_range(values: Array, low: float, high: float) -> Array:
    if not _has_numeric_dtype(values):
        return np.ones(len(values), dtype=bool)
    return (values < low) | (values > high)


def _pattern_rule(column: Array, pattern: str) -> _Rule:
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
        return _rule_by_check(
            text, np.zeros(len(column), dtype=bool), pa.Check.isin([True]), column
        )
    return _rule_by_check(text, column, pa.Check.str_matches(pattern), column)


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
    missing = np.asarray(pd.isna(column)).reshape(len(column), -1)
    return np.asarray(missing.any(axis=1))


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
