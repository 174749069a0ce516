"""Reads `json_lines`."""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pyarrow.json

from dlspec.language.sources import JsonLinesSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.datasets.table_files import (
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
        parts = {path: read_arrow_columns(path, pyarrow.json.read_json) for path in paths}
        lines = {
            path: cache(partial(row_lines_of_text, path, first=0, rows=Table(part).rows))
            for path, part in parts.items()
        }
        return stacked_file_table(parts, lines=lines)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)
