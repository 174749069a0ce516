"""Finding a run by its number, its id, its folder, or the name of its model."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.suggest import suggest
from dlspec_pipelines.steps.records import Champion, TrainedModel, read_record
from dlspec_pipelines.steps.run_numbers import numbers_of_runs
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.steps.store import artifacts_home, champion_file

# Between a model's name and a number; no name holds it, and no shell reads it within a word.
_NUMBER = "#"
# As many fit into a line.
_MOST_TOLD = 5
_TRAIN_ONE = "`dlspec run` trains one"


@dataclass(frozen=True, slots=True)
class Choice:
    """The run that a word means, and why that one."""

    folder: Path
    reason: str


class NoRun(WrongUsage):
    """A word that means no run."""


def known_runs() -> list[str]:
    """Return what may be written for a run: models that were trained, then `model/id`, `model#3`.

    Where the file of numbers is damaged, no number is known.
    """
    folders = [path.parent for path in (artifacts_home() / "runs").glob("*/*/model.keras")]
    names = sorted({folder.parent.name for folder in folders})
    ids = sorted(f"{folder.parent.name}/{folder.name}" for folder in folders)
    numbered = []
    for name in names:
        with suppress(StepError):
            numbers = numbers_of_runs(name)
            there = {folder.name for folder in folders if folder.parent.name == name}
            # A folder without a record, which nothing counts, has no number.
            own = sorted(number for run, number in numbers.items() if run in there)
            numbered += [f"{name}{_NUMBER}{number}" for number in own]
    return [*names, *ids, *numbered]


def run_word(name: str, number: int) -> str:
    """Return what a person writes for a run: `digits#3`."""
    return f"{name}{_NUMBER}{number}"


def find_run(word: str) -> Choice:
    """Return the run that a word means: `model#3`, an id or its beginning, a folder, or a model.

    Of a model it is the champion, else the latest run.

    Raises:
        NoRun: If there is none.
        WrongUsage: If there is more than one.
        StepError: If it is gone.
    """
    if Path(word, "model.keras").is_file():
        return Choice(Path(word).absolute(), "it is the folder named")
    if _NUMBER in word:
        return _run_by_number(word)
    if (champion := champion_file(word)).is_file():
        crowned: Champion = read_record(champion)
        return Choice(_require_whole_run(Path(crowned.path)), f"the champion since {crowned.since}")
    if (latest := artifacts_home() / "records" / word / "model" / "latest.json").is_file():
        trained: TrainedModel = read_record(latest)
        return Choice(
            _require_whole_run(Path(trained.path)), "the latest run, for there is no champion yet"
        )
    return _run_by_id(word)


def _run_by_number(word: str) -> Choice:
    name, _, written = word.rpartition(_NUMBER)
    numbers = numbers_of_runs(name)
    if not numbers:
        raise _no_run(word, name)
    if not (name and written.isdecimal()):
        raise WrongUsage(f"`{word}` is no number of a run", help=f"write `{name}{_NUMBER}1`")
    runs = {number: run for run, number in numbers.items()}
    there = sorted(n for n, run in runs.items() if _is_run(artifacts_home() / "runs" / name / run))
    if int(written) in there:
        folder = artifacts_home() / "runs" / name / runs[int(written)]
        return Choice(folder, "its number was named")
    gone = f"run `{word}` was removed" if int(written) in runs else f"there is no run `{word}`"
    near = ", ".join(f"`{run_word(name, number)}`" for number in there[-_MOST_TOLD:])
    raise WrongUsage(gone, help=f"the latest of them are {near}" if near else _TRAIN_ONE)


def _is_run(folder: Path) -> bool:
    return (folder / "model.keras").is_file()


def _run_by_id(word: str) -> Choice:
    runs = artifacts_home() / "runs"
    name, slash, begin = word.rpartition("/")
    place = f"{_glob_literal(name) if slash else '*'}/{_glob_literal(begin)}*"
    begins = [p for p in runs.glob(place) if _is_run(p)]
    if len(begins) == 1:
        return Choice(
            begins[0], "its id was named" if begins[0].name == begin else "its id begins so"
        )
    if begins:
        ids = ", ".join(f"`{p.parent.name}/{p.name}`" for p in sorted(begins)[:5])
        raise WrongUsage(
            f"`{word}` is the beginning of {counted(len(begins), 'run')}",
            help=f"write more of one: {ids}",
        )
    raise _no_run(word, name if slash else word)


def _no_run(word: str, name: str) -> NoRun:
    """Return that a word means no run, with the model nearest to `name`."""
    runs = artifacts_home() / "runs"
    names = sorted(p.name for p in runs.glob("*") if p.is_dir() and not p.name.startswith("."))
    near = suggest(name, names)
    known = f"`{near}` is near" if near else f"trained are {', '.join(f'`{n}`' for n in names)}"
    return NoRun(
        f"`{word}` is no trained model, no run and no folder of one",
        help=known if names else _TRAIN_ONE,
    )


def _glob_literal(word: str) -> str:
    """Return a word so that a glob takes it as it stands."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in word.replace(os.sep, "_"))


def _require_whole_run(folder: Path) -> Path:
    if not _is_run(folder):
        raise StepError(
            f"the run `{folder}` is gone", help="restore it, name another run, or train it again"
        )
    return folder
