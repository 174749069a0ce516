"""Finding a run by its id, or by the name of its spec."""

import os
from dataclasses import dataclass
from pathlib import Path

from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.suggest import suggest
from dlspec_pipelines.steps.records import Champion, TrainedModel, read_record
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.steps.store import artifacts_home, champion_file


@dataclass(frozen=True, slots=True)
class Choice:
    """The run that a word means, and why that one."""

    folder: Path
    reason: str


class NoRun(WrongUsage):
    """A word that means no run."""


def known_runs() -> list[str]:
    """Return what may be written for a run: the models that were trained, then `model/id`."""
    folders = [path.parent for path in (artifacts_home() / "runs").glob("*/*/model.keras")]
    names = sorted({folder.parent.name for folder in folders})
    return [*names, *sorted(f"{folder.parent.name}/{folder.name}" for folder in folders)]


def find_run(word: str) -> Choice:
    """Return the run that a word means; dates of files play no part.

    Raises:
        NoRun: If there is none.
        WrongUsage: If there is more than one.
        StepError: If it is gone.
    """
    if Path(word, "model.keras").is_file():
        return Choice(Path(word).absolute(), "it is the folder named")
    if (champion := champion_file(word)).is_file():
        crowned: Champion = read_record(champion)
        return Choice(_require_whole_run(Path(crowned.path)), f"the champion since {crowned.since}")
    if (latest := artifacts_home() / "records" / word / "model" / "latest.json").is_file():
        trained: TrainedModel = read_record(latest)
        return Choice(
            _require_whole_run(Path(trained.path)), "the latest run, for there is no champion yet"
        )
    return _run_by_id(word)


def _run_by_id(word: str) -> Choice:
    runs = artifacts_home() / "runs"
    name, slash, begin = word.rpartition("/")
    place = f"{_glob_literal(name) if slash else '*'}/{_glob_literal(begin)}*"
    begins = [p for p in runs.glob(place) if (p / "model.keras").is_file()]
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
    names = sorted(p.name for p in runs.glob("*") if p.is_dir() and not p.name.startswith("."))
    near = suggest(word, names)
    known = f"`{near}` is near" if near else f"trained are {', '.join(f'`{n}`' for n in names)}"
    raise NoRun(
        f"`{word}` is no trained model, no run and no folder of one",
        help=known if names else "`dlspec run` trains one",
    )


def _glob_literal(word: str) -> str:
    """Return a word so that a glob takes it as it stands."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in word.replace(os.sep, "_"))


def _require_whole_run(folder: Path) -> Path:
    if not (folder / "model.keras").is_file():
        raise StepError(
            f"the run `{folder}` is gone", help="restore it, name another run, or train it again"
        )
    return folder
