"""Arrays that are filled and read in pieces: in memory while they are small, else in a file."""

import math
import os
import tempfile

import numpy as np
from numpy.typing import DTypeLike

from dlspec_pipelines.steps.data_memory import give_back_pages, rows_of_a_block
from dlspec_pipelines.steps.datasets.spooled_arrays import fits_in_memory
from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.step_errors import write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home


def scratch_array(shape: tuple[int, ...], dtype: DTypeLike, memory: int | None) -> Array:
    """Return an array with nothing in it yet; a large one lies in a file without a name.

    The file is gone when the array is, or when the process ends, however that ends.

    Args:
        memory: What data may take; None for any number of bytes.

    Raises:
        StepError: If the disk has no room for it.
    """
    kind = np.dtype(dtype)
    needed = math.prod(shape) * kind.itemsize
    if not needed or fits_in_memory(needed, memory):
        return np.empty(shape, kind)
    folder = artifacts_home() / "work"
    with write_errors_as_step_errors(folder, needed=needed):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # Room that is not there is an error here, and would be a signal in the map.
            os.posix_fallocate(file.fileno(), 0, needed)
            array: Array = np.memmap(file, kind, "r+", shape=shape)
    return array


def fill_row(array: Array, row: int, value: Array) -> None:
    """Put the value of a row into its place; of a mapped array a block stays in memory, no more."""
    array[row] = value
    if row % rows_of_a_block(array) == 0:
        give_back_pages(array)
