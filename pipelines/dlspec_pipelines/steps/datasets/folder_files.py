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
    return [folder / name for name in names_below(folder)]


def names_below(folder: Path) -> list[str]:
    """Return the names of the data files below a folder, relative to it, sorted.

    Texts, since a hundred thousand paths cost seconds.

    Raises:
        OSError: If a folder cannot be opened.
    """

    def refuse(error: OSError) -> None:
        raise error

    found: list[str] = []
    for root, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if is_data_name(name)]
        below = os.path.relpath(root, folder)
        start = "" if below == "." else below + "/"
        found += [start + name for name in files if is_data_name(name)]
    return sorted(found)


def stamp_of_files_below(folder: Path) -> str:
    """Return what changes when a file below a folder is written, without reading any.

    Raises:
        OSError: If one is not there any more.
    """
    whole = hashlib.sha256()
    start = os.fspath(folder) + "/"
    for name in names_below(folder):
        facts = os.stat(start + name)  # noqa: PTH116 - a Path costs ten times it
        whole.update(os.fsencode(name) + f":{facts.st_mtime_ns}:{facts.st_size}\n".encode())
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
