"""Reads `npz`."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlspec.language.sources import NpzSource
from dlspec_pipelines.steps.datasets.npz_members import members_outside_memory
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    hash_of_files,
    paths_of,
    with_test_rows,
)


@dataclass(frozen=True, slots=True)
class NpzReader:
    """Reads `NpzSource`; relative paths start in `base`."""

    source: NpzSource
    base: Path
    memory: int | None = None

    def read_table(self) -> Table:
        """Read all columns."""
        return read_npz(self.source, self.base, memory=self.memory)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


def read_npz(source: NpzSource, base: Path, *, memory: int | None = None) -> Table:
    """Read arrays of several files; `x_train` beside `x_test` is column `x` with its test rows.

    Args:
        memory: What data may take; None for any number of bytes.

    Raises:
        StepError: If a file is not there, holds no arrays or Python objects, or if arrays share a
            name or have several lengths.
    """
    arrays: dict[str, Array] = {}
    paths = paths_of(source, base)
    for path in paths:
        for name, array in _arrays_of_file(path, memory).items():
            if name in arrays:
                raise unreadable_source(
                    f"`{path}` has an array `{name}`, and so has a file before it",
                    help="give one of the two another name",
                )
            arrays[name] = array
    where = ", ".join(str(path) for path in paths)
    if all(name.endswith(("_train", "_test")) for name in arrays):
        return with_test_rows(arrays, where, memory=memory)
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        raise unreadable_source(
            f"the arrays of `{where}` have several first extents: {told}",
            help="keep one sample per row of every array, or name the arrays `x_train`, `x_test`",
        )
    # Of several files a row stands in each: none is where it was read.
    files = ((paths[0], max(lengths.values(), default=0)),) if len(paths) == 1 else ()
    return Table(arrays, files=files)


def _arrays_of_file(path: Path, memory: int | None) -> dict[str, Array]:
    try:
        if path.suffix == ".npy":
            # Rows are read as they are asked for: the array may be larger than the memory.
            return {path.stem: _texts_as_objects(np.load(path, mmap_mode="r", allow_pickle=False))}
        # What is no archive, numpy would leave open.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise unreadable_source(
                    f"`{path}` is one array, not a .npz archive", help="let its name end in `.npy`"
                )
            outside = members_outside_memory(path, memory)
            return {
                name: outside[name] if name in outside else _npz_array(archive, name, path)
                for name in archive.files
            }
    except zipfile.BadZipFile as error:
        raise unreadable_source(f"`{path}` is not a .npz archive: {error}") from error
    except (ValueError, EOFError) as error:
        kind = "a .npy file of plain numbers" if path.suffix == ".npy" else "a .npz archive"
        raise unreadable_source(f"`{path}` is not {kind}") from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error


def _texts_as_objects(array: Array) -> Array:
    return array.astype(np.object_) if array.dtype.kind in "US" else array


def _npz_array(archive: "np.lib.npyio.NpzFile", name: str, path: Path) -> Array:
    try:
        array: Array = archive[name]
    except ValueError as error:
        raise unreadable_source(
            f"the array `{name}` of `{path}` holds Python objects, which can carry code",
            help="save plain arrays: numbers, or texts of a fixed width",
        ) from error
    return _texts_as_objects(array)
