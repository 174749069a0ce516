"""What a training leaves behind: the files of its run folder."""

import csv
import hashlib
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras

from dlspec.backends.saved.shared_layers import save_with_shared_layers
from dlspec.language.turns import is_learning_rate
from dlspec.resolve.plan import Plan, canonical_data, canonical_digest
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.engine import determinism as machine
from dlspec_pipelines.steps.engine.determinism import total_flops
from dlspec_pipelines.steps.file_digests import write_file_digests
from dlspec_pipelines.steps.json_documents import PLAN, RUN, document_text
from dlspec_pipelines.steps.records import BegunRows, Dataset, KeptWeights, Started, TrainedModel
from dlspec_pipelines.steps.reuse import step_version
from dlspec_pipelines.steps.run_numbers import note_run_number
from dlspec_pipelines.steps.training.objective_file import (
    OBJECTIVE_FILE,
    save_objective,
    saved_form,
)
from dlspec_pipelines.steps.training.written_files import WrittenFiles

_FIRST_COLUMNS = ("epoch", "loss")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run is called and was made from: the spec as compiled, and what `--set` changed."""

    run: str
    spec_text: str
    sets: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training went.

    Attributes:
        started: When this process began it, as ISO 8601 in UTC.
        seconds: Training time, that before an interruption included.
        continued_from_epoch: Epochs taken over from a checkpoint.
        samples: Training samples in an epoch.
        kept: Whose weights the model has.
        start: What was taken from earlier weights; None when there were none.
        begun: What each model took that the spec lets begin with weights, by its name.
        rows: What became of the words of each embedding that begins with vectors.
        files: What the callbacks wrote.
    """

    started: str
    seconds: float
    history: Sequence[Mapping[str, float]]
    continued_from_epoch: int
    samples: int
    kept: KeptWeights
    start: Started | None
    begun: Mapping[str, Started]
    rows: Mapping[str, BegunRows]
    files: WrittenFiles


def weights_digest(model: keras.Model) -> str:
    """Return the SHA-256 of a model's weights: of the arrays, since file bytes differ by run."""
    total = hashlib.sha256()
    for variable in model.weights:
        array = keras.ops.convert_to_numpy(variable)
        total.update(f"{array.dtype}{array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def write_run(
    model: keras.Model, plan: Plan, *, dataset: Dataset, origin: Origin, outcome: Outcome
) -> TrainedModel:
    """Make the run folder appear, whole, and return its record.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    folder = store.run_folder(plan.name, origin.run)
    predicting = saved_form(model, plan)
    weights = weights_digest(predicting)
    facts = _run_facts(model, plan, dataset=dataset, origin=origin, outcome=outcome)
    note_run_number(plan.name, origin.run)
    with store.whole_folder(folder, needed=_bytes_of_run_folder(model)) as aside:
        save_with_shared_layers(predicting, aside / "model.keras")
        if plan.objective is not None:
            save_objective(aside / OBJECTIVE_FILE, model)
        (aside / "spec.yaml").write_text(origin.spec_text, encoding="utf-8")
        (aside / "plan.json").write_text(plan_document(plan), encoding="utf-8")
        shutil.copyfile(Path(dataset.path) / "preparation.json", aside / "preparation.json")
        (aside / "history.csv").write_text(history_csv(outcome.history), encoding="utf-8")
        about = document_text(RUN, {"run": origin.run, "weights": weights, **facts})
        (aside / "run.json").write_text(about, encoding="utf-8")
        outcome.files.move_into(aside)
        own = () if plan.objective is None else (OBJECTIVE_FILE,)
        write_file_digests(aside, ("model.keras", "spec.yaml", "history.csv", *own))
    last = outcome.history[-1]
    return TrainedModel(
        run=origin.run,
        path=os.fspath(folder),
        name=plan.name,
        weights=weights,
        dataset=dataset.fingerprint,
        epochs=len(outcome.history),
        seconds=outcome.seconds,
        parameters=predicting.count_params(),
        flops=total_flops(plan),
        continued_from_epoch=outcome.continued_from_epoch,
        history={name: value for name, value in last.items() if name not in ("epoch", "seconds")},
        start=outcome.start,
        models_from=outcome.begun,
        vectors_from=outcome.rows,
        code_version=step_version(plan, "model"),
        data=dataset.digest,
        kept=outcome.kept,
    )


def plan_document(plan: Plan) -> str:
    """Return a plan as the text of plan.json."""
    content = canonical_data(plan)
    assert isinstance(content, dict)
    return document_text(PLAN, content)


def history_csv(history: Sequence[Mapping[str, float]]) -> str:
    """Return the figures of all epochs as CSV, numbers with all their digits."""
    named = dict.fromkeys(name for row in history for name in row)
    last = [*(name for name in named if is_learning_rate(name)), "seconds"]
    between = [name for name in named if name not in (*_FIRST_COLUMNS, *last)]
    columns = [*_FIRST_COLUMNS, *between, *last]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def _run_facts(
    model: keras.Model, plan: Plan, *, dataset: Dataset, origin: Origin, outcome: Outcome
) -> dict[str, object]:
    assert plan.training is not None
    seconds = sum(row["seconds"] for row in outcome.history)
    return {
        "name": plan.name,
        "seed": plan.training.seed,
        **({"set": canonical_data(origin.sets)} if origin.sets else {}),
        "digests": {
            "spec": hashlib.sha256(origin.spec_text.encode()).hexdigest(),
            "plan": canonical_digest(plan),
            "data": dataset.digest,
            "dataset": dataset.fingerprint,
        },
        "backend": keras.config.backend(),
        "versions": machine.software_versions(),
        "host": asdict(machine.describe_machine(model, plan.runtime)),
        "started": outcome.started,
        "seconds": outcome.seconds,
        "epochs": len(outcome.history),
        "continued_from_epoch": outcome.continued_from_epoch,
        "kept_weights": asdict(outcome.kept),
        "samples_per_second": outcome.samples * len(outcome.history) / max(seconds, 1e-9),
        "rows": dict(dataset.rows),
        "parameters": model.count_params(),
        "flops": total_flops(plan),
        **({"weights_from": asdict(outcome.start)} if outcome.start else {}),
        **(
            {"models_from": {n: asdict(s) for n, s in outcome.begun.items()}}
            if outcome.begun
            else {}
        ),
        **(
            {"vectors_from": {n: asdict(v) for n, v in outcome.rows.items()}}
            if outcome.rows
            else {}
        ),
    }


def _bytes_of_run_folder(model: keras.Model) -> int:
    # Weights and up to two moments of each in the optimizer, four bytes a number.
    return 3 * 4 * int(model.count_params())
