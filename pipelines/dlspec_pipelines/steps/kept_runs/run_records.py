"""What the steps of a run handed on, found again by the run, and the plan of its spec."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from dlspec.compiler import compile_source
from dlspec.diagnostics.findings import SpecError
from dlspec.diagnostics.source import Source
from dlspec.resolve.chain import Step
from dlspec.resolve.plan import Plan
from dlspec.tools.commands.spec_paths import specs_folder
from dlspec_pipelines.steps.file_digests import require_intact
from dlspec_pipelines.steps.json_documents import RUN, read_document
from dlspec_pipelines.steps.records import Dataset, Evaluation, TrainedModel, read_record
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import artifacts_home, records_folder

_STEP_OF: Mapping[type, Step] = {
    Dataset: "dataset",
    TrainedModel: "model",
    Evaluation: "evaluation",
}
_Found = TypeVar("_Found", TrainedModel, Evaluation)


def name_of_run(folder: Path) -> str:
    """Return the name of the model of a run.

    Raises:
        StepError: If run.json is missing or damaged.
    """
    return str(read_document(folder / "run.json", RUN)["name"])


def record_of_run(folder: Path, kind: type[_Found]) -> _Found:
    """Return what a step of a run handed on.

    Raises:
        StepError: If there is no record of it, or the run's files are damaged.
    """
    name, step = name_of_run(folder), _STEP_OF[kind]
    found = folder_records(name, kind)
    run = folder.name
    if kind is TrainedModel:
        # A run that evaluates an earlier model has that one's record.
        run = str(read_document(folder / "run.json", RUN)["run"])
    for record in found:
        if record.run == run:
            return record
    raise StepError(
        f"run `{folder.name}` of `{name}` has no record of its {step}",
        help=f"`dlspec run {name}` makes what is missing; what was trained is taken as it is",
    )


def folder_records(name: str, kind: type[_Found]) -> list[_Found]:
    """Return the records of a step of all runs of a model that can be read."""
    found = []
    for path in sorted(records_folder(name, _STEP_OF[kind]).glob("*.json")):
        with suppress(StepError):
            record = read_record(path)
            if isinstance(record, kind):
                found.append(record)
    return found


def dataset_of_run(folder: Path) -> Dataset:
    """Return the data set that a run was trained and measured on.

    Raises:
        StepError: If it was removed, or the run's files are damaged.
    """
    facts = read_document(folder / "run.json", RUN)
    fingerprint, digest = facts["digests"]["dataset"], facts["digests"]["data"]
    path = artifacts_home() / "datasets" / fingerprint
    if not (path / "preparation.json").is_file():
        raise StepError(
            f"the data set of run `{folder.name}` was removed: `{path}`",
            help=f"`dlspec data {facts['name']}` prepares it again, where its spec has not changed",
        )
    return Dataset(str(path), fingerprint, digest, facts["rows"])


def plan_of_run(folder: Path) -> Plan:
    """Return the plan of the spec that a run keeps.

    Raises:
        StepError: If it is damaged, or does not compile any more.
    """
    text = require_intact(folder, "spec.yaml").read_text("utf-8")
    # It names other files from where specs stand; and its own file is called `spec`.
    place = specs_folder() / f"run {folder.name}"
    compilation = compile_source(Source(str(place), text))
    if compilation.plan is None:
        findings = SpecError(compilation.diagnostics)
        raise StepError(
            f"the spec of run `{folder.name}` does not compile any more: "
            f"{str(findings).splitlines()[0]}",
            help="read it with the dlspec that trained it, or train its model again",
        )
    return compilation.plan
