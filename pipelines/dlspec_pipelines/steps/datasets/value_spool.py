"""Values of a database that come some rows at a time: numbers of them in a file without a name."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType, TracebackType
from typing import Self

import numpy as np

from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.step_errors import write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home

# What a value was, beside the float that stands for it in the file.
_ABSENT, _WHOLE, _FLOAT = 0, 1, 2
_CODES: dict[type, int] = {NoneType: _ABSENT, int: _WHOLE, float: _FLOAT}
# Up to it a float holds every whole number.
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some rows of a column as they lie in the file from `at` on.

    Attributes:
        kind: The type of all values; None where floats stand for whole numbers, floats and gaps,
            and behind them a byte for each that says which.
    """

    rows: int
    at: int
    kind: type | None


class ValueSpool:
    """Takes the values of columns, some rows at a time, and gives them back as they were.

    Numbers go into a file without a name once they have more than `most` bytes, 0 for never: it is
    gone with the spool, or with the process, however that ends. Texts, moments and what else there
    is are held.

    Attributes:
        rows: How many rows of each column there are.
        types: The types of the values of each column.
    """

    def __init__(self, names: Sequence[str], *, most: int) -> None:
        self.rows = 0
        self.types: dict[str, set[type]] = {name: set() for name in names}
        self._pieces: dict[str, list[_Piece | Array]] = {name: [] for name in names}
        self._folder = artifacts_home() / "work"
        self._end = 0
        with write_errors_as_step_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.SpooledTemporaryFile(most, dir=os.fspath(self._folder))  # noqa: SIM115 - `__exit__` closes it

    def __enter__(self) -> Self:
        """Give the spool, whose file is gone when the block ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget all values."""
        self._file.close()

    def add_rows(self, columns: Sequence[Sequence[object]]) -> None:
        """Put the next rows of all columns behind those that are there.

        Raises:
            StepError: If the disk is full.
        """
        for (name, types), values in zip(self.types.items(), columns, strict=True):
            found = set(map(type, values))
            types |= found
            self._pieces[name].append(self._kept_piece(values, found))
        self.rows += len(columns[0])

    def objects(self, name: str) -> Array:
        """Return a column as the objects that were given."""
        pieces = [piece.astype(np.object_) for piece in self.pieces(name)]
        return np.concatenate([np.empty(0, dtype=np.object_), *pieces])

    def pieces(self, name: str) -> Iterator[Array]:
        """Yield a column in pieces: of whole numbers, of floats, or of objects."""
        for piece in self._pieces[name]:
            yield self._read_piece(piece) if isinstance(piece, _Piece) else piece

    def _kept_piece(self, values: Sequence[object], types: set[type]) -> _Piece | Array:
        held = np.empty(len(values), dtype=np.object_)
        held[:] = values
        if types in ({int}, {float}):
            (kind,) = types
            try:
                return self._written_piece(kind, held.astype(kind))
            except OverflowError:
                return held
        if not types <= _CODES.keys() or types == {NoneType}:
            return held
        if any(isinstance(value, int) and abs(value) > _EXACT for value in values):
            return held
        codes = np.array([_CODES[type(value)] for value in values], dtype=np.uint8)
        numbers = np.where(codes == _ABSENT, 0.0, held).astype(np.float64)
        return self._written_piece(None, numbers, codes)

    def _written_piece(self, kind: type | None, *arrays: Array) -> _Piece:
        at = self._end
        with write_errors_as_step_errors(self._folder):
            self._file.seek(at)
            for array in arrays:
                self._end += self._file.write(array.tobytes())
        return _Piece(len(arrays[0]), at, kind)

    def _read_piece(self, piece: _Piece) -> Array:
        self._file.seek(piece.at)
        kind = np.dtype(piece.kind or float)
        numbers = np.frombuffer(self._file.read(piece.rows * kind.itemsize), kind)
        if piece.kind is not None:
            return numbers
        codes = np.frombuffer(self._file.read(piece.rows), np.uint8)
        values = numbers.astype(np.object_)
        whole = codes == _WHOLE
        values[whole] = numbers[whole].astype(np.int64).astype(np.object_)
        values[codes == _ABSENT] = None
        return values
