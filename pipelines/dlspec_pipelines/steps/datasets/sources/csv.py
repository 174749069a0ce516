"""Reads `csv`."""

import array
import csv
import functools
import gzip
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from pandas.errors import DtypeWarning, EmptyDataError, ParserError, ParserWarning

from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.csv_by_arrow import (
    csv_columns_by_arrow,
    file_for_arrow,
)
from dlspec_pipelines.steps.datasets.table import Array, Rows, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    hash_of_files,
    paths_of,
    stacked_file_table,
)
from dlspec_pipelines.steps.datasets.text_files import BROKEN_GZIP, wrong_encoding_error


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads `CsvSource`; relative paths start in `base`, `text_columns` are never numbers."""

    source: CsvSource
    base: Path
    text_columns: tuple[str, ...] = ()
    memory: int | None = None

    def read_table(self) -> Table:
        """Read all columns."""
        return read_csv(self.source, self.base, text_columns=self.text_columns, memory=self.memory)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


def read_csv(
    source: CsvSource,
    base: Path,
    *,
    text_columns: tuple[str, ...] = (),
    memory: int | None = None,
) -> Table:
    """Read delimited text, in a file or a gzip file.

    Only an empty field and the texts of `missing` are missing values. A column that is text in one
    of several files is text in all of them.

    Args:
        text_columns: Whose values stay as they are written, whatever they look like; of the others
            the file decides.
        memory: What data may take; None for any number of bytes.

    Raises:
        StepError: If a file is not there, not text of that encoding, or not a table.
    """
    said = (*text_columns, *source.text)
    paths = paths_of(source, base)
    parts = {path: _csv_columns(path, source, said, memory) for path in paths}
    kinds: dict[str, set[bool]] = {}
    for part in parts.values():
        for name, column in part.items():
            kinds.setdefault(name, set()).add(column.dtype == np.object_)
    mixed = [name for name, found in kinds.items() if len(found) > 1]
    for path, part in parts.items():
        if any(part[name].dtype != np.object_ for name in mixed if name in part):
            parts[path] = _csv_columns(path, source, (*said, *mixed), memory)
    lines = {
        path: functools.cache(functools.partial(_csv_row_lines, path, source, Table(part).rows))
        for path, part in parts.items()
    }
    return stacked_file_table(parts, lines=lines, memory=memory)


def separator_of(source: CsvSource, path: Path) -> str:
    """Return what stands between two fields of a file."""
    if source.separator is not None:
        return source.separator
    return "\t" if ".tsv" in path.suffixes[-2:] else ","


def _csv_columns(
    path: Path, source: CsvSource, text: Sequence[str], memory: int | None
) -> dict[str, Array]:
    separator = separator_of(source, path)
    if source.decimal == separator:
        raise unreadable_source(
            f"`{separator}` cannot stand both between two fields and before decimals",
            help='write another `separator`, such as `separator: ";"`',
        )
    if len(separator) != 1:
        raise unreadable_source(
            f"the separator `{separator}` is not a single character",
            help='write one character, such as `separator: ";"` or `separator: "\\t"`',
        )
    try:
        return _columns_of_file(path, source, text, memory)
    except (UnicodeError, LookupError) as error:
        raise wrong_encoding_error(path, source.encoding, error) from error
    except EmptyDataError as error:
        raise unreadable_source(
            f"`{path}` is empty", help="write rows into it, or name another file"
        ) from error
    except BROKEN_GZIP as error:
        raise unreadable_source(
            f"`{path}` is not a whole gzip file: {error}",
            help="pack it anew, or take `.gz` off the name of a file that is not packed",
        ) from error
    except (ParserError, ParserWarning, ValueError, csv.Error) as error:
        raise _not_a_table_error(path, error) from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error


def _columns_of_file(
    path: Path, source: CsvSource, text: Sequence[str], memory: int | None
) -> dict[str, Array]:
    names = list(source.columns) if source.columns else _csv_header_names(path, source)
    file = file_for_arrow(path, source, separator_of(source, path), names)
    found = None if file is None else csv_columns_by_arrow(file, text, memory=memory)
    if found is not None:
        return found
    frame = _csv_frame(path, source, names, text)
    return {str(name): _csv_column(frame.pop(name), source, text) for name in list(frame.columns)}


def _csv_frame(
    path: Path, source: CsvSource, names: list[str], text: Sequence[str]
) -> pd.DataFrame:
    """Read a file part by part, which takes less memory; whole if one part holds other types."""
    with warnings.catch_warnings():
        # Pandas would drop the fields that no name stands for.
        warnings.simplefilter("error", ParserWarning)
        warnings.simplefilter("error", DtypeWarning)
        try:
            return _frame_of_file(path, source, names, text, by_parts=True)
        except DtypeWarning:
            return _frame_of_file(path, source, names, text, by_parts=False)


def _frame_of_file(
    path: Path, source: CsvSource, names: list[str], text: Sequence[str], *, by_parts: bool
) -> pd.DataFrame:
    return pd.read_csv(
        path,
        sep=separator_of(source, path),
        header=None if source.columns else 0,
        names=names,
        index_col=False,
        skipinitialspace=source.strip,
        quoting=csv.QUOTE_NONE if source.quoting == "none" else csv.QUOTE_MINIMAL,
        keep_default_na=False,
        na_values=["", *source.missing, *(t.strip() for t in source.missing if source.strip)],
        encoding=source.encoding,
        decimal=source.decimal,
        dtype={name: str for name in text if name in names},
        low_memory=by_parts,
    )


def _not_a_table_error(path: Path, error: Exception) -> Exception:
    text = str(error).removeprefix("Error tokenizing data. C error: ").strip()
    unquoted = "EOF inside string" in text or "EOF inside quoted" in text
    return unreadable_source(
        f"`{path}` is not a table: {text}",
        help='write `quoting: none` where `"` is a character of the text'
        if unquoted
        else 'mend that line: a field that holds the separator stands in `"`, or the file has '
        "another `separator`",
    )


def _opened_text(path: Path, encoding: str) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _csv_row_lines(path: Path, source: CsvSource, rows: int) -> Rows | None:
    """Return where each row begins, lines within quotes counted; None where rows do not pair up."""
    begins, before = array.array("q"), 0
    with _opened_text(path, source.encoding) as file:
        reader = _csv_fields(file, path, source)
        try:
            for fields in reader:
                # As pandas, which leaves blank lines out.
                if len(fields) > 1 or "".join(fields).strip(" \t"):
                    begins.append(before + 1)
                before = reader.line_num
        except csv.Error:
            # A field longer than its limit: pandas has none, and the row says the place then.
            return None
    found = np.array(begins if source.columns else begins[1:], dtype=np.int64)
    return found if len(found) == rows else None


def _csv_fields(file: IO[str], path: Path, source: CsvSource) -> Any:  # noqa: ANN401 - a csv.reader
    return csv.reader(
        file,
        delimiter=separator_of(source, path),
        skipinitialspace=source.strip,
        quoting=csv.QUOTE_NONE if source.quoting == "none" else csv.QUOTE_MINIMAL,
    )


def _csv_header_names(path: Path, source: CsvSource) -> list[str]:
    with _opened_text(path, source.encoding) as file:
        rows = _csv_fields(file, path, source)
        names = [name.removeprefix("\ufeff") for name in next(filter(None, rows), [])]
    stripped = [name.strip() for name in names]
    odd = [name for name in names if name != name.strip()]
    if odd and not source.strip:
        raise unreadable_source(
            f"the header of `{path}` has blanks around names: "
            + ", ".join(f"`{name}`" for name in odd[:6]),
            help="write `strip: true` beside `csv`: blanks are then left out",
        )
    twice = sorted({name for name in stripped if stripped.count(name) > 1})
    if twice:
        raise unreadable_source(
            f"`{path}` has the column `{twice[0]}` twice",
            help="list the names under `columns` where the file has no header",
        )
    return stripped


def _csv_column(series: "pd.Series[Any]", source: CsvSource, text: Sequence[str]) -> Array:
    if series.dtype.kind in "iufb":
        return series.to_numpy()
    if source.strip:
        series = _stripped_series(series, source, as_text=series.name in text)
        if series.dtype.kind in "iufb":
            return series.to_numpy()
    # Each text is one object, however many rows hold it; -1 of a missing one takes the last.
    codes, texts = pd.factorize(series)
    values: Array = np.array([*texts, None], dtype=np.object_)[codes]
    return values


def _stripped_series(
    series: "pd.Series[Any]", source: CsvSource, *, as_text: bool
) -> "pd.Series[Any]":
    """Return texts without the blanks around them: a column of numbers where no other text is."""
    stripped = series.str.strip()
    absent = ["", *(text.strip() for text in source.missing)]
    stripped = stripped.mask(stripped.isin(absent))
    # Pandas reads numbers with blanks by itself: it was a missing value with a blank behind it.
    if as_text or stripped.notna().sum() == series.notna().sum():
        return stripped
    plain = stripped.str.replace(",", ".") if source.decimal == "," else stripped
    numbers = pd.to_numeric(plain, errors="coerce")
    return numbers if numbers.notna().sum() == stripped.notna().sum() else stripped
