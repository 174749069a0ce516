"""The contract of a spec, `data.expect` and what its targets imply, held against a table."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from dlspec.diagnostics.codes import Code
from dlspec.language.expectations import Expectation
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.implied_checks import implied_checks
from dlspec_pipelines.steps.datasets.ragged import flatten_ragged_rows
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    holds_arrays,
    require_columns,
    shown_value,
)
from dlspec_pipelines.steps.json_documents import CONTRACT, document_text
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import write_whole

# Enough to see a pattern; the count says how many there are.
_SHOWN_ROWS = 10
# Of each check: more than anybody mends by hand, and 10 MB of text.
_KEPT_ROWS = 100_000
_FAILING_ROWS = "failing_rows.csv"


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
    """A row in which a check does not hold, and the value that it holds there.

    `row` counts within `file`, where the source has files.
    """

    row: int
    column: str
    value: object
    check: str
    file: str = ""


class ContractBroken(StepError):  # noqa: N818 - the sentence a person reads says it
    """Data that is not as `data.expect` says.

    Attributes:
        checked: Every check that was made.
        failures: The first ten rows of each check that does not hold.
    """

    def __init__(
        self, checked: tuple[Checked, ...], failures: tuple[Failure, ...], *, help: str
    ) -> None:
        broken = [check for check in checked if check.failed]
        told = ", ".join(
            f"`{check.column}` fails {check.check} in {check.failed} of {check.rows} rows"
            for check in broken
        )
        super().__init__(
            f"the data breaks its contract: {told}",
            code=Code.CONTRACT_BROKEN.value,
            help=help,
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
    help: str | None = None


_Broken = list[tuple[str, _Rule, Rows]]


def validate_contract(table: Table, data: Data, *, kept: Path | None = None) -> tuple[Checked, ...]:
    """Check what `expect` and the targets say of columns, all checks before one fails.

    Args:
        kept: A folder for what is found where a check fails: contract.json, and failing_rows.csv
            with every such row; None to keep nothing.

    Returns:
        What was checked; every `failed` is 0.

    Raises:
        StepError: If a column is missing (DL611).
        ContractBroken: If a check does not hold (DL612).
    """
    require_columns(table, data.expect or {})
    checked: list[Checked] = []
    broken: _Broken = []
    for column, rule in _contract_rules(table, data):
        rows = _failing_rows(rule)
        checked.append(Checked(column, rule.text, table.rows, len(rows)))
        if rows.size:
            broken.append((column, rule, rows))
    if broken:
        if kept is not None:
            _keep_failing_rows(kept, table, checked, broken)
        failures = sorted(
            _failures_of_rules(table, broken, most=_SHOWN_ROWS), key=lambda one: one.row
        )
        raise ContractBroken(tuple(checked), tuple(failures), help=_contract_help(broken, kept))
    return tuple(checked)


def _contract_rules(table: Table, data: Data) -> Iterator[tuple[str, _Rule]]:
    for column, expectation in (data.expect or {}).items():
        for rule in _expectation_rules(table.columns[column], expectation):
            yield column, rule
    for one in implied_checks(table, data):
        rule = _rule_by_check(one.text, one.fits, pa.Check.isin([True]), table.columns[one.column])
        yield one.column, replace(rule, help=one.help)


def _failing_rows(rule: _Rule) -> Rows:
    series = pd.Series(rule.decides)
    try:
        rule.schema.validate(series, lazy=True)
    except SchemaErrors as error:
        # Which rows, not which values: pandera may have converted the values it lists. It names
        # no row where the values cannot be compared at all.
        index = error.failure_cases["index"]
        if index.isna().any():
            return np.arange(len(series))
        return np.unique(index.to_numpy(np.int64))
    return np.zeros(0, dtype=np.int64)


def _failures_of_rules(table: Table, broken: _Broken, *, most: int) -> Iterator[Failure]:
    """Give the first rows in which each check does not hold."""
    for column, rule, rows in broken:
        for row in rows[:most].tolist():
            file, within = table.file_and_row(row)
            yield Failure(within, column, rule.shows[row], rule.text, file)


def _contract_help(broken: _Broken, kept: Path | None) -> str:
    helps = [f"`{column}`: {rule.help}" for column, rule, _ in broken if rule.help is not None]
    if any(rule.help is None for _, rule, _ in broken):
        helps.append("mend the rows of the table, or change `data.expect`")
    if kept is not None:
        helps.append(f"all failing rows stand in `{kept / _FAILING_ROWS}`")
    return "; ".join(helps)


def _failure_table(failures: tuple[Failure, ...]) -> str:
    files = any(failure.file for failure in failures)
    names = (*(("file",) if files else ()), "row", "column", "value", "check")
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for one in failures:
        place = (one.file, str(one.row)) if files else (str(one.row),)
        cells = (*place, one.column, shown_value(one.value), one.check)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _keep_failing_rows(kept: Path, table: Table, checked: list[Checked], broken: _Broken) -> None:
    """Write what a contract found into a folder of its own: there is no data set to lie beside."""
    rows = pd.DataFrame(
        [
            (one.file, one.row, one.column, one.value, one.check)
            for one in _failures_of_rules(table, broken, most=_KEPT_ROWS)
        ],
        columns=["file", "row", "column", "value", "check"],
    )
    write_whole(kept / _FAILING_ROWS, rows.to_csv(index=False))
    account = {
        "rows": {"source": table.rows},
        "checks": [check.to_json() for check in checked],
        "balance": {},
        "findings": [],
    }
    write_whole(kept / "contract.json", document_text(CONTRACT, account))


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
