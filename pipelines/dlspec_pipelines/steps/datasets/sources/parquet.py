"""Reads `parquet`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from dlspec.language.sources import ParquetSource
from dlspec_pipelines.steps.datasets.arrow import columns_of_arrow, spooled_columns_of_batches
from dlspec_pipelines.steps.datasets.spooled_arrays import fits_in_memory
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.datasets.table_files import (
    hash_of_files,
    paths_of,
    read_errors_of_arrow,
    stacked_file_table,
)

# Bytes of a whole number, a float, or a moment.
_WIDEST_NUMBER = 8
# A reader holds 3 MB of pages and dictionaries of each column, and the file in which columns lie
# stays open: both are to be few.
_COLUMNS_AT_ONCE = 4
# Small beside the least bound on memory, and large beside the cost of a call.
_BATCH_BYTES = 2**20
# Of each column: small beside the pages that are unpacked.
_BUFFER_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """Reads `ParquetSource`; relative paths start in `base`."""

    source: ParquetSource
    base: Path
    memory: int | None = None

    def read_table(self) -> Table:
        """Read all columns."""
        paths = paths_of(self.source, self.base)
        parts = {path: _columns_of_parquet(path, self.memory) for path in paths}
        return stacked_file_table(parts, memory=self.memory)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


def _columns_of_parquet(path: Path, memory: int | None) -> dict[str, Array]:
    with read_errors_of_arrow(path, "Parquet"):
        facts = pyarrow.parquet.read_metadata(str(path))
        rows, size = facts.num_rows, _unpacked_bytes(facts)
        if not rows or fits_in_memory(size, memory):
            return columns_of_arrow(pyarrow.parquet.read_table(str(path)))
        columns: dict[str, Array] = {}
        names = pyarrow.parquet.read_schema(str(path)).names
        at_once = max(1, _BATCH_BYTES * rows * len(names) // (size * _COLUMNS_AT_ONCE))
        for start in range(0, len(names), _COLUMNS_AT_ONCE):
            batches = partial(_batches, path, names[start : start + _COLUMNS_AT_ONCE], at_once)
            columns |= spooled_columns_of_batches(batches, most_rows=rows)
            pa.default_memory_pool().release_unused()
        return columns


def _unpacked_bytes(facts: pyarrow.parquet.FileMetaData) -> int:
    """Return about how many bytes the columns have; what repeats takes less in the file."""
    groups = [facts.row_group(number) for number in range(facts.num_row_groups)]
    values = sum(
        group.column(number).num_values for group in groups for number in range(group.num_columns)
    )
    size = sum(group.total_byte_size for group in groups)
    return int(max(size, _WIDEST_NUMBER * values))


def _batches(path: Path, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    # A group of rows may be the whole file: it is read page by page, not ahead, and by one thread,
    # for each keeps memory of its own; 300 MB so took 36 MB, and 74 without the latter two.
    with pyarrow.parquet.ParquetFile(
        str(path), pre_buffer=False, buffer_size=_BUFFER_BYTES
    ) as file:
        yield from file.iter_batches(batch_size=rows, columns=names, use_threads=False)
