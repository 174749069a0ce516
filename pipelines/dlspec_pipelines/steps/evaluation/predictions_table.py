"""A table of predictions -> a file: arrays whole and typed, or what form takes them."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.evaluation.table_endings import TABLE_ENDINGS, require_table_name
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import whole_file

# A table of more columns than this is read by nobody; parquet and npz hold arrays as they are.
_MOST_CSV_COLUMNS = 256


def write_predictions_table(table: Table, output: Path) -> None:
    """Write a table whole or not at all.

    Raises:
        StepError: If the form cannot hold a column, or the file cannot be written.
    """
    require_table_name(output)
    with whole_file(output) as file:
        _WRITERS[output.suffix.lower()](table, file)


def csv_frame(table: Table) -> pd.DataFrame:
    """Return a table with one column for each element of an array: `name.0`, `name.1.2`.

    Raises:
        StepError: If an array has more elements than a table has columns.
    """
    columns: dict[str, Array] = {}
    for name, column in table.columns.items():
        width = int(np.prod(column.shape[1:]))
        if width > _MOST_CSV_COLUMNS:
            raise StepError(
                f"`{name}` has {counted(width, 'number')} in each row, too many for the "
                "columns of a .csv",
                help="write a .parquet or .npz file: `-o predictions.parquet`",
            )
        for place in np.ndindex(column.shape[1:]):
            columns[".".join([name, *map(str, place)])] = column[(slice(None), *place)]
    return pd.DataFrame(columns)


def _write_csv(table: Table, file: IO[bytes]) -> None:
    csv_frame(table).to_csv(file, index=False)


def _write_tsv(table: Table, file: IO[bytes]) -> None:
    csv_frame(table).to_csv(file, index=False, sep="\t")


def _write_json_lines(table: Table, file: IO[bytes]) -> None:
    columns = {name: _json_values(column) for name, column in table.columns.items()}
    for row in range(table.rows):
        record = {name: values[row] for name, values in columns.items()}
        file.write((json.dumps(record, ensure_ascii=False) + "\n").encode())


def _json_values(column: Array) -> list[Any]:
    """Return a column as JSON has it: nested lists, moments as texts, null for what is missing."""
    plain = column.astype(np.object_)
    if column.dtype.kind == "M":
        plain = np.datetime_as_string(column).astype(np.object_)
    if column.dtype.kind in "fM":
        plain[np.isnan(column) if column.dtype.kind == "f" else np.isnat(column)] = None
    return [_plain_json(value) for value in plain.tolist()]


def _plain_json(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [_plain_json(one) for one in value]
    return value


def require_storable(table: Table, output: Path) -> None:
    """Return when a file of that name can hold some columns: known before anything is predicted.

    Raises:
        StepError: If it cannot.
    """
    for name, column in table.columns.items():
        match output.suffix.lower():
            case ".npz":
                _plain_array(name, column)
            case ".parquet":
                _nested_lists(name, column)
            case _:
                csv_frame(Table({name: column}))


def _write_parquet(table: Table, file: IO[bytes]) -> None:
    columns = {name: _nested_lists(name, column) for name, column in table.columns.items()}
    pq.write_table(pa.table(columns), file)


def _nested_lists(name: str, column: Array) -> pa.Array:
    try:
        values = pa.array(column.reshape(-1))
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise StepError(
            f"`{name}` holds values of several types, which no .parquet column does",
            help="write a .csv file",
        ) from error
    for size in reversed(column.shape[1:]):
        values = pa.FixedSizeListArray.from_arrays(values, size)
    return values


def _write_npz(table: Table, file: IO[bytes]) -> None:
    arrays = {name: _plain_array(name, column) for name, column in table.columns.items()}
    # `np.savez` has a parameter `file`, which a target may be called, too.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _plain_array(name: str, column: Array) -> Array:
    if column.dtype != np.object_:
        return column
    kinds = {type(value) for value in column.reshape(-1)}
    if len(kinds) == 1 and kinds <= {str, int, float, bool}:
        return np.asarray(column.tolist())
    raise StepError(
        f"`{name}` is no array of one type, as .npz holds them", help="write a .parquet file"
    )


_WRITERS: Mapping[str, Callable[[Table, IO[bytes]], None]] = {
    ".csv": _write_csv,
    ".tsv": _write_tsv,
    ".jsonl": _write_json_lines,
    ".npz": _write_npz,
    ".parquet": _write_parquet,
}
assert tuple(_WRITERS) == TABLE_ENDINGS
