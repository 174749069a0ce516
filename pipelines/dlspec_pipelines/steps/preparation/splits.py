"""Which rows train, validate and test."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dlspec.diagnostics.counts import counted
from dlspec.language.row_splits import ColumnSplit, FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    require_columns,
    shown_value,
    single_column,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.hashed_deal import Strata, deal_by_identity
from dlspec_pipelines.steps.preparation.moments import moments_of_column, order_of_moments
from dlspec_pipelines.steps.preparation.row_identity import (
    Identities,
    row_identities,
    value_identities,
)
from dlspec_pipelines.steps.preparation.series_groups import NO_STARTS, in_order_of_series
from dlspec_pipelines.steps.preparation.trained_types import file_columns

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Deal:
    """The rows of a source, dealt to the parts.

    `order` lists the source's rows in the order of time, or as they are; `parts` holds positions
    in `order`, ascending.
    """

    order: Rows
    parts: Mapping[str, Rows]


def deal_rows(table: Table, data: Data) -> Deal:
    """Deal the rows of a table as the spec's `split` says.

    Raises:
        StepError: If a column is missing (DL611), or no such deal is possible (DL613).
    """
    order = np.arange(table.rows)
    match data.split:
        case FractionSplit() as split:
            parts = _split_by_fraction(table, data, split)
        case GivenSplit() as split:
            parts = _split_by_given_test(table, data, split)
        case ColumnSplit() as split:
            parts = _split_by_column(table, split)
        case TimeSplit() as split:
            require_columns(table, [split.time])
            moments = moments_of_column(split.time, table.columns[split.time])
            order = order_of_moments(moments)
            parts = _split_by_time(moments[order], split)
    for name in ("train", "test"):
        if not parts[name].size:
            raise unpreparable_data(
                f"the split leaves no row for {name}: the source has {counted(table.rows, 'row')}",
                help=f"change the {_told_shares(data.split)} under `split`",
            )
    return Deal(order, parts)


def _told_shares(split: object) -> str:
    return "values" if isinstance(split, ColumnSplit) else "shares"


def dealt_by_series(deal: Deal, numbers: Rows | None) -> tuple[Deal, Rows]:
    """Return the same deal with the rows of one series behind one another, and where one begins.

    Args:
        numbers: What `series_numbers` gave.
    """
    if numbers is None:
        return deal, NO_STARTS
    order, starts = in_order_of_series(deal.order, numbers)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    parts = {name: np.sort(place[deal.order[at]]) for name, at in deal.parts.items()}
    return Deal(order, parts), starts


def _strata_of_rows(table: Table, data: Data, name: str | None) -> Strata | None:
    if name is None:
        return None
    (column,) = {**data.inputs, **data.targets}[name].columns
    require_columns(table, [column])
    return Strata(column, single_column(column, table.columns[column]))


def _split_by_fraction(table: Table, data: Data, split: FractionSplit) -> dict[str, Rows]:
    shares = {"test": split.test, "validation": split.validation}
    return deal_by_identity(
        np.arange(table.rows),
        _identities_of_rows(table, data, split.group),
        shares,
        strata=_strata_of_rows(table, data, split.stratify),
        seed=split.seed,
        place_of=table.place_of,
    )


def _split_by_given_test(table: Table, data: Data, split: GivenSplit) -> dict[str, Rows]:
    if table.given_test is None:
        raise unpreparable_data(
            "the source has no test rows of its own, as `test: given` asks for",
            help="write a share, such as `test: 0.2`, or name the file of the test rows beside "
            "`source`",
        )
    parts = deal_by_identity(
        np.flatnonzero(~table.given_test),
        _identities_of_rows(table, data, split.group),
        {"validation": split.validation},
        strata=_strata_of_rows(table, data, split.stratify),
        seed=split.seed,
        place_of=table.place_of,
    )
    return {"train": parts["train"], **parts, "test": np.flatnonzero(table.given_test)}


def _identities_of_rows(table: Table, data: Data, group: str | None) -> Identities:
    """Return what decides where each row goes: its group, or else what its inputs hold."""
    if group is None:
        features = list(data.inputs.values())
        names = [name for feature in features for name in feature.columns]
        require_columns(table, names)
        return row_identities(table, names, files=file_columns(features))
    require_columns(table, [group])
    column = single_column(group, table.columns[group])
    missing = np.flatnonzero(pd.isna(column))
    if missing.size:
        raise unpreparable_data(
            f"column `{group}`, {table.place_of(int(missing[0]))}: the value is missing, and "
            f"`split.group` deals rows by it ({counted(missing.size, 'such row')})",
            help="write a group into such rows, or leave them out of the source",
        )
    return value_identities(column)


def _split_by_column(table: Table, split: ColumnSplit) -> dict[str, Rows]:
    require_columns(table, [split.column])
    column = single_column(split.column, table.columns[split.column])
    parts = {}
    for name, values in (("validation", split.validation), ("test", split.test)):
        for value in values:
            if not (column == value).any():
                raise unpreparable_data(
                    f"no row has {shown_value(value)} in column `{split.column}`, "
                    f"as `split.{name}` says",
                    help="write a value as the column has it; "
                    f"row 0 holds {shown_value(column[0])}",
                )
        parts[name] = np.flatnonzero(pd.Series(column).isin(list(values)))
    both = np.intersect1d(parts["validation"], parts["test"])
    if both.size:
        raise unpreparable_data(
            f"{table.place_of(int(both[0]))} would be both a validation and a test row",
            help="name each value under one of `validation` and `test`",
        )
    rest = np.setdiff1d(np.arange(table.rows), np.concatenate(list(parts.values())))
    return {"train": rest, **parts}


def _count_rows_of_share(rows: int, fraction: float) -> int:
    """Return how many rows a share is, at least one of a share above 0."""
    return max(round(rows * fraction), int(fraction > 0))


def _split_by_time(ordered: Array, split: TimeSplit) -> dict[str, Rows]:
    """Cut; rows of one moment stay together, in the later part."""
    rows = len(ordered)
    test = _border_between_moments(ordered, rows - _count_rows_of_share(rows, split.test))
    validation = _border_between_moments(
        ordered, max(test - _count_rows_of_share(rows, split.validation), 0)
    )
    positions = np.arange(rows)
    return {
        "train": positions[:validation],
        "validation": positions[validation:test],
        "test": positions[test:],
    }


def _border_between_moments(ordered: Array, at: int) -> int:
    return int(np.searchsorted(ordered, ordered[at])) if at < len(ordered) else at
