"""HDF5 read with care: hard links only, numbers only, nothing from another file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from dlspec.backends.weights.stored import Part, WeightsError

# A hard link may lead back to its own parents: without a bound a small file has no end.
_MOST_OBJECTS = 50_000
# A layer's weights lie four groups deep, and two more for each model around it: 14 models.
_MOST_DEPTH = 32
# numpy's kinds: boolean, integers, floating point, complex. Text and objects are no weights.
_NUMBERS = "biufc"


@contextmanager
def open_hdf5(file: Any, name: Path) -> Iterator[h5py.File]:  # noqa: ANN401 - a path or a stream
    """Open an HDF5 file to read.

    Raises:
        WeightsError: If it is none, or is damaged.
    """
    try:
        handle = h5py.File(file, "r")
    except OSError as error:
        raise damaged_hdf5_error(name) from error
    try:
        yield handle
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        # How h5py words what was cut off, and names and types whose bytes were changed.
        raise damaged_hdf5_error(name) from error
    finally:
        handle.close()


def damaged_hdf5_error(name: Path, reason: str | None = None) -> WeightsError:
    """Return the error for a file that the HDF5 library cannot read."""
    return WeightsError(
        f"`{name}` cannot be read as HDF5{f': {reason[:1].lower()}{reason[1:]}' if reason else ''}",
        help="name a whole `.keras`, `.weights.h5` or `.h5` file",
    )


def hdf5_member(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """Return what a group holds under one name.

    Raises:
        WeightsError: If that is a link to elsewhere, or holds its numbers elsewhere.
    """
    link = group.get(name, getclass=True, getlink=True)
    if link is not h5py.HardLink:
        raise WeightsError(
            f"`{group.file.filename}` holds a link at `{name}`",
            help="write the weights with Keras, which writes no links",
        )
    found = group[name]
    if isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
        raise WeightsError(
            f"`{group.file.filename}` takes `{name}` from another file",
            help="write the weights with Keras, which writes one file",
        )
    return found


def descend_to_member(group: h5py.Group, path: str) -> h5py.Group | h5py.Dataset:
    """Return what lies under a path, each step looked at by `member`."""
    found: h5py.Group | h5py.Dataset = group
    for name in path.split("/"):
        if not isinstance(found, h5py.Group):
            raise WeightsError(f"`{path}` in `{group.file.filename}` is no group")
        found = hdf5_member(found, name)
    return found


def datasets_below(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield every array below a group with its path from there.

    Raises:
        WeightsError: If there are too many or they lie too deep.
    """
    left = [_MOST_OBJECTS]
    yield from _walk_datasets(group, "", _MOST_DEPTH, left)


def _walk_datasets(
    group: h5py.Group, prefix: str, depth: int, left: list[int]
) -> Iterator[tuple[str, h5py.Dataset]]:
    for name in group:
        left[0] -= 1
        if left[0] < 0 or depth == 0:
            raise WeightsError(
                f"`{group.file.filename}` holds over {_MOST_OBJECTS:_} groups, or deep ones"
            )
        found = hdf5_member(group, name)
        if isinstance(found, h5py.Group):
            yield from _walk_datasets(found, f"{prefix}{name}/", depth - 1, left)
        elif isinstance(found, h5py.Dataset):
            yield f"{prefix}{name}", found


def part_of_dataset(key: str, dataset: h5py.Dataset, path: str) -> Part | None:
    """Return an array's description; None when it holds no numbers."""
    dtype = str(dataset.dtype)
    if text_of_attribute(dataset.attrs.get("dtype")) == "bfloat16" and dataset.dtype.itemsize == 2:
        dtype = "bfloat16"
    elif dataset.dtype.kind not in _NUMBERS or dataset.shape is None:
        return None
    return Part(key, tuple(int(extent) for extent in dataset.shape), dtype, path)


def text_of_attribute(value: object) -> str | None:
    """Return a text attribute; None when it is not there or is something else."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None
