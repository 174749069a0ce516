"""Arrays that are too large for memory, written to a file without a name and mapped from it."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dlspec_pipelines.steps.data_memory import array_bytes, is_mapped, row_blocks
from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.step_errors import write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home

# What is read of a source stands beside what is made of it and, for a moment, beside its pieces.
_SHARE_OF_A_SOURCE = 4


def fits_in_memory(num_bytes: int, memory: int | None) -> bool:
    """Return whether columns of so many bytes are held in memory; None is no bound."""
    return memory is None or num_bytes <= most_bytes_of_a_source(memory)


def most_bytes_of_a_source(memory: int) -> int:
    """Return how many bytes of columns are held in memory, one at least."""
    return max(1, memory // _SHARE_OF_A_SOURCE)


def spooled_array(pieces: Iterable[Array], kind: "np.dtype[np.generic]") -> Array:
    """Return the rows of some pieces under one another, mapped from a file.

    The file has no name: it is gone with the array, or with the process, however that ends.

    Raises:
        StepError: If the disk is full.
    """
    folder = artifacts_home() / "work"
    shape: tuple[int, ...] = (0,)
    with write_errors_as_step_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            for piece in pieces:
                shape = (shape[0] + len(piece), *piece.shape[1:])
                file.write(array_bytes(piece.astype(kind, copy=False)))
            file.flush()
            if 0 in shape:
                return np.zeros(shape, kind)
            return np.memmap(file, kind, "r", shape=shape)


def joined_arrays(arrays: Sequence[Array], memory: int | None) -> Array:
    """Return the rows of some arrays under one another, in memory or mapped from a file."""
    kind = np.result_type(*(array.dtype for array in arrays))
    small = fits_in_memory(sum(array.nbytes for array in arrays), memory)
    if kind.hasobject or (small and not any(map(is_mapped, arrays))):
        return np.concatenate(arrays)

    def blocks() -> Iterator[Array]:
        for array in arrays:
            yield from row_blocks(array)

    return spooled_array(blocks(), kind)
