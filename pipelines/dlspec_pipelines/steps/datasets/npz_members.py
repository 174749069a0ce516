"""Arrays of a .npz archive that are not read into memory: mapped where they lie, or unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from dlspec_pipelines.steps.data_memory import row_blocks
from dlspec_pipelines.steps.datasets.spooled_arrays import fits_in_memory, spooled_array
from dlspec_pipelines.steps.datasets.table import Array

# A local header of the zip format has 30 bytes; the last four say how long the name is and the
# extra field that follow. Source: PKWARE, APPNOTE.TXT, 4.3.7.
_LOCAL_HEADER_BYTES = 30
# What is unpacked at a time.
_PIECE_BYTES = 2**23
# By the version of a .npy file; the third one is of names in structured arrays.
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def members_outside_memory(path: Path, memory: int | None) -> dict[str, Array]:
    """Return the arrays of an archive that need not be read into memory, by name.

    What is stored as it is, is mapped; what is packed is unpacked into a file, if all that is
    packed would take too much of the memory.

    Raises:
        BadZipFile: If a member is damaged.
    """
    found = {}
    with zipfile.ZipFile(path) as archive:
        packed = [m for m in archive.infolist() if m.compress_type != zipfile.ZIP_STORED]
        small = fits_in_memory(sum(member.file_size for member in packed), memory)
        for member in archive.infolist():
            stored = member.compress_type == zipfile.ZIP_STORED
            if stored or not small:
                with archive.open(member) as stream:
                    array = _array_outside_memory(path, member, stream, stored=stored)
                if array is not None:
                    found[member.filename.removesuffix(".npy")] = array
    return found


def _array_outside_memory(
    path: Path, member: zipfile.ZipInfo, stream: IO[bytes], *, stored: bool
) -> Array | None:
    version = np.lib.format.read_magic(stream)
    if version not in _HEADER_READERS:
        return None
    shape, fortran, kind = _HEADER_READERS[version](stream)
    if kind.hasobject or kind.kind in "US" or not shape or 0 in shape:
        return None
    if stored:
        # `tell` counts from where the member begins.
        at = _first_byte_of_member(path, member) + stream.tell()
        _require_checksum(path, member)
        return np.memmap(path, kind, "r", at, shape, order="F" if fortran else "C")
    return None if fortran else spooled_array(_unpacked_rows(stream, shape, kind), kind)


def _unpacked_rows(
    stream: IO[bytes], shape: tuple[int, ...], kind: "np.dtype[np.generic]"
) -> Iterator[Array]:
    row_bytes = kind.itemsize * int(np.prod(shape[1:]))
    step = max(1, _PIECE_BYTES // row_bytes)
    for start in range(0, shape[0], step):
        rows = min(step, shape[0] - start)
        yield np.frombuffer(stream.read(rows * row_bytes), kind).reshape(rows, *shape[1:])


def _first_byte_of_member(path: Path, member: zipfile.ZipInfo) -> int:
    with path.open("rb") as file:
        file.seek(member.header_offset)
        name, extra = struct.unpack("<HH", file.read(_LOCAL_HEADER_BYTES)[-4:])
    return member.header_offset + _LOCAL_HEADER_BYTES + int(name) + int(extra)


def _require_checksum(path: Path, member: zipfile.ZipInfo) -> None:
    content = np.memmap(
        path, np.uint8, "r", _first_byte_of_member(path, member), (member.file_size,)
    )
    checksum = 0
    for block in row_blocks(content):
        checksum = zlib.crc32(block.data, checksum)
    if checksum != member.CRC:
        message = f"Bad CRC-32 for file {member.filename!r}"
        raise zipfile.BadZipFile(message)
