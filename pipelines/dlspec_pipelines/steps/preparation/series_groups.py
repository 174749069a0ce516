"""Several series in one table: the rows of each behind one another, told apart by a column."""

import numpy as np
import pandas as pd

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.datasets.table import (
    Rows,
    Table,
    require_columns,
    single_column,
    unpreparable_data,
)

NO_STARTS: Rows = np.zeros(0, dtype=np.int64)


def series_numbers(table: Table, group: str | None) -> Rows | None:
    """Return for each row the number of its series; None where all are one.

    Raises:
        StepError: If the column is missing (DL611), or a row says no series (DL613).
    """
    if group is None:
        return None
    require_columns(table, [group])
    column = single_column(group, table.columns[group])
    missing = np.flatnonzero(np.asarray(pd.isna(column)))
    if missing.size:
        raise unpreparable_data(
            f"column `{group}`, {table.place_of(int(missing[0]))}: the value is missing, and "
            f"`group` tells series apart by it ({counted(missing.size, 'such row')})",
            help="write the series into such rows, or leave them out of the source",
        )
    numbers: Rows = pd.factorize(column)[0].astype(np.int64)
    return numbers


def in_order_of_series(order: Rows, numbers: Rows | None) -> tuple[Rows, Rows]:
    """Return rows with those of one series behind one another, and where another series begins.

    Args:
        order: The rows, in the order that they keep within a series.
        numbers: What `series_numbers` gave.
    """
    if numbers is None:
        return order, NO_STARTS
    order = order[np.argsort(numbers[order], kind="stable")]
    return order, np.flatnonzero(np.diff(numbers[order]) != 0) + 1
