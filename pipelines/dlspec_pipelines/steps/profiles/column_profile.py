"""One column of a source in numbers: what it holds, what is missing, how far it reaches."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from dlspec_pipelines.steps.datasets.ragged import flatten_ragged_rows
from dlspec_pipelines.steps.datasets.table import Array, holds_arrays, single_column

ColumnKind = Literal["numbers", "booleans", "texts", "dates", "arrays", "mixed"]

# The most frequent values; the count of unique ones says how many more there are.
_FREQUENT = 5
# Above it every value is rare, and none says anything.
_MOST_UNIQUE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Spread:
    """How numbers lie: smallest, largest, mean and deviation; of no number all are None."""

    low: float | None
    high: float | None
    mean: float | None
    deviation: float | None


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column over all rows of a source.

    Attributes:
        unique: How many different values; None of arrays.
        spread: Of numbers, in arrays too; else None.
        first: Of dates and texts, the least in their order.
        last: Of dates and texts, the greatest in their order.
        frequent: The most frequent values with their counts, where values repeat.
        shape: Of arrays: that of each row, or how many steps they have.
        sounds: Of names of sounds: how long they are, their rates and channels; "" of all else.
    """

    column: str
    kind: ColumnKind
    missing: int
    unique: int | None
    spread: Spread | None = None
    first: str | None = None
    last: str | None = None
    frequent: tuple[tuple[str, int], ...] = ()
    shape: str = ""
    sounds: str = ""

    def to_json(self) -> Mapping[str, Any]:
        """Return the record as JSON data."""
        return asdict(self)


def column_profile(name: str, column: Array) -> ColumnProfile:
    """Return what one column of a table holds."""
    if column.ndim > 1 and column.shape[1:] != (1,):
        shape = " x ".join(map(str, column.shape[1:]))
        missing = _rows_with_nan(column)
        return ColumnProfile(name, "arrays", missing, None, _spread_of_numbers(column), shape=shape)
    if holds_arrays(column):
        return _ragged_profile(name, column)
    if column.dtype.kind == "M":
        return _profile_of_objects(name, single_column(name, column), "dates")
    if column.dtype.kind == "O":
        return _profile_of_objects(name, column, _kind_of_objects(column))
    values = column.reshape(len(column))
    series = pd.Series(values)
    kind: ColumnKind = "booleans" if values.dtype.kind == "b" else "numbers"
    return ColumnProfile(
        name,
        kind,
        int(series.isna().sum()),
        int(series.nunique()),
        _spread_of_numbers(values),
        frequent=_frequent_values(series),
    )


def _rows_with_nan(column: Array) -> int:
    if column.dtype.kind != "f":
        return 0
    return int(np.isnan(column).reshape(len(column), -1).any(axis=1).sum())


def _kind_of_objects(column: Array) -> ColumnKind:
    kinds = {type(value) for value in column[~np.asarray(pd.isna(column))]}
    if kinds <= {str}:
        return "texts"
    if kinds == {bool}:
        return "booleans"
    return "mixed" if str in kinds or bool in kinds else "numbers"


def _profile_of_objects(name: str, column: Array, kind: ColumnKind) -> ColumnProfile:
    series = pd.Series(column, dtype=object)
    missing, unique = int(series.isna().sum()), int(series.nunique())
    present = series.dropna()
    if kind == "numbers":
        spread = _spread_of_numbers(present.to_numpy(dtype=np.float64))
        return ColumnProfile(name, kind, missing, unique, spread, frequent=_frequent_values(series))
    texts = present.map(str)
    ends = (None, None) if texts.empty else (min(texts), max(texts))
    return ColumnProfile(
        name,
        kind,
        missing,
        unique,
        first=ends[0],
        last=ends[1],
        frequent=_frequent_values(series),
    )


def _ragged_profile(name: str, column: Array) -> ColumnProfile:
    missing = np.asarray([row is None for row in column])
    rows = column[~missing]
    if any(isinstance(row, dict) for row in rows):
        return ColumnProfile(name, "mixed", int(missing.sum()), None)
    values, lengths = flatten_ragged_rows(rows)
    least, most = int(lengths.min()), int(lengths.max())
    steps = f"{least}" if least == most else f"{least} to {most}"
    spread = _spread_of_numbers(values) if values.dtype.kind in "iufb" else None
    return ColumnProfile(name, "arrays", int(missing.sum()), None, spread, shape=f"{steps} steps")


def _spread_of_numbers(values: Array) -> Spread:
    numbers = values.astype(np.float64, copy=False) if values.dtype.kind == "b" else values
    if numbers.dtype.kind == "f":
        numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return Spread(None, None, None, None)
    return Spread(
        float(numbers.min()),
        float(numbers.max()),
        float(numbers.mean(dtype=np.float64)),
        float(numbers.std(dtype=np.float64)),
    )


def _frequent_values(series: "pd.Series[Any]") -> tuple[tuple[str, int], ...]:
    counts = series.value_counts()
    if len(counts) > _MOST_UNIQUE_SHARE * max(int(counts.sum()), 1):
        return ()
    return tuple((str(value), int(count)) for value, count in counts.head(_FREQUENT).items())
