"""Reads `json_lines`."""

import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json

from dlspec.language.sources import JsonLinesSource
from dlspec_pipelines.steps.datasets.arrow import columns_of_arrow
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    hash_of_files,
    paths_of,
    read_arrow_columns,
    row_lines_of_text,
    stacked_file_table,
)


@dataclass(frozen=True, slots=True)
class JsonLinesReader:
    """Reads `JsonLinesSource`; relative paths start in `base`."""

    source: JsonLinesSource
    base: Path

    def read_table(self) -> Table:
        """Read all columns."""
        paths = paths_of(self.source, self.base)
        arrays = {path for path in paths if _begins_with_array(path)}
        parts = {
            path: _columns_of_json_array(path)
            if path in arrays
            else read_arrow_columns(path, pyarrow.json.read_json)
            for path in paths
        }
        lines = {
            path: cache(partial(row_lines_of_text, path, first=0, rows=Table(part).rows))
            for path, part in parts.items()
            if path not in arrays
        }
        return stacked_file_table(parts, lines=lines)

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
