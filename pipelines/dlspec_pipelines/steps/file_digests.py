"""files.json: the digests of a folder's arrays, models and tables, compared on first use."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from dlspec_pipelines.steps.json_documents import FILE_DIGESTS, document_text, read_document
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import way_back, write_whole

NAME = "files.json"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read as a stream."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_file_digests(folder: Path, names: Iterable[str]) -> None:
    """Note what some files of a folder hold now, beside what is noted already."""
    noted = read_file_digests(folder) if (folder / NAME).is_file() else {}
    note_file_digests(folder, {**noted, **{name: file_digest(folder / name) for name in names}})


def note_file_digests(folder: Path, digests: Mapping[str, str]) -> None:
    """Write the digests of a folder's files, by their paths in it."""
    write_whole(
        folder / NAME, document_text(FILE_DIGESTS, {"files": dict(sorted(digests.items()))})
    )


def read_file_digests(folder: Path) -> dict[str, str]:
    """Return the digests of a folder's files, by their paths in it.

    Raises:
        StepError: If files.json is missing or damaged.
    """
    digests: dict[str, str] = read_document(folder / NAME, FILE_DIGESTS)["files"]
    return digests


def require_intact(folder: Path, name: str) -> Path:
    """Return the path of a file that holds what was written; hashed once in a process.

    Raises:
        StepError: If it is missing, or another content than files.json says.
    """
    path = folder / name
    written = read_file_digests(folder).get(name)
    try:
        facts = path.stat()
    except OSError as error:
        raise StepError(f"`{path}` is missing", help=way_back(path)) from error
    if _digest_of_state(path, facts.st_mtime_ns, facts.st_size, facts.st_ino) != written:
        raise StepError(
            f"`{path}` is damaged: its content is not what was written", help=way_back(path)
        )
    return path


@cache
def _digest_of_state(path: Path, *state: int) -> str:  # noqa: ARG001 - the cache's key
    return file_digest(path)
