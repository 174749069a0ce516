"""Many files decoded at once: on all cores, one piece of work in memory for each."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dlspec_pipelines.steps.long_work import tell_long_work

# So many files are one task: small beside a folder, and a task's own cost small beside theirs.
_PER_TASK = 32


class Undecodable(Exception):  # noqa: N818 - the sentence a person reads says it
    """A file that is not what it should be; the text says why, `help` what to write instead."""

    def __init__(self, why: str, *, help: str | None = None) -> None:
        super().__init__(why)
        self.help = help


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that could not be decoded: where it stands in the list, and why."""

    position: int
    why: str
    help: str | None


def decode_all_files(
    paths: Sequence[Path], decode: Callable[[int, Path], None]
) -> tuple[BadFile, ...]:
    """Call `decode` with the position and the path of each file; return those it refuses.

    Threads are enough: the decoders let go of Python's lock. `decode` keeps what it makes itself,
    so that no more than one file for each core waits in memory.

    Args:
        decode: Raises `Undecodable` for a file that is not what it should be.
    """

    def task(start: int) -> list[BadFile]:
        bad = []
        for position in range(start, min(start + _PER_TASK, len(paths))):
            try:
                decode(position, paths[position])
            except Undecodable as error:
                bad.append(BadFile(position, str(error), error.help))
        return bad

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        tasks = threads.map(task, range(0, len(paths), _PER_TASK))
        bad: list[BadFile] = []
        for number, found in enumerate(tasks, 1):
            bad += found
            tell_long_work("reading files", min(number * _PER_TASK, len(paths)), len(paths))
        return tuple(bad)
