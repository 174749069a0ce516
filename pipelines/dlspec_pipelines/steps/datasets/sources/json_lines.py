"""Reads `json_lines`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json

from dlspec.language.sources import JsonLinesSource
from dlspec_pipelines.steps.data_memory import BLOCK_BYTES
from dlspec_pipelines.steps.datasets.arrow import columns_of_arrow, spooled_columns_of_batches
from dlspec_pipelines.steps.datasets.spooled_arrays import fits_in_memory
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    hash_of_files,
    paths_of,
    read_errors_of_arrow,
    row_lines_of_text,
    stacked_file_table,
)


@dataclass(frozen=True, slots=True)
class JsonLinesReader:
    """Reads `JsonLinesSource`; relative paths start in `base`."""

    source: JsonLinesSource
    base: Path
    memory: int | None = None

    def read_table(self) -> Table:
        """Read all columns."""
        paths = paths_of(self.source, self.base)
        arrays = {path for path in paths if _begins_with_array(path)}
        parts = {
            path: _columns_of_json_array(path)
            if path in arrays
            else _columns_of_lines(path, self.memory)
            for path in paths
        }
        lines = {
            path: cache(partial(row_lines_of_text, path, first=0, rows=Table(part).rows))
            for path, part in parts.items()
            if path not in arrays
        }
        return stacked_file_table(parts, lines=lines, memory=self.memory)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


def _begins_with_array(path: Path) -> bool:
    """Return whether a file holds one array of objects, not an object on each line."""
    try:
        with path.open("rb") as file:
            while block := file.read(4096):
                if block.strip():
                    return block.lstrip().startswith(b"[")
    except OSError as error:
        raise file_not_opened_error(path, error) from error
    return False


def _columns_of_lines(path: Path, memory: int | None) -> dict[str, Array]:
    with read_errors_of_arrow(path, "JSON, an object on each line"):
        if not fits_in_memory(path.stat().st_size, memory):
            try:
                schema, rows = _schema_of_lines(path)
                if rows:
                    return spooled_columns_of_batches(
                        partial(_batches_of_lines, path, schema), most_rows=rows
                    )
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
                # An object on several lines, or lists of texts and moments: read whole, or told.
                pass
        return columns_of_arrow(pyarrow.json.read_json(str(path)))


def _schema_of_lines(path: Path) -> tuple[pa.Schema, int]:
    """Return the types that the values of all lines fit, and how many rows there are."""
    schema, rows = pa.schema([]), 0
    for block in _blocks_of_lines(path):
        table = pyarrow.json.read_json(pa.BufferReader(block))
        schema, rows = _joint_schema(schema, table.schema), rows + table.num_rows
    return schema, rows


def _joint_schema(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """Return types that the values of both fit; texts where only some of them are moments."""
    for name in set(one.names) & set(other.names):
        if {one.field(name).type, other.field(name).type} == {pa.string(), pa.timestamp("s")}:
            one, other = (_with_texts(schema, name) for schema in (one, other))
    return pa.unify_schemas([one, other], promote_options="permissive")


def _with_texts(schema: pa.Schema, name: str) -> pa.Schema:
    return schema.set(schema.get_field_index(name), pa.field(name, pa.string()))


def _batches_of_lines(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    options = pyarrow.json.ParseOptions(explicit_schema=schema)
    for block in _blocks_of_lines(path):
        yield from pyarrow.json.read_json(
            pa.BufferReader(block), parse_options=options
        ).to_batches()


def _blocks_of_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES // 8) + file.readline():
            if block.strip():
                yield block


def _columns_of_json_array(path: Path) -> dict[str, Array]:
    """Return the columns of an array of objects; None where an object lacks a key.

    Raises:
        StepError: If it is not JSON, or another item than an object stands in it (DL610).
    """
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise unreadable_source(f"`{path}` cannot be read as JSON: {error}") from error
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise unreadable_source(
                f"item {number} of the array in `{path}` is no object",
                help='write each row as an object, such as `{"size": 3, "price": 10}`',
            )
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: _column_of_values([row.get(name) for row in rows]) for name in names}


def _column_of_values(values: list[Any]) -> Array:
    try:
        column = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Texts among numbers: each stays what it is, and what reads the column refuses it.
        mixed = np.empty(len(values), dtype=np.object_)
        mixed[:] = values
        return mixed
    return columns_of_arrow(pa.table({"column": column}))["column"]
