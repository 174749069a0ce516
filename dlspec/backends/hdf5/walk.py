"""The names, shapes and attributes of an HDF5 file, read in a process that may crash over them.

`python -m dlspec.backends.hdf5.walk FILE [MEMBER]` ends with status 0 when nothing ended it before;
MEMBER is the HDF5 file inside of a zip archive.
"""

import io
import sys
import zipfile
from pathlib import Path

import h5py

from dlspec.backends.hdf5.child_process import output_of

# A hard link may lead back to its own parents: each object is looked at once.
_MOST_OBJECTS = 100_000


def why_unreadable(file: Path, member: str | None = None) -> str | None:
    """Return why the HDF5 library cannot walk through a file; None when it can.

    Args:
        member: The name of the HDF5 file inside `file`, a zip archive.
    """
    said = output_of(__name__, arguments=[str(file.absolute()), *([member] if member else [])])
    return said if isinstance(said, str) else None


def _walk_through_file(handle: h5py.File) -> None:
    """Look at all that is read of a file of weights before its numbers, and where those lie."""
    seen: set[tuple[int, int]] = set()
    waiting: list[h5py.Group | h5py.Dataset] = [handle]
    while waiting and len(seen) < _MOST_OBJECTS:
        found = waiting.pop()
        _look_at(found)
        if not isinstance(found, h5py.Group):
            continue
        for name in found:
            # Links to elsewhere are refused where they are read; here they are not followed.
            if found.get(name, getclass=True, getlink=True) is not h5py.HardLink:
                continue
            inner = found[name]
            place = h5py.h5o.get_info(inner.id)
            key = (place.fileno, place.addr)
            if key not in seen and isinstance(inner, h5py.Group | h5py.Dataset):
                seen.add(key)
                waiting.append(inner)


def _look_at(found: h5py.Group | h5py.Dataset) -> None:
    for name in found.attrs:
        found.attrs[name]
    if isinstance(found, h5py.Dataset):
        _ = (found.shape, found.dtype, found.external, found.is_virtual)
        if found.chunks is not None:
            found.id.chunk_iter(lambda _: None)


def _walk_file_or_member(file: str, member: str | None = None) -> None:
    if member is None:
        with h5py.File(file, "r") as handle:
            _walk_through_file(handle)
        return
    with zipfile.ZipFile(file) as archive, archive.open(member) as stream:
        in_place = archive.getinfo(member).compress_type == zipfile.ZIP_STORED
        with h5py.File(stream if in_place else io.BytesIO(stream.read()), "r") as handle:
            _walk_through_file(handle)


if __name__ == "__main__":
    try:
        _walk_file_or_member(*sys.argv[1:])
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
