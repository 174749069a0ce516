"""What may go from the folder of artifacts: nothing refers to it, or it is old and no champion."""

import os
import re
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from dlspec.compiler import compile_file
from dlspec.diagnostics.counts import agreed
from dlspec.tools.commands.spec_paths import specs_folder, specs_in_folder
from dlspec_pipelines.steps.json_documents import RUN, read_document
from dlspec_pipelines.steps.promotion.by_hand import champion_before
from dlspec_pipelines.steps.promotion.promote import recorded_champion
from dlspec_pipelines.steps.records import read_record
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.start import find_model_start
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.stopped_work import UnfinishedTraining, unfinished_trainings
from dlspec_pipelines.steps.store import (
    artifacts_home,
    preparing_lock,
    records_folder,
    stale_asides,
)

Kind = Literal["run", "record", "data set", "checkpoint", "remnant", "log", "page", "lift"]
# A training that was stopped longer ago is hardly gone on with.
OLD = timedelta(days=30)
# Between training and evaluation lie seconds, in a queue hours.
_EVALUATED_WITHIN = timedelta(days=1)
# Dagster keeps its own house.
_NOT_OURS = "dagster"
# Logs, searches for a learning rate, and what saved models were lifted to.
_LOOSE_FILES: Mapping[Kind, str] = {
    "log": "logs/*.log",
    "page": "rates/*/*.html",
    "lift": "lifted/*.json",
}
_WEIGHTS = re.compile(r"\bweights:\s*[\"']?([^\s\"',}]+)")


