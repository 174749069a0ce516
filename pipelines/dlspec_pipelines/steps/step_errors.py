"""What can go wrong in a step, as errors whose text a person can act on."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dlspec.diagnostics.counts import counted
from dlspec.tools.commands.exit_status import FINDINGS, WRONG_USAGE

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
# How numpy and HDF5 word a short write: their OSError carries no errno.
_FULL_TEXTS = ("requested and", "errno = 28", "No space left on device")


class StepError(Exception):
    """A step that cannot go on for a reason outside the code.

    Attributes:
        message: What is wrong, one clause.
        code: The code that `dlspec explain` knows; None for a fault of the machine or the run.
        help: What to do about it, a statement.
        table: Failing rows as a Markdown table, for data that are refused.
        kept: The file that holds all of them.
        status: The exit status of the command that it ends.
    """

    status = FINDINGS

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        help: str | None = None,
        table: str | None = None,
        kept: Path | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.help = help
        self.table = table
        self.kept = kept

    def __str__(self) -> str:
        """Return the text a person reads, the help on a line of its own."""
        head = f"error[{self.code}]" if self.code else "error"
        return f"{head}: {self.message}" + (f"\n  = help: {self.help}" if self.help else "")


class NotDefined(StepError):  # noqa: N818 - the sentence a person reads says it
    """A metric that has no value on some rows or predictions; others may have."""


class NoRoom(StepError):  # noqa: N818 - the sentence a person reads says it
    """A disk that is full, or a file that may not become as large as it must."""


class WrongUsage(StepError):  # noqa: N818 - the sentence a person reads says it
    """Something that the command line names and that is not there, or cannot be."""

    status = WRONG_USAGE


class Busy(StepError):  # noqa: N818 - the sentence a person reads says it
    """Another process works in the same folder.

    Attributes:
        pid: The other process; None when it left no number.
    """

    def __init__(self, message: str, *, pid: int | None, help: str) -> None:
        super().__init__(message, help=help)
        self.pid = pid


class Stopped(StepError):  # noqa: N818 - the sentence a person reads says it
    """Training that was asked to stop and can be continued.

    Attributes:
        epoch: Epochs that the checkpoint holds; 0 when there is none yet.
    """

    def __init__(self, message: str, *, epoch: int, help: str) -> None:
        super().__init__(message, help=help)
        self.epoch = epoch


class Refused(StepError):  # noqa: N818 - the sentence a person reads says it
    """A challenger that must not become the champion.

    Attributes:
        reasons: One clause for each gate that failed.
    """

    def __init__(self, message: str, *, reasons: tuple[str, ...], help: str) -> None:
        super().__init__(message, help=help)
        self.reasons = reasons


@contextmanager
def write_errors_as_step_errors(folder: Path, *, needed: int | None = None) -> Iterator[None]:
    """Turn a full disk and a missing permission under `folder` into a `StepError`.

    Args:
        needed: Bytes about to be written, for the text; None when nobody knows.

    Raises:
        StepError: If the disk is full or the folder may not be written; other errors pass.
    """
    try:
        yield
    except OSError as error:
        problem = _write_problem(error, folder, needed)
        if problem is None:
            raise
        raise problem from error


def _write_problem(error: OSError, folder: Path, needed: int | None) -> StepError | None:
    if error.errno in _FULL or any(text in str(error) for text in _FULL_TEXTS):
        wanted = "" if needed is None else f", {_disk_size_text(needed)} are needed"
        free = _disk_size_text(_free_disk_bytes(folder))
        return NoRoom(
            f"no space left in `{folder}`: {free} are free{wanted}",
            help="free some space, or let DLSPEC_HOME name a folder on a larger disk",
        )
    if error.errno == errno.EFBIG:
        return NoRoom(
            f"a file in `{folder}` may not become as large as it must",
            help="raise the limit on the size of a file (`ulimit -f`), or let DLSPEC_HOME name a "
            "folder on a disk that takes larger ones",
        )
    if error.errno in _DENIED and _is_under(error.filename, folder):
        return StepError(
            f"no permission to write in `{folder}`",
            help="make the folder writable, or let DLSPEC_HOME name another one",
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST) and _is_under(error.filename, folder):
        return StepError(
            f"`{error.filename}` is in the way: a folder belongs there",
            help="move it away, or let DLSPEC_HOME name another folder",
        )
    return None


def _is_under(name: object, folder: Path) -> bool:
    """Return whether an error is about `folder`; reading elsewhere may be denied as well."""
    if name is None:
        return True
    path = Path(str(name)).absolute()
    return path.is_relative_to(folder.absolute()) or folder.absolute().is_relative_to(path)


def _free_disk_bytes(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _disk_size_text(count: int) -> str:
    for unit, bytes_each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_each:
            return f"{count / bytes_each:.1f} {unit}"
    return counted(count, "byte")
