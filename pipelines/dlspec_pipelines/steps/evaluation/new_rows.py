"""Predictions for new data by the model of a run folder."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.evaluation.beam_search import Sequences, said_until
from dlspec_pipelines.steps.evaluation.forecast_times import columns_of_windows
from dlspec_pipelines.steps.evaluation.forward import load_model, pack_inputs, predict_samples
from dlspec_pipelines.steps.evaluation.generated_sequences import (
    Asked,
    asked_of,
    generate_sequences,
    said_before,
)
from dlspec_pipelines.steps.evaluation.outputs import (
    PADDING,
    Predicted,
    Signature,
    signature_of_plan_document,
)
from dlspec_pipelines.steps.evaluation.sample_preparation import load_sample_preparation
from dlspec_pipelines.steps.evaluation.thresholds import stored_thresholds, with_thresholds
from dlspec_pipelines.steps.json_documents import PLAN, read_document
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import (
    Preparation,
    class_target_labels,
)
from dlspec_pipelines.steps.preparation.ids_as_text import telling_ids
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage


def predict_new_rows(
    run_folder: Path, table: Table, *, beam: int | None = None, length: int | None = None
) -> Table:
    """Return a table of predictions, one row for each row of `table`, or for each window.

    The fitted preparation of the run is applied unchanged. Columns: `row` (of `table`; with
    windows, the first row of the forecast, or the number of all rows where that is still to
    come), `<target>`, and `<target>_probability` where the
    model gives probabilities: of the predicted class, and of a binary that of 1. A class is
    given by its name where the spec lists names. Of labels, `<target>` has 0 or 1 and
    `<target>_probability` a number for each, and `<target>_text` those that hold, such as
    `red|round`. With `prediction.generate`, `<target>` holds the ids said before `stop`,
    `<target>_text` their words where the vocabulary knows them, and `<target>_score` their
    log-likelihood over the length penalty; the column of what has been said is not needed. Of a
    model that was trained with `CTC`, `<target>` and `<target>_text` hold what is decoded. A model
    of pairs reads one in each row, from the columns `left` and `right`. Of windows,
    `<target>_time` has the moment of each row of a forecast, also of those to come, and the column
    that tells series apart stands behind `row`.

    Args:
        beam: In the place of the spec's `prediction.generate.beam`, or that of `decode`.
        length: In the place of the spec's `prediction.generate.length`.

    Raises:
        StepError: If the run folder is not whole, a column is missing (DL611), a value cannot
            become an element (DL613), or the model cannot generate as asked.
    """
    if not (run_folder / "plan.json").is_file():
        raise StepError(
            f"`{run_folder}` is not the folder of a run: `plan.json` is missing",
            help="name a folder that holds model.keras, plan.json and preparation.json",
        )
    plan = read_document(run_folder / "plan.json", PLAN)
    signed = with_thresholds(signature_of_plan_document(plan), stored_thresholds(run_folder))
    signed = _decoded_with(signed, beam)
    asked = _generation_asked(plan, signed, beam, length)
    preparation = load_sample_preparation(run_folder)
    applied = apply_preparation(_without_said(preparation, asked), table)
    model = load_model(run_folder, with_loss=False)
    columns: dict[str, Array] = {"row": np.asarray(applied.rows)}
    columns |= columns_of_windows(preparation, table)
    inputs: Mapping[str, Array] = applied.inputs
    if asked is not None:
        rows = len(applied.rows)
        said = generate_sequences(model, inputs, samples=rows, signed=signed, asked=asked)
        columns |= _generated_columns(said, asked, preparation)
        inputs = {**inputs, asked.input: said_before(said.ids, asked)}
    if asked is None or len(signed.heads) > 1:
        samples = pack_inputs(signed, inputs)
        predicted = predict_samples(model, samples, signature=signed, preparation=preparation)
        for target, p in predicted.items():
            if p.kind == "sequence":
                columns |= _decoded_columns(target, p, preparation.targets[target])
            elif asked is None or target != asked.output:
                columns |= _prediction_columns(target, p, class_target_labels(preparation, target))
    return Table(columns)


def predict_new_pictures(run_folder: Path, table: Table) -> tuple[Array, dict[str, Predicted]]:
    """Return the number of each row of `table`, and what the model says of each target.

    Raises:
        StepError: As of `predict_new_rows`.
    """
    plan = read_document(run_folder / "plan.json", PLAN)
    signed = with_thresholds(signature_of_plan_document(plan), stored_thresholds(run_folder))
    preparation = load_sample_preparation(run_folder)
    applied = apply_preparation(preparation, table)
    model = load_model(run_folder, with_loss=False)
    samples = pack_inputs(signed, applied.inputs)
    predicted = predict_samples(model, samples, signature=signed, preparation=preparation)
    return np.asarray(applied.rows), predicted


def _decoded_with(signed: Signature, beam: int | None) -> Signature:
    """Return a signature whose sequences are decoded with a beam, where one is asked for."""
    if beam is None:
        return signed
    return replace(signed, heads=tuple(replace(head, beam=beam) for head in signed.heads))


def _generation_asked(
    plan: Mapping[str, Any], signed: Signature, beam: int | None, length: int | None
) -> Asked | None:
    asked = asked_of(plan, beam=beam, length=length)
    decodes = any(head.kind == "sequence" for head in signed.heads)
    if asked is None and decodes and length is not None:
        raise WrongUsage(
            f"`{plan['name']}` decodes ids from steps: `--length` changes nothing",
            help="leave it out",
        )
    if asked is None and not decodes and (beam is not None or length is not None):
        raise WrongUsage(
            f"`{plan['name']}` generates no ids: `--beam` and `--length` change nothing",
            help="leave them out, or train a spec with `prediction.generate`",
        )
    return asked


def _without_said(preparation: Preparation, asked: Asked | None) -> Preparation:
    """Return a preparation that does not ask for what the model will say itself."""
    if asked is None:
        return preparation
    kept = {name: one for name, one in preparation.inputs.items() if name != asked.input}
    return replace(preparation, inputs=kept)


def _generated_columns(said: Sequences, asked: Asked, preparation: Preparation) -> dict[str, Array]:
    """Return the generated ids, one list for each row, their words, and their scores."""
    lists, texts = np.empty((2, len(said.ids)), dtype=np.object_)
    told = telling_ids(preparation.targets[asked.output])
    for row, ids in enumerate(said.ids):
        lists[row] = ids[: said_until(ids, asked.rules)].tolist()
        texts[row] = told(lists[row]) if told else None
    columns = {asked.output: lists} | ({f"{asked.output}_text": texts} if told else {})
    return columns | {f"{asked.output}_score": said.scores.astype(np.float32)}


def _decoded_columns(target: str, p: Predicted, fitted: Fitted) -> dict[str, Array]:
    """Return the decoded ids, one list for each row, and their texts."""
    lists, texts = np.empty((2, len(p.guess)), dtype=np.object_)
    told = telling_ids(fitted)
    for row, ids in enumerate(p.guess):
        lists[row] = ids[ids != PADDING].tolist()
        texts[row] = told(lists[row]) if told else None
    return {target: lists} | ({f"{target}_text": texts} if told else {})


def _prediction_columns(
    target: str, p: Predicted, names: tuple[object, ...] | None
) -> dict[str, Array]:
    guess = p.guess
    if p.kind == "labels":
        return _label_columns(target, p, names)
    if p.kind == "number":
        guess = guess.astype(np.float32)
        guess = guess[:, 0] if guess.ndim == 2 and guess.shape[1] == 1 else guess
    if names is not None:
        guess = np.asarray(names, dtype=np.object_)[guess]
    columns = {target: guess}
    if p.probability is not None:
        columns[f"{target}_probability"] = _told_probability(p.probability, p.guess)
    return columns


def _label_columns(target: str, p: Predicted, names: tuple[object, ...] | None) -> dict[str, Array]:
    """Return which labels hold, with their names, and the probability of each."""
    called = [str(name) for name in names or range(p.guess.shape[1])]
    texts = np.empty(len(p.guess), dtype=np.object_)
    for row, held in enumerate(p.guess):
        texts[row] = "|".join(called[place] for place in np.flatnonzero(held))
    columns = {target: p.guess, f"{target}_text": texts}
    if p.probability is not None:
        columns[f"{target}_probability"] = p.probability
    return columns


def _told_probability(probability: Array, guess: Array) -> Array:
    """Return the probability of the predicted class; of a binary that of 1, whatever is guessed."""
    if probability.ndim == 1:
        return probability
    return np.asarray(probability[np.arange(len(guess)), guess])
