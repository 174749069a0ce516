"""Rows of an array in another order, some of them more than once, gathered where they are read."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Places = NDArray[np.int64]


class SampleArray(Protocol):
    """What is read of an array with one row per sample, whether it lies anywhere as a whole or not.

    A numpy array is one.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Return its extents, the samples first."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of its values."""

    @property
    def nbytes(self) -> int:
        """Return how much memory all samples together take."""

    def __len__(self) -> int:
        """Return the number of samples."""

    def __getitem__(self, rows: Any, /) -> Any:  # noqa: ANN401 - as numpy types its own
        """Return the values of some samples: a slice, or an array of places."""


@dataclass(frozen=True, slots=True, eq=False)
class TakenRows:
    """The rows `places` of an array, which may be mapped: only what is asked for is read."""

    array: Array
    places: Places

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the extents: as many rows as there are places."""
        return (len(self.places), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the type of the values."""
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        """Return how much memory all rows together would take."""
        return self.array[:0].itemsize * int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.places)

    def __getitem__(self, rows: slice | Places) -> Array:
        """Return some rows."""
        taken: Array = self.array[self.places[rows]]
        return taken
