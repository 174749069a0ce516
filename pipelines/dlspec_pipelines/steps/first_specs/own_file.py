"""A file of one's own, read as its content suggests."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlspec.language.sources import (
    CsvSource,
    JsonLinesSource,
    NpzSource,
    ParquetSource,
)
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.step_errors import WrongUsage

TableSource = CsvSource | JsonLinesSource | NpzSource | ParquetSource

_SEPARATORS = (",", "\t", ";", "|")
# What people write where a value is missing; taken only where numbers stand beside it, but for `?`.
_MISSING = ("?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "-", ".")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+\Z")
_NAME = re.compile(r"[^\W\d][\w .()%/#-]{0,60}\Z")
# Lines that show how a file is written.
_SAMPLE = 2000
# Bytes decoded at a time: small beside the memory, large beside the cost of a call.
_BLOCK = 2**24


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that was read: the source that reads it so, its rows, and why it is read so."""

    source: TableSource
    table: Table
    reasons: tuple[str, ...]


def read_own_file(path: Path, written: str) -> OwnFile:
    """Read a file of one's own.

    Args:
        written: The path as the spec writes it.

    Raises:
        WrongUsage: If it is a folder, or of a kind that no source reads.
        StepError: If it cannot be read (DL610).
    """
    if path.is_dir():
        raise WrongUsage(
            f"`{path}` is a folder, and no source reads a folder of files",
            help="name a table of theirs: for pictures one with a column of file names",
        )
    source, reasons = _source_of_own_file(path)
    table = read_source_table(source, path.parent)
    return OwnFile(_renamed_source(source, written), table, reasons)


def _source_of_own_file(path: Path) -> tuple[TableSource, tuple[str, ...]]:
    name, ending = path.name, path.suffix.lower()
    if ending in JsonLinesSource.endings:
        with path.open("rb") as file:
            if file.read(64).lstrip().startswith(b"["):
                raise WrongUsage(
                    f"`{path}` holds one JSON array, and `json_lines` reads an object on each line",
                    help=f"write it as lines: `jq -c '.[]' {path.name} > {path.stem}.jsonl`",
                )
        return JsonLinesSource((name,)), ("an object on each line",)
    if ending in NpzSource.endings:
        return NpzSource((name,)), ()
    if ending in ParquetSource.endings:
        return ParquetSource((name,)), ()
    return _delimited_own_file(path)


def _renamed_source(source: TableSource, written: str) -> TableSource:
    match source:
        case CsvSource():
            return replace(source, csv=(written,))
        case JsonLinesSource():
            return replace(source, json_lines=(written,))
        case ParquetSource():
            return replace(source, parquet=(written,))
        case NpzSource():
            return replace(source, npz=(written,))


def _delimited_own_file(path: Path) -> tuple[CsvSource, tuple[str, ...]]:
    _require_delimited_text(path)
    encoding = _encoding_of_file(path)
    with path.open(encoding=encoding, newline="") as file:
        lines = [line for _, line in zip(range(_SAMPLE), file, strict=False) if line.strip()]
    if not lines:
        raise WrongUsage(f"`{path}` is empty", help="name a file with rows")
    separator = _separator_of_lines(lines)
    quoting = _quoting_of_lines(lines, separator)
    mark = None if quoting == "none" else '"'
    rows = [row for row in csv.reader(lines, delimiter=separator, quotechar=mark) if row]
    strip = any(cell != cell.strip() for row in rows for cell in row)
    columns = _names_without_header([[cell.strip() for cell in row] for row in rows])
    body = rows if columns else rows[1:]
    cells = list(zip(*(row for row in body if len(row) == len(rows[0])), strict=True))
    decimal = "," if separator != "," and _has_comma_numbers(cells) else "."
    source = CsvSource(
        (path.name,),
        None if separator == _usual_separator(path) else separator,
        columns,
        _missing_words(cells, decimal),
        encoding,
        decimal,
        quoting,
        strip,
    )
    return source, tuple(_reading_reasons(source))


