"""Reads `sql`: what a query gives, through SQLAlchemy."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import NoneType
from uuid import UUID

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from dlspec.language.sources import SqlSource
from dlspec_pipelines.steps.data_memory import (
    array_bytes,
    give_back_pages,
    is_mapped,
    row_blocks,
    rows_of_mapped_array,
)
from dlspec_pipelines.steps.datasets.column_spool import ColumnSpool, RowKind
from dlspec_pipelines.steps.datasets.databases import DatabaseUrl, database_error, opened_database
from dlspec_pipelines.steps.datasets.spooled_arrays import (
    fits_in_memory,
    most_bytes_of_a_source,
    spooled_array,
)
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Rows,
    Table,
    unpreparable_data,
    unreadable_source,
)
from dlspec_pipelines.steps.datasets.value_spool import ValueSpool

# So many values are Python objects at once: some fifteen megabytes.
_VALUES_AT_ONCE = 2**18


@dataclass(frozen=True, slots=True)
class SqlReader:
    """Reads `SqlSource`; the path of an SQLite file starts in `base`."""

    source: SqlSource
    base: Path
    memory: int | None = None

    def read_table(self) -> Table:
        """Read all columns of the query."""
        table = Table(_columns_of_query(self.source, self.base, self.memory))
        if table.rows == 0:
            raise unreadable_source(
                "the query gives no rows", help="loosen its `WHERE`, or ask another table"
            )
        return table if self.source.orders_rows else _ordered_by_content(table, self.memory)

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
            for block in row_blocks(column):
                whole.update(array_bytes(block))
    if table.given_test is not None:
        whole.update(table.given_test.tobytes())
    return whole.hexdigest()


def _columns_of_query(source: SqlSource, base: Path, memory: int | None) -> dict[str, Array]:
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
            return _columns_of_rows(rows, memory)
        except SQLAlchemyError as error:
            raise database_error(error, url, connection, source.sql) from None


def _columns_of_rows(
    rows: "sa.CursorResult[tuple[object, ...]]", memory: int | None
) -> dict[str, Array]:
    names = list(rows.keys())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise unreadable_source(
            f"the query gives the column `{twice[0]}` twice",
            help=f"name one of them otherwise, such as `{twice[0]} AS {twice[0]}_2`",
        )
    with ValueSpool(names, most=0 if memory is None else most_bytes_of_a_source(memory)) as spool:
        while part := rows.fetchmany(max(1, _VALUES_AT_ONCE // len(names))):
            spool.add_rows(list(zip(*part, strict=True)))
        return _columns_of_spool(spool, memory)


def _columns_of_spool(spool: ValueSpool, memory: int | None) -> dict[str, Array]:
    """Return columns of the types that their values have, whichever part of the rows they are in.

    Those of numbers are mapped from a file where they take too much of the memory.
    """
    found = {name: _kind_of_numbers(spool, name) for name in spool.types}
    numeric = {name: RowKind(kind) for name, kind in found.items() if kind is not None}
    numbers: dict[str, Array] = {}
    if not fits_in_memory(sum(k.row_bytes for k in numeric.values()) * spool.rows, memory):
        columns = ColumnSpool(numeric, most_rows=spool.rows)
        try:
            for name, kind in numeric.items():
                for piece in spool.pieces(name):
                    columns.add_piece(name, _numbers_of_values(piece, kind.dtype))
            numbers = columns.columns()
        finally:
            columns.close()
    else:
        for name, kind in numeric.items():
            pieces = [_numbers_of_values(piece, kind.dtype) for piece in spool.pieces(name)]
            numbers[name] = np.concatenate(pieces)
    return {name: numbers[name] if name in numbers else _held(spool, name) for name in spool.types}


def _kind_of_numbers(spool: ValueSpool, name: str) -> "np.dtype[np.generic] | None":
    """Return the type of a column of numbers, floats where some are missing; None of any other."""
    types = spool.types[name]
    if types == {int} and all(piece.dtype == np.int64 for piece in spool.pieces(name)):
        return np.dtype(np.int64)
    # Of booleans alone the column is one, unless some are missing.
    present = types - {NoneType}
    numbers = present <= {bool, int, float, Decimal} and bool(present) and types != {bool}
    return np.dtype(np.float64) if numbers else None


def _numbers_of_values(values: Array, kind: "np.dtype[np.generic]") -> Array:
    if values.dtype == np.object_:
        values = np.where(np.asarray(pd.isna(values)), np.nan, values)
    return values.astype(kind)


def _held(spool: ValueSpool, name: str) -> Array:
    """Return a column of texts, moments, booleans, or of values of several kinds."""
    kinds = spool.types[name] - {NoneType}
    if kinds & {bytes, memoryview, bytearray}:
        raise unpreparable_data(
            f"column `{name}` holds bytes",
            help="leave it out of the query, or let the database make text or numbers of it",
        )
    values = spool.objects(name)
    return _column_of_kinds(values, kinds) if kinds else values


def _column_of_kinds(values: Array, kinds: set[type]) -> Array:
    absent = np.asarray(pd.isna(pd.Series(values)))
    if kinds == {bool}:
        return values.astype(np.bool_)
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


def _ordered_by_content(table: Table, memory: int | None) -> Table:
    """Return the rows in an order that their values decide, whatever the database returned."""
    hashes: list[Array] = []
    step = max(1, _VALUES_AT_ONCE // len(table.columns))
    for start in range(0, table.rows, step):
        part = slice(start, start + step)
        frame = pd.DataFrame({name: column[part] for name, column in table.columns.items()})
        hashes.append(pd.util.hash_pandas_object(frame, index=False).to_numpy())
        for column in table.columns.values():
            give_back_pages(column)
    order = np.argsort(np.concatenate(hashes), kind="stable")
    return Table({name: _reordered(c, order, memory) for name, c in table.columns.items()})


def _reordered(column: Array, order: Rows, memory: int | None) -> Array:
    if memory is None or not is_mapped(column):
        return column[order]
    room = most_bytes_of_a_source(memory)
    pieces = np.array_split(order, -(-column.nbytes // room))
    return spooled_array((rows_of_mapped_array(column, at, room) for at in pieces), column.dtype)
