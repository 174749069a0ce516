"""How much memory data may take, and what mapped arrays have read of their files given back."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What the kernel lets a container take, in cgroup version 2; `max` where it sets no bound.
_CONTAINER_BOUND = Path("/sys/fs/cgroup/memory.max")
# The chunk that is trained on stands as an array and as tensors, and so does the one before it or
# behind it: four at once, and as much again for what else is under way.
_CHUNKS_AT_ONCE = 8

# Who reads one byte of a mapped file has around it mapped what the system read at once: 1 MiB was
# seen on Linux 6.18, and a large page is what it may come to.
_MAPPED_AROUND = 2 * 2**20

# Large beside the cost of a call, and what is made of it fits the cache of a core.
BLOCK_BYTES = 2**23


def memory_for_data(said: int | None) -> int:
    """Return how many bytes data may take: what a spec says, else half of what the machine has.

    It changes how many rows are handled at a time, and no number that comes of them.
    """
    return machine_memory() // 2 if said is None else said


def machine_memory() -> int:
    """Return the bytes of memory that this machine has, or that its container may take."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    bound = _CONTAINER_BOUND.read_text().strip() if _CONTAINER_BOUND.is_file() else "max"
    return min(physical, int(bound)) if bound.isdecimal() else physical


def share_of_a_chunk(memory: int) -> int:
    """Return how many bytes a chunk may have, so that all that stand at once fit `memory`."""
    return memory // _CHUNKS_AT_ONCE


def row_blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the rows of an array in blocks; what a mapped one has read is given back after each."""
    step = rows_of_a_block(array)
    try:
        for start in range(0, len(array), step):
            yield array[start : start + step]
            give_back_pages(array)
    finally:
        # Where nobody asks for the rest.
        give_back_pages(array)


def each_row(array: NDArray[Any]) -> Iterator[Any]:
    """Yield the rows of an array one by one; what a mapped one has read is given back."""
    for block in row_blocks(array):
        yield from block


def rows_of_a_block(array: NDArray[Any]) -> int:
    """Return how many rows of an array are handled at a time."""
    return max(1, BLOCK_BYTES // max(1, array[:1].nbytes))


def rows_of_mapped_array(array: NDArray[Any], rows: NDArray[np.int64], room: int) -> NDArray[Any]:
    """Return some rows of an array that is mapped from a file, as an array of its own.

    They are read in the order of the file, and what was mapped for them is given back before it
    takes more than about `room` bytes.
    """
    out = np.empty((len(rows), *array.shape[1:]), array.dtype)
    order = np.argsort(rows)
    row_bytes = array[:1].nbytes
    reach = int(rows[order[-1]] - rows[order[0]] + 1) * row_bytes if len(rows) else 0
    touched = min(reach, len(rows) * (row_bytes + _MAPPED_AROUND))
    for piece in np.array_split(order, max(1, touched // max(room, 1))):
        out[piece] = array[rows[piece]]
        give_back_pages(array)
    return out


def array_bytes(array: NDArray[Any]) -> memoryview:
    """Return the bytes of an array, of moments too, which numpy gives no buffer of."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def give_back_pages(array: NDArray[Any]) -> None:
    """Let the system take back what an array that is mapped from a file has read of it.

    The array stays as it is: what is asked for again is read again. Of an array in memory nothing
    is given back.
    """
    mapping = _mapping_of(array)
    if mapping is not None:
        mapping.madvise(mmap.MADV_DONTNEED)


def is_mapped(array: NDArray[Any]) -> bool:
    """Return whether an array is mapped from a file."""
    return _mapping_of(array) is not None


def _mapping_of(array: NDArray[Any]) -> mmap.mmap | None:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None
