"""Delimited files by pyarrow, on all cores and in little memory: those that pandas reads alike."""

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.arrow import texts_of_dictionaries
from dlspec_pipelines.steps.datasets.column_spool import ColumnSpool, RowKind
from dlspec_pipelines.steps.datasets.spooled_arrays import fits_in_memory
from dlspec_pipelines.steps.datasets.table import Array

Kinds = dict[str, pa.DataType]

# By its beginning it is decided what a column holds; four pages of the largest tables seen.
_BLOCK_BYTES = 2**20
_TRUE, _FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
# From here on pandas reads whole numbers as unsigned ones or as texts, pyarrow as floats.
_TOO_LARGE = 2.0**63
_NO_WHOLE_NUMBER = re.compile(
    r"In CSV column #(\d+): .*CSV conversion error to int64: invalid value '([^']*)'", re.DOTALL
)
_ODD_PLUS = re.compile(rb"\+[.\d]")
_FRACTION = re.compile(r"[+-]?(\d+[.,]\d*|[.,]\d+|\d+(?=[eE]))([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class FileBytes:
    """What the bytes of a file, unpacked, hold behind its header.

    `odd_numbers` tells of `0x1f`, to pandas a text, and `+5`, to pyarrow a float.
    """

    size: int
    quotes: int
    odd_numbers: bool


@dataclass(frozen=True, slots=True)
class DelimitedFile:
    """A file, how its fields are told apart, and the names of its columns."""

    path: Path
    source: CsvSource
    separator: str
    names: tuple[str, ...]
    holds: FileBytes


class _OtherwiseRead(Exception):  # noqa: N818 - no error: pandas reads the file
    """Pandas may read the file otherwise."""


def csv_columns_by_arrow(
    file: DelimitedFile, text: Sequence[str], *, memory: int | None
) -> dict[str, Array] | None:
    """Return the columns of a file as pandas gives them; None where it may read the file otherwise.

    Both take a column for numbers if all its values are; what one of them alone takes for a number
    is left to pandas, and so is a file with an error, which pandas tells of.

    Args:
        text: The columns whose values stay as they are written.
        memory: What data may take. Columns of numbers that would take too much are mapped from a
            file; None for any number of bytes.
    """
    try:
        kinds = _kinds_by_the_first_rows(file, text)
        if file.holds.odd_numbers and not all(map(pa.types.is_string, kinds.values())):
            return None
        while True:
            try:
                return _columns_of_kinds(file, kinds, memory=memory)
            except pa.ArrowInvalid as error:
                kinds = _kinds_with_a_fraction(file, kinds, error)
    except (_OtherwiseRead, pa.ArrowException):
        return None
    finally:
        # Else pyarrow keeps what it read in for what it may read next.
        pa.default_memory_pool().release_unused()


def file_for_arrow(
    path: Path, source: CsvSource, separator: str, names: Sequence[str]
) -> DelimitedFile | None:
    """Return what pyarrow is told of a file; None where pandas may read it otherwise."""
    if source.strip or source.encoding.lower() not in ("utf-8", "utf8") or len(names) < 2:
        return None
    # Pandas takes `-999.0` for missing where `-999` is.
    if any(not np.isnan(_number_in_text(word)) for word in source.missing):
        return None
    if source.columns is None and _names_in_first_line(path, source, separator) != list(names):
        return None
    holds = file_bytes(path, header=source.columns is None)
    # With an odd number of quotes one is not closed, or stands within a field.
    if not holds.size or (source.quoting != "none" and holds.quotes % 2):
        return None
    return DelimitedFile(path, source, separator, tuple(names), holds)


def _names_in_first_line(path: Path, source: CsvSource, separator: str) -> list[str]:
    line = _first_line(path).decode("utf-8-sig")
    none = source.quoting == "none"
    (names,) = csv.reader(
        [line], delimiter=separator, quoting=csv.QUOTE_NONE if none else csv.QUOTE_MINIMAL
    )
    return names


def _first_line(path: Path) -> bytes:
    with _opened_bytes(path) as opened:
        return opened.readline()


def _opened_bytes(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _number_in_text(text: str) -> float:
    return float(pd.to_numeric(pd.Series([text], dtype=object), errors="coerce").iloc[0])


def _kinds_by_the_first_rows(file: DelimitedFile, text: Sequence[str]) -> Kinds:
    told = {name: pa.string() for name in text if name in file.names}
    with _batch_reader(file, told) as reader:
        try:
            first = reader.read_next_batch()
        except StopIteration:
            raise _OtherwiseRead from None
    kinds = {}
    for name, column in zip(file.names, first.columns, strict=True):
        kinds[name] = told[name] if name in told else _kind_of_values(column)
    return kinds


def _kind_of_values(column: pa.Array) -> pa.DataType:
    kind = column.type
    if pa.types.is_null(kind):
        return pa.float64()
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return kind
    if pa.types.is_floating(kind):
        values = column.drop_null().to_numpy()
        if (np.abs(values) >= _TOO_LARGE).any() and (values == np.floor(values)).all():
            raise _OtherwiseRead
        return kind
    if pa.types.is_string(kind):
        # Such as `+1.5`, a number to pandas alone.
        words = pd.Series(column.unique().drop_null().to_pylist(), dtype=object)
        if pd.to_numeric(words, errors="coerce").notna().all():
            raise _OtherwiseRead
    return pa.string()


def _kinds_with_a_fraction(file: DelimitedFile, kinds: Kinds, error: pa.ArrowInvalid) -> Kinds:
    """Return kinds by which a column is one of floats that was one of whole numbers so far."""
    found = _NO_WHOLE_NUMBER.search(str(error))
    if found is None or not _FRACTION.fullmatch(found[2]):
        raise _OtherwiseRead
    return {**kinds, file.names[int(found[1])]: pa.float64()}


def _columns_of_kinds(file: DelimitedFile, kinds: Kinds, *, memory: int | None) -> dict[str, Array]:
    if fits_in_memory(file.holds.size, memory):
        table = pyarrow.csv.read_csv(str(file.path), **_options(file, kinds))
        columns: dict[str, Array] = {}
        for name in file.names:
            columns[name] = _array_of_column(table.column(0))
            # What has become an array is not held twice.
            table = table.remove_column(0)
        return columns
    return _spooled_columns(file, kinds)


def _spooled_columns(file: DelimitedFile, kinds: Kinds) -> dict[str, Array]:
    numeric = {
        name: RowKind(np.dtype(kind.to_pandas_dtype()))
        for name, kind in kinds.items()
        if not pa.types.is_string(kind)
    }
    texts: dict[str, list[pa.Array]] = {name: [] for name in file.names if name not in numeric}
    # A row has a separator or a line's end for each field at least.
    spool = ColumnSpool(numeric, most_rows=file.holds.size // len(file.names) + 1)
    try:
        for name, column in _pieces_of_columns(file, kinds):
            if name in texts:
                texts[name].append(column.dictionary_encode())
                continue
            piece = _array_of_column(pa.chunked_array([column]))
            if piece.dtype != numeric[name].dtype:
                # Whole numbers of which one is missing are floats, all of them.
                kinds[name] = pa.float64()
                return _spooled_columns(file, kinds)
            spool.add_piece(name, piece)
        found = spool.columns()
    finally:
        spool.close()
    found |= {name: texts_of_dictionaries(chunks) for name, chunks in texts.items()}
    return {name: found[name] for name in file.names}


def _pieces_of_columns(file: DelimitedFile, kinds: Kinds) -> Iterator[tuple[str, pa.Array]]:
    with _batch_reader(file, kinds) as reader:
        for batch in reader:
            yield from zip(file.names, batch.columns, strict=True)


def _array_of_column(column: pa.ChunkedArray) -> Array:
    kind = column.type
    if pa.types.is_string(kind):
        return texts_of_dictionaries(column.dictionary_encode().chunks)
    if pa.types.is_boolean(kind) and column.null_count:
        raise _OtherwiseRead
    values: Array = column.to_numpy()
    # Pandas takes `nan` for a text.
    if pa.types.is_floating(kind) and np.isnan(values).sum() != column.null_count:
        raise _OtherwiseRead
    return values


def _batch_reader(file: DelimitedFile, kinds: Mapping[str, pa.DataType]) -> pa.RecordBatchReader:
    return pyarrow.csv.open_csv(str(file.path), **_options(file, kinds))


def _options(file: DelimitedFile, kinds: Mapping[str, pa.DataType]) -> dict[str, object]:
    source = file.source
    quoted = source.quoting != "none" and file.holds.quotes > 0
    missing = ["", *source.missing]
    return {
        "read_options": pyarrow.csv.ReadOptions(
            column_names=list(file.names),
            skip_rows=0 if source.columns else 1,
            block_size=_BLOCK_BYTES,
        ),
        "parse_options": pyarrow.csv.ParseOptions(
            delimiter=file.separator,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted,
        ),
        "convert_options": pyarrow.csv.ConvertOptions(
            column_types=dict(kinds),
            null_values=missing,
            true_values=list(_TRUE),
            false_values=list(_FALSE),
            strings_can_be_null=True,
            decimal_point=source.decimal,
        ),
    }


def file_bytes(path: Path, *, header: bool) -> FileBytes:
    """Look through a file for what pyarrow is to be told of, or to be kept from.

    Args:
        header: Whether the first line counts as none.
    """
    size, quotes, odd_numbers, last = 0, 0, False, b""
    with _opened_bytes(path) as opened:
        if header:
            opened.readline()
        while block := opened.read(_BLOCK_BYTES):
            size += len(block)
            quotes += block.count(b'"')
            odd_numbers = (
                odd_numbers or _holds_odd_number(last + block[:2]) or _holds_odd_number(block)
            )
            last = block[-2:]
    return FileBytes(size, quotes, odd_numbers=odd_numbers)


def _holds_odd_number(block: bytes) -> bool:
    # One character is found at the speed of memory; two, or an expression, take ten times as long.
    if (b"x" in block or b"X" in block) and (b"0x" in block or b"0X" in block):
        return True
    if b"+" not in block:
        return False
    return _ODD_PLUS.search(block.replace(b"e+", b"").replace(b"E+", b"")) is not None
