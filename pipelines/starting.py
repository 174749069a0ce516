"""`--weights-from`: the run or the file whose weights a training begins with."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipelines.predicting import find_run
from pipelines.progress import table
from pipelines.steps.problems import StepError
from pipelines.steps.records import Start, Started
from pipelines.steps.store import home

_ENDINGS = (".keras", ".h5", ".hdf5", ".json")
_MODEL = "model.keras"
_MOST_TAKEN = 12


def find_start(word: str) -> Start:
    """Return what a word means: a file of weights, else a run as `dlspec predict` finds it.

    Raises:
        StepError: If it is neither.
    """
    # `Path.expanduser` fails for a user that is not there; this leaves the word as it is.
    path = Path(os.path.expanduser(word))  # noqa: PTH111
    if path.is_file():
        path = path.absolute()
        return _of_run(path.parent) if _is_of_run(path) else Start(_shown(path), None, str(path))
    if path.suffix in _ENDINGS:
        raise StepError(f"`{word}` is no file", help="name a file that is there, or a run")
    return _of_run(find_run(word).folder)


def _is_of_run(path: Path) -> bool:
    return path.name == _MODEL and path.is_relative_to(home() / "runs")


def _of_run(folder: Path) -> Start:
    return Start(folder.name, folder.name, str(folder / _MODEL))


def _shown(path: Path) -> str:
    """Return a path as a record keeps it: below the current folder, or beside the artifacts."""
    for base in (Path.cwd(), home().parent):
        if path.is_relative_to(base):
            return str(path.relative_to(base))
    return str(path)


def start_lines(started: Started) -> list[str]:
    """Return what a training took from earlier weights, as lines: one when it took all."""
    origin = f"the run `{started.run}`" if started.run else f"`{started.source}`"
    count, whole = len(started.taken), not started.initialised
    told = f"{'all ' if whole else ''}{count} layer{'s'[: count != 1]}"
    head = f"{told}, {started.parameters:,} parameters, taken by {started.by} from {origin}"
    rows: list[tuple[str, ...]] = [
        *([] if whole else [("taken", name, "") for name in _shortened(started.taken)]),
        *(("initialised", name, reason) for name, reason in started.initialised.items()),
        *(("left", name, reason) for name, reason in started.left.items()),
    ]
    return [head, *(table(rows).splitlines() if rows else ())]


def _shortened(names: Sequence[str]) -> list[str]:
    if len(names) <= _MOST_TAKEN:
        return list(names)
    return [*names[: _MOST_TAKEN - 1], f"and {len(names) - _MOST_TAKEN + 1} more"]
