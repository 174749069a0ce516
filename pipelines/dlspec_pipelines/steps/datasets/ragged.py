"""Rows of several lengths as plain arrays: all values in a row, and how many each row has."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeGuard

import numpy as np

from dlspec_pipelines.steps.datasets.table import Array, Rows

_VALUES, _LENGTHS = ".values", ".lengths"
# Values that are joined at a time: 8 MiB of float64, large beside the cost of a call.
_JOINED_VALUES = 2**20


def rows_share_a_dtype(rows: Sequence[object]) -> TypeGuard[Sequence[Array]]:
    """Return whether all rows are arrays of one kind of numbers: joined, no value changes."""
    if set(map(type, rows)) != {np.ndarray}:
        return False
    kinds = set(map(attrgetter("dtype"), rows))
    return len(kinds) == 1 and next(iter(kinds)).kind in "iufb"


def joined_row_stretches(rows: Sequence[Array]) -> Iterator[tuple[Array, Rows]]:
    """Yield the values of rows behind one another, some rows at a time, and where each row ends."""
    sizes = np.fromiter(map(attrgetter("size"), rows), dtype=np.int64, count=len(rows))
    stretch = np.cumsum(sizes) // _JOINED_VALUES
    borders = [0, *(np.flatnonzero(np.diff(stretch)) + 1).tolist(), len(rows)]
    for start, stop in pairwise(borders):
        yield np.concatenate(rows[start:stop], axis=None), np.cumsum(sizes[start:stop])


def flatten_ragged_rows(rows: Array) -> tuple[Array, Array]:
    """Return the values of ragged rows behind one another, and the length of each row.

    Raises:
        ValueError: If the values of the rows have several shapes.
    """
    lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
    filled = [np.asarray(row) for row in rows if len(row)]
    return (np.concatenate(filled) if filled else np.zeros(0)), lengths


def pack_ragged_arrays(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Replace each array of objects by two plain ones; `unpack` gives it back."""
    packed: dict[str, Any] = {}
    for name, array in arrays.items():
        if array.dtype == np.object_:
            packed[name + _VALUES], packed[name + _LENGTHS] = flatten_ragged_rows(array)
        else:
            packed[name] = array
    return packed


def unpack_ragged_arrays(packed: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arrays that `pack` was given."""
    arrays: dict[str, Array] = {}
    for name, array in packed.items():
        if name.endswith(_VALUES):
            whole = name.removesuffix(_VALUES)
            ends = np.cumsum(packed[whole + _LENGTHS])
            rows = np.empty(len(ends), dtype=np.object_)
            for i, row in enumerate(np.split(array, ends[:-1])):
                rows[i] = row
            arrays[whole] = rows
        elif not name.endswith(_LENGTHS):
            arrays[name] = array
    return arrays
