"""Prepared arrays on disk: written chunk by chunk, opened as memory maps."""

import hashlib
import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.file_digests import read_file_digests, require_intact
from dlspec_pipelines.steps.records import Dataset

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The arrays of one part of a data set; `rows` holds each sample's row in the source.

    `weights` say, by target, what each sample or each of its steps counts for in the loss.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    rows: Array
    weights: Mapping[str, Array] = field(default_factory=dict)


def open_part(dataset: Dataset, part: str) -> Part:
    """Open one part of a data set; a part without rows has empty arrays.

    Raises:
        StepError: If an array is missing, or is not what was written.
    """
    folder = Path(dataset.path)
    for name in read_file_digests(folder):
        if name.startswith(f"{part}/"):
            require_intact(folder, name)
    return open_written_part(folder / part)


def open_written_part(folder: Path) -> Part:
    """Open one part of a data set that this process wrote, without reading it."""
    return Part(
        _open_array_folder(folder / "inputs"),
        _open_array_folder(folder / "targets"),
        _open_npy_array(folder / "rows.npy"),
        _open_array_folder(folder / "weights"),
    )


def _open_array_folder(folder: Path) -> dict[str, Array]:
    return {path.stem: _open_npy_array(path) for path in sorted(folder.glob("*.npy"))}


def _open_npy_array(path: Path) -> Array:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    # What has no bytes cannot be mapped.
    array: Array = np.load(path, mmap_mode=None if 0 in shape else "r", allow_pickle=False)
    return array


def write_array(path: Path, chunks: Iterable[Array], rows: int) -> str:
    """Write chunks of rows as one .npy file, never all of them in memory.

    Plain writes, not a memory map: a full disk is then an error and not a signal.

    Returns:
        The SHA-256 of the file's bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = hashlib.sha256()
    # A chunk is hashed while it is written, and neither holds Python's lock.
    with path.open("wb") as file, ThreadPoolExecutor(1) as hashing:
        for number, chunk in enumerate(chunks):
            pieces = [np.ascontiguousarray(chunk).data]
            for piece in pieces if number else [_npy_header(chunk, rows), *pieces]:
                hashed = hashing.submit(whole.update, piece)
                file.write(piece)
                hashed.result()
    return whole.hexdigest()


def _npy_header(chunk: Array, rows: int) -> memoryview:
    kind = np.lib.format.dtype_to_descr(chunk.dtype)
    header = {"descr": kind, "fortran_order": False, "shape": (rows, *chunk.shape[1:])}
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getbuffer()
