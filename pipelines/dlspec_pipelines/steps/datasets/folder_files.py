"""The files below a folder, and what they come to; without numpy, for Dagster."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from dlspec_pipelines.steps.datasets.file_decoding import decode_all_files

# What systems put into folders of pictures on their own, beside hidden files.
_NO_DATA = ("thumbs.db", "desktop.ini")


def is_data_name(name: str) -> bool:
    """Return whether a file or folder is someone's data: not hidden, and not a system's own."""
    return not name.startswith(".") and name.lower() not in _NO_DATA


def files_below(folder: Path) -> list[Path]:
    """Return the data files of a folder and of those in it, sorted by name.

    Raises:
        OSError: If a folder cannot be opened.
    """

    def refuse(error: OSError) -> None:
        raise error

    found = []
    for root, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if is_data_name(name)]
        found += [Path(root, name) for name in files if is_data_name(name)]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def digest_of_files_below(folder: Path) -> str:
    """Return the SHA-256 of the names and the contents of all data files below a folder.

    Raises:
        OSError: If one cannot be opened.
    """
    files = files_below(folder)
    whole = hashlib.sha256()
    for file, digest in zip(files, digests_of_files(files), strict=True):
        whole.update(os.fsencode(file.relative_to(folder).as_posix()) + b"\0" + digest)
    return whole.hexdigest()


def stamp_of_files_below(folder: Path) -> str:
    """Return what changes when a file below a folder is written, without reading any.

    Raises:
        OSError: If one is not there any more.
    """
    whole = hashlib.sha256()
    for path in files_below(folder):
        facts = path.stat()
        whole.update(os.fsencode(path) + f":{facts.st_mtime_ns}:{facts.st_size}\n".encode())
    return whole.hexdigest()


def digests_of_files(paths: Sequence[Path]) -> list[bytes]:
    """Return the SHA-256 of each file, read as streams on all cores.

    Raises:
        OSError: If one cannot be opened.
    """
    digests = [b""] * len(paths)

    def digest(position: int, path: Path) -> None:
        with path.open("rb") as file:
            digests[position] = hashlib.file_digest(file, "sha256").digest()

    decode_all_files(paths, digest)
    return digests
