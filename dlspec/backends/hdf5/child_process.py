"""A module run in a process of its own: the HDF5 library crashes on some damaged files."""

import io
import subprocess
import sys
from collections.abc import Sequence
from typing import BinaryIO

# NASNetMobile's file of 25 MB takes one second of CPU, most of it the start of the process.
_TIME_LIMIT_S = 60


def output_of(
    module: str, *, file: BinaryIO | None = None, arguments: Sequence[str] = ()
) -> bytes | str:
    """Return what `python -m module` prints, or why it prints nothing, one clause.

    Args:
        file: Its standard input, from the beginning.
    """
    # -P: a module of the same name in the current folder is not run in the place of ours.
    command = [sys.executable, "-P", "-m", module, *arguments]
    held = isinstance(file, io.BytesIO)
    if file is not None:
        file.seek(0)
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, a module of ours
            command,
            input=file.read() if file is not None and held else None,
            stdin=None if held else file or subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"reading it takes more than {_TIME_LIMIT_S} s"
    if done.returncode < 0:
        return "the HDF5 library crashes on it"
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return said[-1][:200] if said else "the process that reads it fails"
    return done.stdout
