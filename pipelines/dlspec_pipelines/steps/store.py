"""Where artifacts live, and how a file or a folder appears whole or not at all."""

import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from dlspec.language.catalogue.project import project_home
from dlspec_pipelines.steps.step_errors import Busy, StepError, write_errors_as_step_errors

_ASIDE = ".part-"
# Between making an aside and locking it lie microseconds; this leaves a slow disk a minute.
_YOUNG_S = 60.0


def artifacts_home() -> Path:
    """Return the folder of all artifacts: $DLSPEC_HOME, else `.dlspec` in the project's folder.

    The project is found from the current folder upwards; without one, it is the current folder.

    Raises:
        StepError: If $DLSPEC_HOME is a URL.
    """
    named = os.environ.get("DLSPEC_HOME")
    if named and "://" in named:
        raise StepError(f"DLSPEC_HOME is `{named}`, not a folder", help="name a local folder")
    return project_home()


def dataset_folder(fingerprint: str) -> Path:
    """Return where a prepared data set lies."""
    return artifacts_home() / "datasets" / fingerprint


def preparing_lock(fingerprint: str) -> Path:
    """Return the file that a process holds while it prepares a data set."""
    return artifacts_home() / "work" / f"{fingerprint}.preparing"


def broken_contract_folder(fingerprint: str) -> Path:
    """Return where it is kept what a contract found in data that were not prepared."""
    return artifacts_home() / "contracts" / fingerprint


def source_manifest_file(root: Path) -> Path:
    """Return where it is kept what the files of a source held when they were read last."""
    key = hashlib.sha256(os.fsencode(root)).hexdigest()
    return artifacts_home() / "sources" / f"{key[:32]}.json"


def download_folder(url: str) -> Path:
    """Return where the copy of a file lies that a spec names by a URL."""
    return artifacts_home() / "downloads" / hashlib.sha256(url.encode()).hexdigest()[:32]


def run_folder(name: str, run: str) -> Path:
    """Return where the run `run` of the model `name` keeps its files."""
    return artifacts_home() / "runs" / name / run


def run_numbers_file(name: str) -> Path:
    """Return the file that says which number each run of the model `name` has."""
    return artifacts_home() / "numbers" / f"{name}.json"


def work_folder(key: str) -> Path:
    """Return where an unfinished training keeps its checkpoint and its lock."""
    return artifacts_home() / "work" / key


def records_folder(name: str, step: str) -> Path:
    """Return where the records of a step of the model `name` lie."""
    return artifacts_home() / "records" / name / step


def champion_file(name: str) -> Path:
    """Return the file that says which run is the champion of `name`."""
    return artifacts_home() / "champions" / f"{name}.json"


def path_in_home(path: str) -> str:
    """Return a path as records keep it: relative to the folder of artifacts where it lies there."""
    home = artifacts_home()
    return Path(path).relative_to(home).as_posix() if Path(path).is_relative_to(home) else path


def path_from_home(kept: str) -> str:
    """Return the path that `path_in_home` kept, wherever the folder of artifacts is now."""
    return str(artifacts_home() / kept)


def way_back(path: Path) -> str:
    """Return what to do about a file that is missing or damaged, by the folder it belongs to."""
    home = artifacts_home()
    place = path.relative_to(home).parts if path.is_relative_to(home) else ()
    match place:
        case ("datasets", fingerprint, *_):
            return f"run the spec again: `datasets/{fingerprint}` is then prepared anew"
        case ("numbers", *_):
            return "remove it: the runs that are there are then numbered anew"
        case ("runs", name, _, *_):
            return f"restore the run's folder, or train anew: `dlspec run {name} --again`"
        case ("champions", *_):
            return "remove it: the next run that passes its gates becomes the champion"
        case ("records", name, *_):
            return f"remove it, and run again: `dlspec run {name} --again`"
    return "restore it from a copy, or train again"


