"""Columns of new rows that stand beside their predictions: what a person knows the rows by."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dlspec.diagnostics.suggest import suggest
from dlspec_pipelines.steps.datasets.table import Array, Table, holds_arrays
from dlspec_pipelines.steps.evaluation.forecast_times import (
    TIME_ENDING,
    columns_told_by_windows,
)
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.trained_types import file_columns
from dlspec_pipelines.steps.step_errors import WrongUsage


def identifying_columns(preparation: Preparation, table: Table) -> tuple[str, ...]:
    """Return the columns of one plain value per row that neither inputs nor targets read.

    The name of a file is among them, and none that is called as a column of predictions, nor what
    a forecast tells itself: its time, and its series.
    """
    told = columns_told_by_windows(preparation)
    fitted = (*preparation.inputs.values(), *preparation.targets.values())
    read = {name for one in fitted for name in one.feature.columns}
    read -= set(file_columns(one.feature for one in fitted))
    return tuple(
        name
        for name, column in table.columns.items()
        if name not in read
        and name not in told
        and not _is_predicted_name(name, preparation)
        and column.ndim == 1
        and not holds_arrays(column)
    )


def _is_predicted_name(name: str, preparation: Preparation) -> bool:
    """Return whether a column of predictions is called so, or may be."""
    target, dot, _ = name.partition(".")
    for ending in ("", "_probability", "_text", "_score", TIME_ENDING):
        if name.removesuffix(ending) in preparation.targets and name.endswith(ending):
            return True
    return name == "row" or (bool(dot) and target in preparation.targets)


def require_kept_columns(names: Sequence[str], table: Table, preparation: Preparation) -> None:
    """Return when a table has all columns that are to be kept, under names of their own.

    Raises:
        WrongUsage: If one is not there, or called as a column of predictions is.
    """
    for name in names:
        if name not in table.columns:
            near = suggest(name, table.columns)
            known = ", ".join(f"`{column}`" for column in table.columns)
            raise WrongUsage(
                f"`--keep` names `{name}`, and the file has no such column",
                help=f"write `{near}`" if near else f"it has {known}",
            )
        if _is_predicted_name(name, preparation):
            raise WrongUsage(
                f"`--keep` names `{name}`, and predictions have a column of that name",
                help="leave it out, or give the file's column another name",
            )


def kept_columns(names: Sequence[str], table: Table) -> Table:
    """Return the columns to keep; texts of a column whose values are whole numbers become those.

    A text such as `007` is no number as it is written, and stays with all of its column.
    """
    columns = {name: _whole_numbers_as_written(table.columns[name]) for name in names}
    return Table(columns, files=table.files, lines=table.lines)


def _whole_numbers_as_written(column: Array) -> Array:
    if column.dtype != np.object_ or not all(isinstance(value, str) for value in column):
        return column
    numbers = pd.to_numeric(pd.Series(column), errors="coerce")
    if numbers.dtype.kind != "i" or list(map(str, numbers)) != column.tolist():
        return column
    whole: Array = numbers.to_numpy()
    return whole


def beside_kept(kept: Table, predicted: Table) -> Table:
    """Return predictions with the kept columns behind `row`.

    The row after the last, which a forecast may begin with, has no values.
    """
    rows = predicted.columns["row"]
    beyond = rows >= kept.rows
    at = np.where(beyond, 0, rows)
    columns = {name: _or_missing(column[at], beyond) for name, column in kept.columns.items()}
    others = {name: column for name, column in predicted.columns.items() if name != "row"}
    return Table({"row": rows, **columns, **others})


def _or_missing(column: Array, beyond: Array) -> Array:
    if not beyond.any():
        return column
    if column.dtype.kind == "M":
        missing = column.copy()
        missing[beyond] = np.datetime64("NaT")
        return missing
    if column.dtype.kind in "iuf":
        missing = column.astype(np.float64)
        missing[beyond] = np.nan
        return missing
    missing = column.astype(np.object_)
    missing[beyond] = None
    return missing
