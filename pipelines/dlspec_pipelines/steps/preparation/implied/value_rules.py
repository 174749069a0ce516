"""Rules of columns with one plain value in each row: numbers, texts, moments."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.contract_rules import ContractRule, rule_that_holds
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Table,
    holds_arrays,
    require_columns,
    types_in,
)
from dlspec_pipelines.steps.preparation.moments import readable_moments
from dlspec_pipelines.steps.preparation.written_numbers import number_text_help

# Of an input, and of a target.
PRESENCE = ("a value is there", "a target is there")
FILL_HELP = (
    "leave these rows out; of a `number`, `vector` or `series`, `missing: median` fills them"
)
WEIGHT = "a weight of at least 0"
WEIGHT_HELP = "write a number of at least 0 into these rows, or leave them out; 0 counts nothing"


def weighs(values: Array) -> Array:
    """Return which numbers may be weights; nan is none."""
    fits: Array = np.isfinite(values) & (values >= 0)
    return fits


def plain_column(name: str, table: Table) -> Array | None:
    """Return a column of one value per row; None of arrays, which a feature refuses as a whole."""
    column = table.columns[name]
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    return None if column.ndim > 1 or holds_arrays(column) else column


def missing_rows(column: Array) -> Array:
    """Return which rows of plain values miss theirs."""
    if column.dtype.kind in "iub":
        return np.zeros(len(column), dtype=bool)
    found = [np.asarray(pd.isna(block)) for block in row_blocks(column)]
    return np.concatenate([np.zeros(0, dtype=bool), *found])


def numbers_or_nan(column: Array) -> Array:
    """Return plain values as numbers, nan where one is none; texts that are numbers count."""
    if column.dtype.kind in "iufb":
        return column.astype(np.float64, copy=False)
    if column.dtype.kind != "O":
        return np.full(len(column), np.nan)
    return np.array(pd.to_numeric(pd.Series(column), errors="coerce"), dtype=np.float64)


def presence_rule(name: str, column: Array, *, is_target: bool, help: str) -> ContractRule:
    """Return the rule that no value is missing."""
    return rule_that_holds(name, PRESENCE[is_target], ~missing_rows(column), column, help=help)


def number_rules(name: str, table: Table, *, gaps: bool, is_target: bool) -> Iterator[ContractRule]:
    """Give the rules of a column of numbers.

    Args:
        gaps: Whether a value may be missing.
    """
    column = plain_column(name, table)
    if column is None:
        return
    if not gaps:
        help = "leave these rows out" if is_target else FILL_HELP
        yield presence_rule(name, column, is_target=is_target, help=help)
    fits = np.concatenate(
        [missing_rows(block) | np.isfinite(numbers_or_nan(block)) for block in row_blocks(column)]
    )
    help = "mend these rows, or leave them out"
    if str in types_in(column):
        strange = column[~fits]
        help = number_text_help(next((v for v in strange.tolist() if isinstance(v, str)), None))
    yield rule_that_holds(name, "a finite number", fits, column, help=help)


def row_weight_rules(name: str, table: Table) -> Iterator[ContractRule]:
    """Give the rule of a weight for each row."""
    column = plain_column(name, table)
    if column is not None:
        fits = np.concatenate(
            [np.zeros(0, dtype=bool)]
            + [weighs(numbers_or_nan(block)) for block in row_blocks(column)]
        )
        yield rule_that_holds(name, WEIGHT, fits, column, help=WEIGHT_HELP)


def text_rules(name: str, table: Table) -> Iterator[ContractRule]:
    """Give the rule of a column of texts; one without any is refused as a whole."""
    column = plain_column(name, table)
    if column is None or column.dtype != np.object_:
        return
    fits = np.fromiter(
        (isinstance(value, str) and bool(value.strip()) for value in column), bool, len(column)
    )
    yield rule_that_holds(
        name, "a text that is not empty", fits, column, help="leave these rows out"
    )


def moment_rules(name: str, table: Table) -> Iterator[ContractRule]:
    """Give the rule of the column that orders rows.

    Raises:
        StepError: If the column is missing (DL611).
    """
    require_columns(table, [name])
    column = plain_column(name, table)
    if column is not None and column.dtype.kind in "iufMO":
        _, lost = readable_moments(column)
        help = "order rows by a column of numbers or of dates such as 2024-01-31"
        yield rule_that_holds(name, "a moment in time", ~lost, column, help=help)
