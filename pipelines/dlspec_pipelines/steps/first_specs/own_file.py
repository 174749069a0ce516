"""Data of one's own, read as the content suggests: a table, lines of text, or a folder."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dlspec.language.sources import (
    CsvSource,
    JsonLinesSource,
    NpzSource,
    ParquetSource,
    TimeSeriesTsSource,
)
from dlspec.syntax.flow_text import scalar_text
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.first_specs.folded_lists import folded_list
from dlspec_pipelines.steps.first_specs.own_folder import read_own_folder
from dlspec_pipelines.steps.first_specs.own_lines import labels_before_texts, read_labelled_lines
from dlspec_pipelines.steps.first_specs.own_series import read_series_file
from dlspec_pipelines.steps.first_specs.own_source import OwnSource, source_line
from dlspec_pipelines.steps.step_errors import WrongUsage

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


# Of the lines, so many have the same number of fields in a table.
_TABLE_AGREES = 0.95


def read_own_data(path: Path, written: str) -> OwnSource:
    """Read a file or folder of one's own.

    Args:
        written: The path as the spec writes it.

    Raises:
        WrongUsage: If it is of a kind that no source reads.
        StepError: If it cannot be read (DL610).
    """
    if path.is_dir():
        return read_own_folder(path, written.rstrip("/"))
    ending = path.suffix.lower()
    if ending in TimeSeriesTsSource.endings:
        return read_series_file(path, written)
    if ending in JsonLinesSource.endings:
        return _own_table(JsonLinesSource((path.name,)), path, written)
    if ending in NpzSource.endings:
        return _own_table(NpzSource((path.name,)), path, written)
    if ending in ParquetSource.endings:
        return _own_table(ParquetSource((path.name,)), path, written)
    return _delimited_own_file(path, written)


def _own_table(
    source: JsonLinesSource | NpzSource | ParquetSource, path: Path, written: str
) -> OwnSource:
    table = read_source_table(source, path.parent)
    lines = (source_line({source.word: written}),)
    return OwnSource(path.name, lines, (), table, table.given_test is not None)


def _delimited_own_file(path: Path, written: str) -> OwnSource:
    _require_delimited_text(path)
    encoding = _encoding_of_file(path)
    with path.open(encoding=encoding, newline="") as file:
        lines = [line for _, line in zip(range(_SAMPLE), file, strict=False) if line.strip()]
    if not lines:
        raise WrongUsage(f"`{path}` is empty", help="name a file with rows")
    separator, agreement = _separator_of_lines(lines)
    labelled = labels_before_texts(lines) if agreement < _TABLE_AGREES else None
    if labelled is not None:
        return read_labelled_lines(path, written, *labelled, encoding)
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
    table = read_source_table(source, path.parent)
    own_lines = ("  source:", f"    csv: {scalar_text(written)}", *_said_of_csv(source))
    reasons = tuple(_reading_reasons(source))
    return OwnSource(path.name, own_lines, reasons, table, has_test_rows=False)


def _said_of_csv(source: CsvSource) -> Iterator[str]:
    """Yield the lines of the keys whose default does not read the file."""
    if source.separator is not None:
        yield "    separator: " + ('"\\t"' if source.separator == "\t" else f'"{source.separator}"')
    if source.encoding != "utf-8":
        yield f"    encoding: {source.encoding}"
    if source.decimal != ".":
        yield f'    decimal: "{source.decimal}"'
    if source.quoting != "double":
        yield f"    quoting: {source.quoting}"
    if source.strip:
        yield "    strip: true"
    if source.missing:
        yield f"    missing: [{', '.join(map(_quoted_word, source.missing))}]"
    if source.columns:
        yield from folded_list("    columns: ", source.columns)


def _quoted_word(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _usual_separator(path: Path) -> str:
    return "\t" if path.suffix.lower() == ".tsv" else ","


def _require_delimited_text(path: Path) -> None:
    with path.open("rb") as file:
        begin = file.read(4096)
    if b"\0" in begin or path.suffix.lower() == ".gz":
        known = (CsvSource, JsonLinesSource, NpzSource, ParquetSource, TimeSeriesTsSource)
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


def _separator_of_lines(lines: Sequence[str]) -> tuple[str, float]:
    """Return what cuts most lines into the same number of fields, more than one, and how many."""

    def agreement(separator: str) -> tuple[float, int]:
        fields = [len(row) for row in csv.reader(lines[:200], delimiter=separator) if row]
        usual = max(set(fields), key=fields.count)
        return (fields.count(usual) / len(fields), usual) if usual > 1 else (0.0, 1)

    best = max(_SEPARATORS, key=agreement)
    return best, agreement(best)[0]


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