@dataclass(frozen=True, slots=True)
class Unused:
    """A file or a folder that may go.

    Attributes:
        name: The model that it belongs to; "" where it is of none.
        size: Bytes that are free afterwards; what other links hold is not among them.
    """

    kind: Kind
    path: Path
    reason: str
    size: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What may go, and in sentences what is left although it might."""

    unused: tuple[Unused, ...]
    left: tuple[str, ...]


@dataclass(slots=True)
class _House:
    """What refers to what; state, as it is found out."""

    facts: Mapping[Path, Mapping[str, Any] | None]
    unfinished: tuple[UnfinishedTraining, ...]
    left: list[str] = field(default_factory=list)
    seen: Counter[tuple[int, int]] = field(default_factory=Counter)


def find_unused(older_than: timedelta | None = None) -> Leftovers:
    """Return what may go from the folder of artifacts.

    Champions, the runs that a rollback goes to, the latest run of each model, runs whose weights
    another run, an unfinished training or a spec of this project begins with, and all that a living
    process holds stay, however old.

    Args:
        older_than: How old runs and checkpoints must be; None leaves all runs, and checkpoints for
            `OLD`.
    """
    house = _House(_facts_of_runs(), tuple(unfinished_trainings()))
    runs = [] if older_than is None else list(_old_runs(house, older_than))
    checkpoints = list(_old_checkpoints(house, older_than or OLD))
    gone = {one.path for one in runs}
    records = list(_records_without_run(house, gone))
    gone |= {one.path for one in (*records, *checkpoints)}
    found = [
        *runs,
        *records,
        *_unused_datasets(house, gone),
        *checkpoints,
        *_remnants(house),
        *_old_files(house, older_than or OLD),
    ]
    return Leftovers(tuple(found), tuple(house.left))


def _facts_of_runs() -> dict[Path, Mapping[str, Any] | None]:
    """Return run.json of every run; None where it cannot be read."""
    found: dict[Path, Mapping[str, Any] | None] = {}
    for folder in sorted((artifacts_home() / "runs").glob("*/*")):
        if folder.name.startswith(".") or not folder.is_dir() or folder.is_symlink():
            continue
        found[folder] = None
        with suppress(StepError):
            found[folder] = read_document(folder / "run.json", RUN)
    return found


def _old_runs(house: _House, older_than: timedelta) -> Iterator[Unused]:
    stay = _runs_that_stay(house, older_than)
    for folder in house.facts:
        if folder not in stay:
            age = _age_of_run(folder, house.facts[folder])
            reason = f"{_days_text(age)} old, no champion, and nothing begins with it"
            yield _unused(house, "run", folder, reason, name=folder.parent.name)


def _runs_that_stay(house: _House, older_than: timedelta) -> set[Path]:
    by_id = {folder.name: folder for folder in house.facts}
    stay = set()
    for folder, facts in house.facts.items():
        age = _age_of_run(folder, facts)
        waits = not (folder / "metrics.json").exists() and age < _EVALUATED_WITHIN
        if age < older_than or waits:
            stay.add(folder)
    for name in sorted({folder.parent.name for folder in house.facts}):
        kept = runs_in_use(name)
        if kept is None:
            house.left.append(f"runs of `{name}`: its champion or latest run cannot be read")
            kept = {folder.name for folder in house.facts if folder.parent.name == name}
        stay |= {by_id[run] for run in kept if run in by_id}
    started = {run for one in house.unfinished for run in one.begins_with}
    stay |= {by_id[run] for run in started | _runs_in_specs() if run in by_id}
    return _with_their_starts(stay, house, by_id)


def _with_their_starts(stay: set[Path], house: _House, by_id: Mapping[str, Path]) -> set[Path]:
    """Return runs with those that they began with, and so on."""
    waiting = list(stay)
    while waiting:
        facts = house.facts[waiting.pop()] or {}
        begun = [facts.get("weights_from"), *(facts.get("models_from") or {}).values()]
        for one in begun:
            before = by_id.get(str(one["run"])) if one and one["run"] else None
            if before is not None and before not in stay:
                stay.add(before)
                waiting.append(before)
    return stay


def runs_in_use(name: str) -> set[str] | None:
    """Return the champion, the one before it and the latest run; None where one is not readable."""
    kept = set()
    try:
        champion = recorded_champion(name)
        if champion is not None:
            back = champion_before(champion)
            kept |= {champion.run, *((back.run,) if back else ())}
        for step in ("model", "evaluation"):
            latest = records_folder(name, step) / "latest.json"
            if latest.is_file():
                kept.add(read_record(latest).run)
    except StepError:
        return None
    return kept


def _runs_in_specs() -> set[str]:
    """Return the runs whose weights a spec of this project begins with."""
    found = set()
    for path in specs_in_folder(specs_folder()):
        text = path.read_text("utf-8", errors="replace")
        words = set(_WEIGHTS.findall(text))
        plan = compile_file(path).plan if words else None
        for word in words:
            with suppress(StepError):
                found.add(find_run(word).folder.name)
        for start in plan.starts if plan else ():
            with suppress(StepError):
                found.add(str(find_model_start(start).run))
    return found


def _records_without_run(house: _House, gone: Collection[Path]) -> Iterator[Unused]:
    """Yield the records of runs that are gone, but for those that another run still needs.

    A run has records before it has a folder: while a training of its model goes on, and for a day,
    they stay.
    """
    there = {folder for folder in house.facts if folder not in gone}
    needed = {folder.name for folder in there}
    needed |= {str(facts["run"]) for f in there if (facts := house.facts[f]) is not None}
    removed = {folder.name for folder in gone}
    at_work = {one.name for one in house.unfinished if one.process is not None}
    for path in sorted((artifacts_home() / "records").glob("*/*/*.json")):
        name, age = path.parent.parent.name, timedelta(seconds=time.time() - path.stat().st_mtime)
        is_begun = path.stem not in removed and age < _EVALUATED_WITHIN
        if path.stem == "latest" or name in at_work or is_begun:
            continue
        if _run_of_record(path) not in needed:
            yield _unused(house, "record", path, "of a run that is gone", name=name)


def _run_of_record(path: Path) -> str:
    """Return whose record it is: of a model or an evaluation the run that made it."""
    if path.parent.name in ("model", "evaluation"):
        with suppress(StepError):
            return str(read_record(path).run)
    return path.stem


def _unused_datasets(house: _House, gone: Collection[Path]) -> Iterator[Unused]:
    kept = {folder: facts for folder, facts in house.facts.items() if folder not in gone}
    unfinished = [one for one in house.unfinished if one.folder not in gone]
    unknown = [str(folder) for folder, facts in kept.items() if facts is None]
    unknown += [str(one.folder) for one in unfinished if one.dataset is None]
    if unknown:
        told = ", ".join(f"`{folder}`" for folder in unknown)
        tells = f"{agreed(len(unknown), 'do')} not say which it needs"
        house.left.append(f"data sets: {told} {tells}")
        return
    used = {facts["digests"]["dataset"] for facts in kept.values() if facts is not None}
    used |= {one.dataset for one in unfinished}
    for path in (artifacts_home() / "records").glob("*/dataset/*.json"):
        if path not in gone:
            with suppress(StepError):
                used.add(read_record(path).fingerprint)
    for folder in sorted((artifacts_home() / "datasets").glob("*")):
        is_ours = folder.is_dir() and not folder.is_symlink() and not folder.name.startswith(".")
        if is_ours and folder.name not in used and not preparing_lock(folder.name).exists():
            yield _unused(house, "data set", folder, "no run and no record refers to it")


def _old_checkpoints(house: _House, older_than: timedelta) -> Iterator[Unused]:
    for one in house.unfinished:
        age = datetime.now(UTC) - datetime.fromisoformat(one.since)
        if one.process is None and age >= older_than and not one.folder.is_symlink():
            reached = "" if not one.epoch else f" after epoch {one.epoch}"
            reason = f"stopped {_days_text(age)} ago{reached}"
            yield _unused(house, "checkpoint", one.folder, reason, name=one.name or "")


def _remnants(house: _House) -> Iterator[Unused]:
    home = artifacts_home()
    for place, inner, _ in os.walk(home):
        inner[:] = [n for n in inner if not n.startswith(".part-") and n != _NOT_OURS]
        for aside in stale_asides(Path(place)):
            yield _unused(house, "remnant", aside, "half-written by a process that is gone")


def _old_files(house: _House, older_than: timedelta) -> Iterator[Unused]:
    """Yield old files that nothing refers to: what they say can be had again, or is old news."""
    for kind, pattern in _LOOSE_FILES.items():
        for path in sorted(artifacts_home().glob(pattern)):
            age = timedelta(seconds=time.time() - path.stat().st_mtime)
            if age >= older_than:
                yield _unused(house, kind, path, f"{_days_text(age)} old")


def _unused(house: _House, kind: Kind, path: Path, reason: str, *, name: str = "") -> Unused:
    return Unused(kind, path, reason, _size_of(path, house.seen), name)


def _size_of(path: Path, seen: Counter[tuple[int, int]]) -> int:
    """Return the bytes that are free once a file or a folder is gone, and all that was seen before.

    A file with several names, as an evaluation made anew has of its model, counts with the last.
    """
    files = [path] if not path.is_dir() else [p for p in path.rglob("*") if not p.is_dir()]
    total = 0
    for file in files:
        facts = file.lstat()
        key = facts.st_dev, facts.st_ino
        seen[key] += 1
        if seen[key] == facts.st_nlink:
            total += facts.st_size
    return total


def _age_of_run(folder: Path, facts: Mapping[str, Any] | None) -> timedelta:
    """Return how long ago a run was evaluated, or else trained."""
    told = folder / "metrics.json"
    if told.exists() or facts is None:
        written = (told if told.exists() else folder).stat().st_mtime
        return timedelta(seconds=time.time() - written)
    return datetime.now(UTC) - datetime.fromisoformat(facts["started"])


def _days_text(age: timedelta) -> str:
    if age < timedelta(days=1):
        return "less than a day"
    return "a day" if age.days == 1 else f"{age.days} days"
