"""Every run that was trained: when, from what, with what result, and whether it is whole."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from dlspec.language.keras_names import snake_case
from dlspec_pipelines.steps.file_digests import (
    file_digest,
    read_file_digests,
    require_intact,
)
from dlspec_pipelines.steps.json_documents import METRICS, PLAN, RUN, Format, read_document
from dlspec_pipelines.steps.records import Champion, read_record
from dlspec_pipelines.steps.run_numbers import numbers_of_runs
from dlspec_pipelines.steps.runs import run_word
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import artifacts_home, champion_file

# Without one of these a run can neither be used nor told of.
_NEEDED_FILES = ("model.keras", "spec.yaml", "history.csv", "preparation.json")


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run, as its folder tells of it.

    Attributes:
        number: Its place among the runs of its model, those included that were removed; None of a
            folder elsewhere.
        fault: What is damaged; "" where nothing is.
        facts: What run.json says; empty where it cannot be read.
        metrics: What was measured on the test rows, what the spec asks for first.
        asked: The metrics that the spec asks for, the one that decides on champions first.
        is_evaluated: Whether it was measured; a run whose evaluation failed was not.
        is_champion: Whether it is the champion of its model.
    """

    name: str
    number: int | None
    folder: Path
    fault: str
    facts: Mapping[str, Any]
    metrics: Mapping[str, float]
    asked: tuple[str, ...]
    is_evaluated: bool
    is_champion: bool

    @property
    def word(self) -> str:
        """Return what a person writes for it: `digits#3`, or the folder of one from elsewhere."""
        return str(self.folder) if self.number is None else run_word(self.name, self.number)

    @property
    def state(self) -> Literal["whole", "not evaluated", "damaged"]:
        """Return what is to be said of it in a word."""
        if self.fault:
            return "damaged"
        return "whole" if self.is_evaluated else "not evaluated"

    @property
    def trained_by(self) -> str | None:
        """Return the run that trained it where that is another, which it evaluated once more."""
        trained = self.facts.get("run")
        return None if trained in (None, self.folder.name) else str(trained)

    def digest(self, of: str) -> str:
        """Return a digest of run.json, of its spec or its data, say; "" where none is known."""
        return str(self.facts.get("digests", {}).get(of, ""))


def models_with_runs() -> list[str]:
    """Return the names of the models that were trained."""
    folders = (path.parent.parent for path in (artifacts_home() / "runs").glob("*/*/plan.json"))
    return sorted({folder.name for folder in folders})


def list_runs(name: str, *, verify: bool = False) -> list[KeptRun]:
    """Return the runs of a model, the latest first.

    Args:
        verify: Read every file and compare it with what was written.

    Raises:
        StepError: If the file of numbers is damaged.
    """
    numbers = numbers_of_runs(name)
    folder = artifacts_home() / "runs" / name
    crowned = _champion_run(name)
    there = sorted((n, run) for run, n in numbers.items() if (folder / run).is_dir())
    return [
        replace(
            _read_kept_run(name, number, folder / run, verify=verify), is_champion=run == crowned
        )
        for number, run in reversed(there)
    ]


def kept_run_in(folder: Path) -> KeptRun:
    """Return the run in a folder.

    Raises:
        StepError: If the file of numbers is damaged.
    """
    name = folder.parent.name
    inside = folder.parent.parent == artifacts_home() / "runs"
    number = numbers_of_runs(name).get(folder.name) if inside else None
    found = _read_kept_run(name, number, folder, verify=False)
    return replace(found, name=str(found.facts.get("name", name)))


def _champion_run(name: str) -> str | None:
    with suppress(StepError):
        found = read_record(champion_file(name)) if champion_file(name).is_file() else None
        return found.run if isinstance(found, Champion) else None
    # `dlspec champion` says what is damaged.
    return None


def _read_kept_run(name: str, number: int | None, folder: Path, *, verify: bool) -> KeptRun:
    faults: list[str] = []
    facts = _document_or_fault(folder / "run.json", RUN, faults)
    if facts and facts["run"] != folder.name and (folder / "spec.yaml").is_file():
        # Evaluated once more, with a spec of its own; the training is told as it was.
        digests = {**facts["digests"], "spec": file_digest(folder / "spec.yaml")}
        facts = {**facts, "digests": digests}
    plan = _document_or_fault(folder / "plan.json", PLAN, faults)
    is_evaluated = (folder / "metrics.json").exists()
    measured = _document_or_fault(folder / "metrics.json", METRICS, faults) if is_evaluated else {}
    faults += _faults_of_files(folder, is_evaluated=is_evaluated, verify=verify)
    asked = _asked_metrics(plan)
    ordered = {n: measured[n] for n in (*asked, *measured) if n in measured}
    return KeptRun(
        name,
        number,
        folder,
        faults[0] if faults else "",
        facts,
        ordered,
        asked,
        is_evaluated,
        is_champion=False,
    )


def _document_or_fault(path: Path, form: Format, faults: list[str]) -> dict[str, Any]:
    try:
        return read_document(path, form)
    except StepError as problem:
        faults.append(problem.message)
        return {}


def _faults_of_files(folder: Path, *, is_evaluated: bool, verify: bool) -> Iterator[str]:
    needed = (*_NEEDED_FILES, *(("predictions.parquet",) if is_evaluated else ()))
    yield from (f"`{folder / name}` is missing" for name in needed if not (folder / name).is_file())
    try:
        names = read_file_digests(folder)
        for name in names if verify else ():
            require_intact(folder, name)
    except StepError as problem:
        yield problem.message


def _asked_metrics(plan: Mapping[str, Any]) -> tuple[str, ...]:
    evaluation = plan.get("evaluation") or {}
    deciding = evaluation.get("champion") or {}
    names = [_figure_of_document(one) for one in evaluation.get("metrics") or ()]
    return tuple(dict.fromkeys([*([deciding["metric"]] if deciding else []), *names]))


def _figure_of_document(metric: str | Mapping[str, Any]) -> str:
    if isinstance(metric, str):
        return metric
    named = metric["arguments"].get("name")
    return str(named or snake_case(metric["class_name"]))
