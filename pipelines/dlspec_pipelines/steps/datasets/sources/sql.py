"""Reads `sql`: what a query gives, through SQLAlchemy."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from dlspec.language.sources import SqlSource
from dlspec_pipelines.steps.datasets.databases import DatabaseUrl, database_error, opened_database
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Table,
    unpreparable_data,
    unreadable_source,
)

# So many rows are Python objects at once; of a usual table they take some ten megabytes.
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class SqlReader:
    """Reads `SqlSource`; the path of an SQLite file starts in `base`."""

    source: SqlSource
    base: Path

    def read_table(self) -> Table:
        """Read all columns of the query."""
        columns = _columns_of_query(self.source, self.base)
        table = Table(columns)
        if table.rows == 0:
            raise unreadable_source(
                "the query gives no rows", help="loosen its `WHERE`, or ask another table"
            )
        return table if self.source.orders_rows else _ordered_by_content(table)

    def content_identity(self) -> str:
        """Return what changes when the rows do."""
        return digest_of_table(self.read_table())


def digest_of_table(table: Table) -> str:
    """Return the SHA-256 of the names, types and values of all columns."""
    whole = hashlib.sha256()
    for name, column in table.columns.items():
        whole.update(f"{name}\0{column.dtype}\0{column.shape}\0".encode())
        if column.dtype == np.object_:
            for value in column:
                whole.update(f"{type(value).__name__}\0{value}\0".encode())
        else:
            whole.update(np.ascontiguousarray(column).data)
    if table.given_test is not None:
        whole.update(table.given_test.tobytes())
    return whole.hexdigest()


def _columns_of_query(source: SqlSource, base: Path) -> dict[str, Array]:
    url = DatabaseUrl.from_source(source, base)
    with opened_database(url) as connection:
        try:
            # The driver is given the text as it is: `:name` and `%` are no places for values.
            rows = connection.exec_driver_sql(
                source.sql, execution_options={"no_parameters": True, "stream_results": True}
            )
            if not rows.returns_rows:
                raise unreadable_source(
                    "the query gives no columns", help="write a `SELECT`: data are only read"
                )
            return _columns_of_rows(rows)
        except SQLAlchemyError as error:
            raise database_error(error, url, connection, source.sql) from None


def _columns_of_rows(rows: "sa.CursorResult[tuple[object, ...]]") -> dict[str, Array]:
    names = list(rows.keys())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise unreadable_source(
            f"the query gives the column `{twice[0]}` twice",
            help=f"name one of them otherwise, such as `{twice[0]} AS {twice[0]}_2`",
        )
    pieces: dict[str, list[Array]] = {name: [] for name in names}
    while part := rows.fetchmany(_ROWS_AT_ONCE):
        for name, values in zip(names, zip(*part, strict=True), strict=True):
            pieces[name].append(_array_of_values(values))
    return {name: _column_of_pieces(name, found) for name, found in pieces.items()}


def _array_of_values(values: Sequence[object]) -> Array:
    column = np.empty(len(values), dtype=np.object_)
    column[:] = values
    if set(map(type, values)) == {int}:
        try:
            return column.astype(np.int64)
        except OverflowError:
            return column
    return column.astype(np.float64) if set(map(type, values)) == {float} else column


def _column_of_pieces(name: str, pieces: list[Array]) -> Array:
    """Return a column of the type that its values have, whichever part of the rows they are in."""
    if not pieces:
        return np.empty(0, dtype=np.object_)
    if {piece.dtype for piece in pieces} in ({np.dtype(np.int64)}, {np.dtype(np.float64)}):
        return np.concatenate(pieces)
    values = np.concatenate([piece.astype(np.object_) for piece in pieces])
    kinds = set(map(type, values)) - {type(None)}
    if kinds & {bytes, memoryview, bytearray}:
        raise unpreparable_data(
            f"column `{name}` holds bytes",
            help="leave it out of the query, or let the database make text or numbers of it",
        )
    if not kinds:
        return values
    return _column_of_kinds(values, kinds)


def _column_of_kinds(values: Array, kinds: set[type]) -> Array:
    absent = np.asarray(pd.isna(pd.Series(values)))
    if kinds <= {bool} and not absent.any():
        return values.astype(np.bool_)
    if kinds <= {bool, int, float, Decimal}:
        values[absent] = np.nan
        return values.astype(np.float64)
    if kinds <= {date, datetime}:
        return _dates(values, absent)
    if kinds & {Decimal, UUID, time, date, datetime}:
        plain = (Decimal, UUID, time, date, datetime)
        return np.array([str(v) if isinstance(v, plain) else v for v in values], dtype=np.object_)
    return values


def _dates(values: Array, absent: Array) -> Array:
    """Return dates as days, and moments as seconds or microseconds of UTC."""
    whole = not any(isinstance(value, datetime) for value in values[~absent])
    moments = pd.to_datetime(pd.Series(values), utc=True).dt.tz_localize(None)
    if whole:
        return moments.to_numpy().astype("datetime64[D]")
    fine = bool((moments.dt.microsecond.fillna(0) != 0).any())
    return moments.to_numpy().astype("datetime64[us]" if fine else "datetime64[s]")


def _ordered_by_content(table: Table) -> Table:
    """Return the rows in an order that their values decide, whatever the database returned."""
    frame = pd.DataFrame(dict(table.columns))
    order = np.argsort(pd.util.hash_pandas_object(frame, index=False).to_numpy(), kind="stable")
    return Table({name: column[order] for name, column in table.columns.items()})
