"""What the files of a source hold, read once: after that an unchanged file costs a stat.

A manifest keeps the size, the time of change and the SHA-256 of each file. Where size and time are
those that it keeps, so is the digest. Without numpy, for Dagster.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlspec_pipelines.steps.datasets.folder_files import digests_of_files, names_below
from dlspec_pipelines.steps.json_documents import SOURCE_DIGESTS, document_text, read_document
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import source_manifest_file, write_whole

# FAT keeps times in steps of two seconds, the coarsest of the usual file systems: a file written so
# shortly before it was read may be written again without another time.
_SETTLED_NS = 2 * 10**9


@dataclass(frozen=True, slots=True)
class _Noted:
    """What a manifest keeps of a file: size and time in nanoseconds, its SHA-256 in hexadecimal."""

    stamp: tuple[int, int]
    digest: str


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading again found: how many files, and which hold another content than was noted."""

    files: int
    changed: tuple[Path, ...]


def digest_of_source_file(path: Path) -> str:
    """Return the SHA-256 of a file that a spec names; one that is as noted is not read.

    Raises:
        OSError: If it cannot be opened.
        StepError: If the manifest cannot be written.
    """
    (digest,) = digests_of_source_files(path, [path])
    return digest.hex()


def digest_of_source_folder(root: Path) -> str:
    """Return the SHA-256 of the names and the contents of all data files below a folder.

    Raises:
        OSError: If a file cannot be opened.
        StepError: If the manifest cannot be written.
    """
    names = names_below(root)
    whole = hashlib.sha256()
    for name, digest in zip(names, _digests_of_names(root, names), strict=True):
        whole.update(os.fsencode(name) + b"\0" + bytes.fromhex(digest))
    return whole.hexdigest()


def digests_of_source_files(root: Path, paths: Sequence[Path]) -> list[bytes]:
    """Return the SHA-256 of each file; one that is as the manifest says is not read.

    Args:
        root: The file or the folder that a spec names, which has one manifest.
        paths: Itself, files in it, or files that it names.

    Raises:
        OSError: If a file cannot be opened.
        StepError: If the manifest cannot be written.
    """
    root, start = root.absolute(), f"{root.absolute()}/"
    texts = [str(path if path.is_absolute() else path.absolute()) for path in paths]
    names = [text[len(start) :] if text.startswith(start) else text for text in texts]
    return [bytes.fromhex(digest) for digest in _digests_of_names(root, names)]


def _digests_of_names(root: Path, names: Sequence[str]) -> list[str]:
    """Return the SHA-256 of files; a name is relative to `root`, if that is a folder, or absolute.

    The file `root` itself is called as its path is.
    """
    manifest = source_manifest_file(root.absolute())
    before, began = _read_manifest(manifest), time.time_ns()
    places = [os.path.join(root, name) for name in names]  # noqa: PTH118 - a Path costs ten times it
    stamps = [_stamp_of_file(place) for place in places]
    digests: dict[str, str] = {}
    for name, stamp in zip(names, stamps, strict=True):
        noted = before.get(name)
        if noted is not None and noted.stamp == stamp:
            digests[name] = noted.digest
    # A table may name one picture in many rows.
    unknown = {n: Path(p) for n, p in zip(names, places, strict=True) if n not in digests}
    read = digests_of_files(list(unknown.values()))
    digests |= {name: digest.hex() for name, digest in zip(unknown, read, strict=True)}
    new = {
        name: _Noted(stamp, digests[name])
        for name, stamp in zip(names, stamps, strict=True)
        if name in unknown and stamp[1] < began - _SETTLED_NS and _is_json_text(name)
    }
    if new:
        kept = {name: one for name, one in before.items() if (root / name).is_file()}
        _write_manifest(manifest, root, {**kept, **new})
    return [digests[name] for name in names]


def _is_json_text(name: str) -> bool:
    """Return whether a name is UTF-8; a file with another is read each time."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def reread_source_files(roots: Iterable[Path]) -> Reread:
    """Read again the files that are as the manifests say, and strike out those that are not.

    Args:
        roots: The files and folders that a spec names.

    Raises:
        OSError: If a file cannot be opened.
        StepError: If the manifest cannot be written.
    """
    files, changed = 0, []
    for root in roots:
        manifest = source_manifest_file(root.absolute())
        noted = _read_manifest(manifest)
        # One of another size or time is read in any case.
        places = {name: root / name for name in noted}
        paths = {
            name: path
            for name, path in places.items()
            if path.is_file() and _stamp_of_file(path) == noted[name].stamp
        }
        digests = zip(paths, digests_of_files(list(paths.values())), strict=True)
        odd = [name for name, digest in digests if digest.hex() != noted[name].digest]
        if odd:
            _write_manifest(manifest, root, {n: one for n, one in noted.items() if n not in odd})
        files += len(paths)
        changed += [paths[name] for name in odd]
    return Reread(files, tuple(changed))


def _stamp_of_file(place: str | Path) -> tuple[int, int]:
    facts = os.stat(place)  # noqa: PTH116 - a Path costs ten times it
    return facts.st_size, facts.st_mtime_ns


def _read_manifest(manifest: Path) -> dict[str, _Noted]:
    if not manifest.is_file():
        return {}
    try:
        files: Mapping[str, str] = read_document(manifest, SOURCE_DIGESTS)["files"]
    except StepError:
        # What cannot be read is made anew.
        return {}
    return {name: _noted_of_text(text) for name, text in files.items()}


def _noted_of_text(text: str) -> _Noted:
    size, moment, digest = text.split(" ")
    return _Noted((int(size), int(moment)), digest)


def _write_manifest(manifest: Path, root: Path, noted: Mapping[str, _Noted]) -> None:
    # A line for each file: a list of three for each would take three times as long to write.
    files = {name: f"{one.stamp[0]} {one.stamp[1]} {one.digest}" for name, one in noted.items()}
    root_text = os.fsencode(root.absolute()).decode("utf-8", "backslashreplace")
    content = {"root": root_text, "files": files}
    write_whole(manifest, document_text(SOURCE_DIGESTS, content))