@contextmanager
def whole_folder(final: Path, *, needed: int | None = None) -> Iterator[Path]:
    """Give an empty folder that becomes `final`, complete and on disk, when the block ends.

    A block that raises leaves nothing. Where `final` has appeared meanwhile, the one that is there
    stays: both hold the same content, or the other was first.

    Args:
        needed: Bytes about to be written, for the text of a full disk; None when nobody knows.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    with write_errors_as_step_errors(final.parent, needed=needed):
        final.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale_asides(final.parent)
        aside = final.parent / f"{_ASIDE}{uuid.uuid4().hex}"
        aside.mkdir()
        with _claimed_aside(aside):
            try:
                yield aside
                _sync_tree(aside)
                _move_aside_in_place(aside, final)
            finally:
                shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def whole_file(path: Path, *, needed: int | None = None) -> Iterator[IO[bytes]]:
    """Give a file that becomes `path`, complete and on disk, when the block ends.

    A reader of `path` sees the old content or the new, never a part.

    Args:
        needed: Bytes about to be written, for the text of a full disk; None when nobody knows.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    with write_errors_as_step_errors(path.parent, needed=needed):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale_asides(path.parent)
        aside = path.parent / f"{_ASIDE}{uuid.uuid4().hex}"
        try:
            with aside.open("xb") as file, _claimed_aside(aside):
                yield file
                file.flush()
                os.fsync(file.fileno())
                aside.rename(path)
            _sync_path_to_disk(path.parent)
        finally:
            aside.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes | str) -> None:
    """Write one file so that a reader sees the old content or the new, never a part.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    content = data.encode() if isinstance(data, str) else data
    with whole_file(path, needed=len(content)) as file:
        file.write(content)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; it is made when it is not there.

    The lock ends with the process, however that ends. The folder may be removed inside the block.

    Raises:
        Busy: If another process holds it.
        StepError: If the folder may not be written.
    """
    with write_errors_as_step_errors(folder):
        handle = _open_lock(folder)
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def process_holding(folder: Path) -> int | None:
    """Return the process that holds a folder, 0 where it left no number; None where none does."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(handle) or 0
    finally:
        os.close(handle)
    return None


@contextmanager
def wait_for_file(path: Path) -> Iterator[None]:
    """Hold a lock that other processes wait for; its file is gone afterwards.

    The lock ends with the process, however that ends: what a killed one left is taken over.

    Raises:
        StepError: If the file may not be written.
    """
    with write_errors_as_step_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _wait_for_lock(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _wait_for_lock(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # The holder before has removed the file that we waited for.
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle
        os.close(handle)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that nobody sees a part of it under its name.

    Raises:
        StepError: If it may not be removed.
    """
    with write_errors_as_step_errors(folder.parent), suppress(FileNotFoundError):
        shutil.rmtree(folder.rename(folder.parent / f"{_ASIDE}{uuid.uuid4().hex}"))


def _open_lock(folder: Path) -> int:
    path = folder / "lock"
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _pid_in(handle)
            os.close(handle)
            raise Busy(
                f"`{folder}` is in use by process {pid or 'unknown'}",
                pid=pid,
                help="wait until it ends, or stop it; the next run goes on from its checkpoint",
            ) from None
        # The holder before may have removed the folder between our open and our lock.
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle
        os.close(handle)


def _pid_in(handle: int) -> int | None:
    text = os.pread(handle, 20, 0).decode()
    return int(text) if text.isdecimal() else None


@contextmanager
def _claimed_aside(aside: Path) -> Iterator[None]:
    """Hold a lock on an aside: what is unlocked was left behind by a process that is gone."""
    handle = os.open(aside, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_stale_asides(parent: Path) -> None:
    """Remove the asides that a killed process left in `parent`."""
    for aside in stale_asides(parent):
        remove_aside(aside)


def stale_asides(parent: Path) -> Iterator[Path]:
    """Yield the half-written files and folders that a killed process left in `parent`."""
    for aside in parent.glob(f"{_ASIDE}*"):
        # Another process may remove it at the same moment.
        with suppress(FileNotFoundError):
            if time.time() - aside.stat().st_mtime > _YOUNG_S and not _is_claimed(aside):
                yield aside


def remove_aside(aside: Path) -> None:
    """Remove what `stale_asides` yields; another process may do so at the same moment."""
    with suppress(FileNotFoundError):
        shutil.rmtree(aside) if aside.is_dir() else aside.unlink()


def _is_claimed(aside: Path) -> bool:
    handle = os.open(aside, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _move_aside_in_place(aside: Path, final: Path) -> None:
    try:
        aside.rename(final)
    except OSError:
        if not final.is_dir():
            raise
    _sync_path_to_disk(final.parent)


def _sync_tree(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            _sync_path_to_disk(Path(root, name))
        _sync_path_to_disk(Path(root))


def _sync_path_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
