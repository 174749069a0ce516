"""Arrays that are filled and read in pieces: in memory while they are small, else in a file."""

import math
import os
import tempfile

import numpy as np
from numpy.typing import DTypeLike

from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.step_errors import write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home

# Beyond this, memory is worth more than the time of a disk.
_MOST_IN_MEMORY = 2**28


def scratch_array(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return an array with nothing in it yet; a large one lies in a file without a name.

    The file is gone when the array is, or when the process ends, however that ends.

    Raises:
        StepError: If the disk has no room for it.
    """
    kind = np.dtype(dtype)
    needed = math.prod(shape) * kind.itemsize
    if needed <= _MOST_IN_MEMORY:
        return np.empty(shape, kind)
    folder = artifacts_home() / "work"
    with write_errors_as_step_errors(folder, needed=needed):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # Room that is not there is an error here, and would be a signal in the map.
            os.posix_fallocate(file.fileno(), 0, needed)
            array: Array = np.memmap(file, kind, "r+", shape=shape)
    return array
