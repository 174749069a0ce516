"""Moments of the column that orders rows: numbers, dates, or ISO 8601 texts."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    refused_value,
    single_column,
    types_in,
)

# A time of day, then an offset from UTC; the last part of a date alone looks like one.
_OFFSET = re.compile(r"[T ]\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)\Z", re.IGNORECASE)
_ORDERING = "order rows by a column of numbers or of dates such as 2024-01-31"


def moments_of_column(name: str, column: Array) -> Array:
    """Return a column as numbers or datetime64; texts with an offset become UTC.

    Raises:
        StepError: If a value is no moment in time, or only some have an offset (DL613).
    """
    plain = column if column.dtype.kind == "M" else single_column(name, column)
    if plain.dtype == np.object_:
        _require_one_kind_of_offset(name, plain)
    moments, lost = readable_moments(plain)
    if lost.any():
        row = int(np.flatnonzero(lost)[0])
        raise refused_value(name, row, column[row], "is no moment in time", help=_ORDERING)
    return moments


def has_offsets(column: Array) -> bool:
    """Return whether the moments of a column are texts that say their offset from UTC."""
    if column.dtype != np.object_:
        return False
    return bool(_rows_with_offset(column.reshape(-1)).any())


def readable_moments(column: Array) -> tuple[Array, Array]:
    """Return plain values as numbers or datetime64, and which rows hold no moment."""
    moments = _parsed_moments(column) if column.dtype == np.object_ else column
    if moments.dtype.kind == "f":
        return moments, ~np.isfinite(moments)
    if moments.dtype.kind == "b":
        return moments, np.ones(len(moments), dtype=bool)
    return moments, np.asarray(pd.isna(moments))


def _parsed_moments(column: Array) -> Array:
    texts = pd.Series(column, dtype=np.object_)
    if types_in(column) - {str, type(None)}:
        texts = texts.where(np.asarray([isinstance(value, str) for value in column]))
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    moments: Array = parsed.dt.tz_localize(None).to_numpy()
    return moments


def _rows_with_offset(column: Array) -> NDArray[np.bool_]:
    texts = [text if isinstance(text, str) else "" for text in column.tolist()]
    # Most moments are told for a tenth of what the expression costs.
    maybe = [
        t[-1:] in "Zz" or t[-3:-2] in "+-" or t[-5:-4] in "+-" or t[-6:-5] in "+-" for t in texts
    ]
    found = np.array(maybe, dtype=bool)
    for row in np.flatnonzero(found):
        found[row] = _OFFSET.search(texts[row]) is not None
    return found


def _require_one_kind_of_offset(name: str, column: Array) -> None:
    offsets = _rows_with_offset(column)
    if not offsets.any() or offsets.all():
        return
    bare = np.flatnonzero(~offsets & ~readable_moments(column)[1])
    if bare.size:
        row, other = int(bare[0]), int(np.flatnonzero(offsets)[0])
        raise refused_value(
            name,
            row,
            column[row],
            f"has no offset from UTC, and row {other} has one",
            help="write all moments with an offset, such as 2024-01-31T12:00+01:00, or none",
        )


def order_of_moments(moments: Array) -> Rows:
    """Return the rows in the order of time; those of one moment as they stand."""
    order: Rows = np.argsort(moments, kind="stable")
    return order
