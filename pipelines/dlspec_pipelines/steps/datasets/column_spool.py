"""Columns that come in pieces and are too large for memory: in one file without a name."""

import math
import mmap
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from dlspec_pipelines.steps.data_memory import array_bytes
from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.step_errors import write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home


@dataclass(frozen=True, slots=True)
class RowKind:
    """What each row of a column is: values of one type, of one shape."""

    dtype: "np.dtype[np.generic]"
    shape: tuple[int, ...] = ()

    @property
    def row_bytes(self) -> int:
        """Return how many bytes a row has."""
        return self.dtype.itemsize * math.prod(self.shape)


class ColumnSpool:
    """Takes pieces of columns and gives the columns, mapped from a file.

    Each column has a stretch of its own in the file, long enough for all rows that may come; what
    is not written of it takes no room on disk. The file has no name: it is gone with the columns,
    or with the process, however that ends.
    """

    def __init__(self, kinds: Mapping[str, RowKind], *, most_rows: int) -> None:
        self._kinds = dict(kinds)
        self._first_bytes: dict[str, int] = {}
        self._end = 0
        for name, kind in kinds.items():
            self._first_bytes[name] = self._end
            self._end += -(-most_rows * kind.row_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        self._rows = dict.fromkeys(kinds, 0)
        folder = artifacts_home() / "work"
        with write_errors_as_step_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - `columns` closes it

    def add_piece(self, name: str, piece: Array) -> None:
        """Put the next rows of a column behind those that are there.

        Raises:
            StepError: If the disk is full.
        """
        kind = self._kinds[name]
        content = array_bytes(piece.astype(kind.dtype, copy=False))
        at = self._first_bytes[name] + self._rows[name] * kind.row_bytes
        with write_errors_as_step_errors(artifacts_home()):
            while content:
                written = os.pwrite(self._file.fileno(), content, at)
                content, at = content[written:], at + written
        self._rows[name] += len(piece)

    def columns(self) -> dict[str, Array]:
        """Return the columns, and take no more pieces."""
        if not any(self._rows.values()):
            self._file.close()
            return {n: np.zeros((0, *kind.shape), kind.dtype) for n, kind in self._kinds.items()}
        # Behind what was written last, a page may be mapped that the file would not have.
        os.ftruncate(self._file.fileno(), self._end)
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._file.close()
        return {
            name: np.ndarray(
                (self._rows[name], *kind.shape), kind.dtype, mapped, self._first_bytes[name]
            )
            for name, kind in self._kinds.items()
        }

    def close(self) -> None:
        """Forget all pieces."""
        with suppress(OSError):
            self._file.close()
