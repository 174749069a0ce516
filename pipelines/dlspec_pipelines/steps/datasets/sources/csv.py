"""Reads `csv`."""

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.errors import EmptyDataError, ParserError, ParserWarning

from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    hash_of_files,
    paths_of,
    stacked_file_table,
)


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads `CsvSource`; relative paths start in `base`, `text_columns` are never numbers."""

    source: CsvSource
    base: Path
    text_columns: tuple[str, ...] = ()

    def read_table(self) -> Table:
        """Read all columns."""
        return read_csv(self.source, self.base, text_columns=self.text_columns)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


def read_csv(source: CsvSource, base: Path, *, text_columns: tuple[str, ...] = ()) -> Table:
    """Read delimited text; blanks after a separator are not part of a value.

    Only an empty field and the texts of `missing` are missing values.

    Args:
        text_columns: Whose values stay as they are written, whatever they look like; of the others
            the file decides.

    Raises:
        StepError: If a file is not there, not text of that encoding, or not a table.
    """
    frames = {path: _csv_frame(path, source, text_columns) for path in paths_of(source, base)}
    return stacked_file_table({path: _csv_columns(frame) for path, frame in frames.items()})


def _csv_frame(path: Path, source: CsvSource, text_columns: tuple[str, ...]) -> pd.DataFrame:
    if source.decimal == source.separator:
        raise unreadable_source(
            f"`{source.separator}` cannot stand both between two fields and before decimals",
            help='write another `separator`, such as `separator: ";"`',
        )
    if len(source.separator) != 1:
        raise unreadable_source(
            f"the separator `{source.separator}` is not a single character",
            help='write one character, such as `separator: ";"` or `separator: "\\t"`',
        )
    try:
        names = list(source.columns) if source.columns else _csv_header_names(path, source)
        with warnings.catch_warnings():
            # Pandas would drop the fields that no name stands for.
            warnings.simplefilter("error", ParserWarning)
            return pd.read_csv(
                path,
                sep=source.separator,
                header=None if source.columns else 0,
                names=names,
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=["", *(text.strip() for text in source.missing)],
                encoding=source.encoding,
                decimal=source.decimal,
                dtype={name: str for name in text_columns if name in names},
                low_memory=False,
            )
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable_source(
            f"`{path}` is not text in the encoding `{source.encoding}`: {error}",
            help="say the encoding of the file, such as `encoding: latin-1`",
        ) from error
    except EmptyDataError as error:
        raise unreadable_source(f"`{path}` is empty") from error
    except (ParserError, ParserWarning, ValueError, csv.Error) as error:
        text = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise unreadable_source(f"`{path}` is not a table: {text}") from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error


def _csv_header_names(path: Path, source: CsvSource) -> list[str]:
    with path.open(encoding=source.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=source.separator, skipinitialspace=True)
        names = [name.strip().removeprefix("\ufeff") for name in next(filter(None, rows), [])]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise unreadable_source(
            f"`{path}` has the column `{twice[0]}` twice",
            help="list the names under `columns` where the file has no header",
        )
    return names


def _csv_columns(frame: pd.DataFrame) -> dict[str, Array]:
    return {str(name): _csv_column(frame[name]) for name in frame.columns}


def _csv_column(series: "pd.Series[Any]") -> Array:
    if series.dtype.kind in "iufb":
        return series.to_numpy()
    values: Array = np.array(series, dtype=np.object_)
    values[np.asarray(pd.isna(values))] = None
    return values
