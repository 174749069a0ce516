"""Tables from files: delimited text, Parquet, JSON lines and .npz archives."""

import csv
import hashlib
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet
from pandas.errors import EmptyDataError, ParserError, ParserWarning

from dlspec.language.data_sources import CsvSource, JsonLinesSource, NpzSource, ParquetSource
from dlspec_pipelines.steps.datasets.arrow import columns_of_arrow
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source

FileSource = CsvSource | JsonLinesSource | NpzSource | ParquetSource


def paths_of(source: FileSource, base: Path) -> tuple[Path, ...]:
    """Return the files of a source, each looked up beside the spec, then in $DLSPEC_DATA.

    Raises:
        StepError: If a file is at neither place.
    """
    match source:
        case CsvSource():
            names = source.csv
        case ParquetSource():
            names = source.parquet
        case JsonLinesSource():
            names = source.json_lines
        case NpzSource():
            names = (source.npz,)
    return tuple(_locate_source_file(name, base) for name in names)


def _locate_source_file(name: str, base: Path) -> Path:
    shared = os.environ.get("DLSPEC_DATA")
    tried = [base / name] if shared is None else [base / name, Path(shared).expanduser() / name]
    for path in dict.fromkeys(tried):
        if path.is_file():
            return path
    places = " and ".join(f"`{path}`" for path in dict.fromkeys(tried))
    unset = " (DLSPEC_DATA is not set)" if shared is None else ""
    raise unreadable_source(
        f"there is no file `{name}`: looked at {places}{unset}",
        help="write a path relative to the spec, or let DLSPEC_DATA name the folder of the data",
    )


def hash_of_files(source: FileSource, base: Path) -> str:
    """Return the SHA-256 of a source's files, read as streams, in the order of the spec."""
    whole = hashlib.sha256()
    for path in paths_of(source, base):
        try:
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise _file_not_opened_error(path, error) from error
    return whole.hexdigest()


def _file_not_opened_error(path: Path, error: OSError) -> Exception:
    return unreadable_source(f"`{path}` cannot be opened: {error.strerror or error}")


def read_csv(source: CsvSource, base: Path) -> Table:
    """Read delimited text; blanks after a separator are not part of a value.

    Only an empty field and the texts of `missing` are missing values.

    Raises:
        StepError: If a file is not there, not text of that encoding, or not a table.
    """
    frames = {path: _csv_frame(path, source) for path in paths_of(source, base)}
    return Table(
        _stacked_file_columns({path: _csv_columns(frame) for path, frame in frames.items()})
    )


def _csv_frame(path: Path, source: CsvSource) -> pd.DataFrame:
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
        raise _file_not_opened_error(path, error) from error


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


def read_parquet(source: ParquetSource, base: Path) -> Table:
    """Read Parquet files.

    Raises:
        StepError: If a file is not there or not Parquet.
    """
    return Table(
        _stacked_file_columns(
            {p: _read_arrow_columns(p, pyarrow.parquet.read_table) for p in paths_of(source, base)}
        )
    )


def read_json_lines(source: JsonLinesSource, base: Path) -> Table:
    """Read files with a JSON object on each line; a column holds values of one type.

    Raises:
        StepError: If a file is not there or not JSON lines.
    """
    return Table(
        _stacked_file_columns(
            {p: _read_arrow_columns(p, pyarrow.json.read_json) for p in paths_of(source, base)}
        )
    )


def _read_arrow_columns(path: Path, reader: object) -> dict[str, Array]:
    assert callable(reader)
    try:
        return columns_of_arrow(reader(str(path)))
    except pa.ArrowException as error:
        kind = "Parquet" if path.suffix == ".parquet" else "a file of this kind"
        raise unreadable_source(f"`{path}` cannot be read as {kind}: {error}") from error
    except OSError as error:
        raise _file_not_opened_error(path, error) from error


def _stacked_file_columns(parts: Mapping[Path, dict[str, Array]]) -> dict[str, Array]:
    (first, columns), *others = parts.items()
    for path, more in others:
        if list(more) != list(columns):
            odd = sorted(set(more) ^ set(columns)) or list(more)
            raise unreadable_source(f"`{path}` has other columns than `{first}`: `{odd[0]}`")
    if not others:
        return columns
    return {
        name: _joined_column_pieces(name, [part[name] for part in parts.values()])
        for name in columns
    }


def _joined_column_pieces(name: str, pieces: list[Array]) -> Array:
    kinds = {"text" if piece.dtype == np.object_ else "number" for piece in pieces}
    shapes = {piece.shape[1:] for piece in pieces}
    if len(shapes) > 1:
        raise unreadable_source(f"column `{name}` holds arrays of other shapes in other files")
    if len(kinds) > 1:
        return np.concatenate([piece.astype(np.object_) for piece in pieces])
    return np.concatenate(pieces)


def read_npz(source: NpzSource, base: Path) -> Table:
    """Read the arrays of an archive; `x_train` beside `x_test` is column `x` with its test rows.

    Raises:
        StepError: If the file is not there, is no .npz archive, holds Python objects, or arrays
            of several lengths.
    """
    (path,) = paths_of(source, base)
    arrays = _npz_arrays(path)
    if all(name.endswith(("_train", "_test")) for name in arrays):
        return with_test_rows(arrays, str(path))
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise unreadable_source(
            f"the arrays of `{path}` have several first extents: {told}",
            help="keep one sample per row of every array, or name the arrays `x_train`, `x_test`",
        )
    return Table(arrays)


def _npz_arrays(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise unreadable_source(f"`{path}` is one array, not a .npz archive")
            return {name: _npz_array(archive, name, path) for name in archive.files}
    except zipfile.BadZipFile as error:
        raise unreadable_source(f"`{path}` is not a .npz archive: {error}") from error
    except ValueError as error:
        raise unreadable_source(f"`{path}` is not a .npz archive") from error
    except OSError as error:
        raise _file_not_opened_error(path, error) from error


def _npz_array(archive: "np.lib.npyio.NpzFile", name: str, path: Path) -> Array:
    try:
        array: Array = archive[name]
    except ValueError as error:
        raise unreadable_source(
            f"the array `{name}` of `{path}` holds Python objects, which can carry code",
            help="save plain arrays: numbers, or texts of a fixed width",
        ) from error
    return array.astype(np.object_) if array.dtype.kind in "US" else array


def with_test_rows(arrays: Mapping[str, Array], where: str) -> Table:
    """Return `x_train`, `x_test`, ... as columns `x`, ...: training rows first, test rows marked.

    Raises:
        StepError: If a half is missing or the halves do not fit.
    """
    names = list(dict.fromkeys(name.rpartition("_")[0] for name in arrays))
    columns, given = {}, None
    for name in names:
        halves = [arrays.get(f"{name}_train"), arrays.get(f"{name}_test")]
        train, test = halves
        if train is None or test is None:
            raise unreadable_source(f"`{where}` has only one of `{name}_train` and `{name}_test`")
        marks = np.repeat([False, True], [len(train), len(test)])
        if train.shape[1:] != test.shape[1:] or (given is not None and given.shape != marks.shape):
            raise unreadable_source(
                f"`{name}_train` and `{name}_test` of `{where}` do not fit together"
            )
        columns[name], given = np.concatenate([train, test]), marks
    return Table(columns, given)
