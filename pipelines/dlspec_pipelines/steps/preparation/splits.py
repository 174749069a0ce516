"""Which rows train, validate and test."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
from dlspec_pipelines.steps.preparation.moments import moments_of_column, order_of_moments

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
            strata = _strata_of_rows(table, data, split.stratify)
            parts = _split_by_fraction(order, strata, split)
        case GivenSplit() as split:
            strata = _strata_of_rows(table, data, split.stratify)
            parts = _split_by_given_test(table, strata, split)
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
                f"the split leaves no row for {name}: the source has {table.rows} rows",
                help="change the shares under `split`",
            )
    return Deal(order, parts)


def _strata_of_rows(table: Table, data: Data, name: str | None) -> Array | None:
    if name is None:
        return None
    (column,) = {**data.inputs, **data.targets}[name].columns
    require_columns(table, [column])
    return single_column(column, table.columns[column])


def _split_by_fraction(rows: Rows, strata: Array | None, split: FractionSplit) -> dict[str, Rows]:
    test = _count_rows_of_share(len(rows), split.test)
    validation = _count_rows_of_share(len(rows), split.validation)
    return _deal_at_random(rows, strata, {"test": test, "validation": validation}, seed=split.seed)


def _count_rows_of_share(rows: int, fraction: float) -> int:
    """Return how many rows a share is, at least one of a share above 0."""
    return max(round(rows * fraction), int(fraction > 0))


def _deal_at_random(
    rows: Rows, strata: Array | None, counts: Mapping[str, int], *, seed: int
) -> dict[str, Rows]:
    """Deal `rows` out at random; what `counts` does not ask for is for training.

    Each stratum's rows, in random order, are spread evenly over [0, 1]; all rows sorted by that
    place are dealt from the front, so the shares of the strata differ by less than two rows.
    """
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    if strata is not None:
        place = _places_within_strata(
            rows, strata[rows], shuffled, parts=1 + sum(c > 0 for c in counts.values())
        )
        shuffled = shuffled[np.argsort(place, kind="stable")]
    parts, start = {}, 0
    for name, count in counts.items():
        parts[name] = np.sort(rows[shuffled[start : start + count]])
        start += count
    return {"train": np.sort(rows[shuffled[start:]]), **parts}


def _places_within_strata(
    rows: Rows, strata: Array, shuffled: Rows, *, parts: int
) -> NDArray[np.float64]:
    codes, values = pd.factorize(strata, use_na_sentinel=False)
    counts = np.bincount(codes)
    rare = np.flatnonzero(counts < parts)
    if rare.size:
        row = int(rows[np.flatnonzero(codes == rare[0])[0]])
        raise unpreparable_data(
            f"{shown_value(values[rare[0]])} stands in {counts[rare[0]]} rows (row {row} first), "
            f"and a stratum needs one for each of {parts} parts",
            help="leave `stratify` out, or leave such rows out of the source",
        )
    drawn = codes[shuffled]
    by_stratum = np.argsort(drawn, kind="stable")
    ends = np.cumsum(counts)
    rank = np.empty(len(drawn), dtype=np.int64)
    rank[by_stratum] = np.arange(len(drawn)) - np.repeat(ends - counts, counts)
    return (rank + 0.5) / counts[drawn]


def _split_by_given_test(table: Table, strata: Array | None, split: GivenSplit) -> dict[str, Rows]:
    if table.given_test is None:
        raise unpreparable_data(
            "the source has no test rows of its own, as `test: given` asks for",
            help="write a share, such as `test: 0.2`, or name the file of the test rows beside "
            "`source`",
        )
    others = np.flatnonzero(~table.given_test)
    counts = {"validation": _count_rows_of_share(len(others), split.validation)}
    parts = _deal_at_random(others, strata, counts, seed=split.seed)
    return {**parts, "test": np.flatnonzero(table.given_test)}


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
        raise unpreparable_data(f"row {both[0]} would be both a validation and a test row")
    rest = np.setdiff1d(np.arange(table.rows), np.concatenate(list(parts.values())))
    return {"train": rest, **parts}


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