def _usual_separator(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _require_delimited_text(path: Path) -> None:
    with path.open("rb") as file:
        begin = file.read(4096)
    if b"\0" in begin or path.suffix.lower() in (".gz", ".ts", ".arff"):
        known = (CsvSource, JsonLinesSource, NpzSource, ParquetSource)
        endings = ", ".join(f"`{ending}`" for kind in known for ending in kind.endings)
        raise WrongUsage(
            f"`{path}` is no table that a source reads", help=f"name a file that ends in {endings}"
        )


def _quoting_of_lines(lines: Sequence[str], separator: str) -> str:
    """Return `none` where a quotation mark stands alone in a field between tabs."""
    if separator != "\t":
        return "double"
    fields = (field.strip("\r\n") for line in lines for field in line.split(separator))
    return "none" if any(field.count('"') % 2 for field in fields) else "double"


def _encoding_of_file(path: Path) -> str:
    """Return UTF-8 where all of the file is that, else what Windows writes in the west."""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            try:
                (tail + block).decode()
                tail = b""
            except UnicodeDecodeError as error:
                # A character may stand across the border of two blocks.
                if error.end < len(tail + block) or error.reason != "unexpected end of data":
                    return "cp1252" if _is_cp1252(path) else "latin-1"
                tail = (tail + block)[error.start :]
    return "utf-8"


def _is_cp1252(path: Path) -> bool:
    # Five bytes stand for no character there.
    return not re.search(rb"[\x81\x8d\x8f\x90\x9d]", path.read_bytes())


def _separator_of_lines(lines: Sequence[str]) -> str:
    """Return what cuts most lines into the same number of fields, more than one."""

    def agreement(separator: str) -> tuple[float, int]:
        fields = [len(row) for row in csv.reader(lines[:200], delimiter=separator) if row]
        usual = max(set(fields), key=fields.count)
        return (fields.count(usual) / len(fields), usual) if usual > 1 else (0.0, 1)

    return max(_SEPARATORS, key=agreement)


def _names_without_header(rows: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return names for the columns of a file whose first line is a row; None where it has names."""
    first, others = rows[0], rows[1:]
    looks_like_names = len(set(first)) == len(first) and all(map(_NAME.match, first))
    if looks_like_names:
        repeated = any(
            name in {row[i] for row in others if len(row) > i} for i, name in enumerate(first)
        )
        if not repeated or not others:
            return None
    width = len(str(len(first)))
    return tuple(f"c{number:0{width}}" for number in range(1, len(first) + 1))


def _has_comma_numbers(cells: Sequence[Sequence[str]]) -> bool:
    return any(
        sum(bool(_COMMA_NUMBER.match(cell.strip())) for cell in column) > len(column) / 2
        for column in cells
    )


def _missing_words(cells: Sequence[Sequence[str]], decimal: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for column in cells:
        texts = [cell.strip() for cell in column if cell.strip()]
        words = set(texts) & set(_MISSING)
        others = [text for text in texts if text not in words]
        numbers = [t for t in others if _NUMBER.match(t.replace(decimal, "."))]
        numeric = bool(others) and len(numbers) == len(others)
        found.update(
            {word: None for word in _MISSING if word in words and (numeric or word == "?")}
        )
    return tuple(found)


def _reading_reasons(source: CsvSource) -> Iterator[str]:
    if source.columns:
        yield "the first line is a row, not names: the columns are numbered"
    if source.quoting == "none":
        yield "a quotation mark stands alone in some fields: it is a character like any other"
    if source.strip:
        yield "some values have blanks around them"
    if source.encoding != "utf-8":
        yield "not UTF-8 text; write another encoding where names look wrong"
    if source.missing:
        words = ", ".join(source.missing)
        yield f"{words}: found among numbers, or a question mark; taken for a missing value"
    if source.decimal == ",":
        yield "numbers have a decimal comma"


def column_of_table(table: Table, name: str) -> Array:
    """Return a column, flat where it holds one value per row."""
    column = table.columns[name]
    return column.reshape(len(column)) if column.ndim == 2 and column.shape[1] == 1 else column
