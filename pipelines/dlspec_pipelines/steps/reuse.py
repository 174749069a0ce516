"""What has been trained or evaluated before, and would come out the same."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from dlspec.resolve.chain import Step, step_digest
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.file_digests import file_digest, require_intact
from dlspec_pipelines.steps.json_documents import METRICS, RUN, read_document
from dlspec_pipelines.steps.promotion.promote import current_champion
from dlspec_pipelines.steps.records import Dataset, Evaluation, Start, TrainedModel, read_record
from dlspec_pipelines.steps.start import model_start_digests, vectors_digests
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import records_folder

# Raised when a step's code gives other results for the same plan.
STEP_VERSIONS: Mapping[Step, int] = {
    "dataset": 4,
    "model": 1,
    "evaluation": 4,
    "report": 1,
    "champion": 1,
}


def step_version(plan: Plan, step: Step) -> str:
    """Return what changes when a step would give another result for the same inputs.

    Args:
        plan: As it is run: with the backend that it runs on.
    """
    return f"{step_digest(plan, step)[:16]}-{STEP_VERSIONS[step]}"


def judged_version(plan: Plan) -> str:
    """Return what changes when an evaluation or the judgement of its gates would be another."""
    return f"{step_version(plan, 'evaluation')} {step_version(plan, 'champion')}"


def is_trained(plan: Plan) -> bool:
    """Return whether a model of this plan was trained, on whatever data: nothing but a hint."""
    version = step_version(plan, "model")
    return any(record.code_version == version for record in _records_of(plan, TrainedModel))


def trained_before(plan: Plan, dataset: Dataset, start: Start | None) -> TrainedModel | None:
    """Return a model of the same plan, data and start weights; None when its files are not whole.

    Equal versions give equal numbers, so it does not matter which of several it is.
    """
    begins = start and file_digest(Path(start.file))
    starts = (begins, model_start_digests(plan), vectors_digests(plan))
    wanted = (step_version(plan, "model"), dataset.digest, *starts)
    for record in _records_of(plan, TrainedModel):
        begun = record.start and record.start.digest
        models = {name: one.digest for name, one in record.models_from.items()}
        vectors = {name: one.digest for name, one in record.vectors_from.items()}
        made = (record.code_version, record.data, begun, models, vectors)
        if made == wanted and _is_whole(record):
            return record
    return None


def evaluated_before(plan: Plan, dataset: Dataset, model: TrainedModel) -> Evaluation | None:
    """Return an evaluation of the same model on the same data against the same champion."""
    wanted = (judged_version(plan), dataset.digest, model.weights)
    for record in _records_of(plan, Evaluation):
        found = (record.code_version, record.data, record.weights)
        if found == wanted and _stands(plan, record, model):
            return record
    return None


_Made = TypeVar("_Made", TrainedModel, Evaluation)


def _records_of(plan: Plan, kind: type[_Made]) -> Iterator[_Made]:
    step = "model" if kind is TrainedModel else "evaluation"
    for path in sorted(records_folder(plan.name, step).glob("*.json")):
        try:
            record = read_record(path)
        except StepError:
            # What cannot be read is made anew.
            continue
        if isinstance(record, kind):
            yield record


def _is_whole(model: TrainedModel) -> bool:
    try:
        read_document(Path(model.path, "run.json"), RUN)
        for name in ("model.keras", "spec.yaml", "history.csv"):
            require_intact(Path(model.path), name)
    except StepError:
        return False
    return True


def _stands(plan: Plan, evaluation: Evaluation, model: TrainedModel) -> bool:
    """Return whether the files are whole, and the champion is the one that it was compared with."""
    try:
        read_document(Path(evaluation.path, "metrics.json"), METRICS)
        require_intact(Path(evaluation.path), "predictions.parquet")
        champion = current_champion(plan.name)
    except StepError:
        return False
    compared = evaluation.comparison
    own = (evaluation.run, model.run)
    rival = None if champion is None or champion.run in own else champion.run
    asked = plan.evaluation is not None and plan.evaluation.champion is not None
    return not asked or rival is None or (compared is not None and compared.champion_run == rival)
