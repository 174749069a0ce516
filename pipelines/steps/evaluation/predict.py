"""Predictions for new data by the model of a run folder."""

import json
from pathlib import Path

import numpy as np

from pipelines.steps.datasets.table import Array, Table
from pipelines.steps.evaluation.forward import load_model, pack_inputs, predict_samples
from pipelines.steps.evaluation.predicted import Predicted, signature
from pipelines.steps.preparation.applying import apply
from pipelines.steps.preparation.fitting import labels, load_preparation
from pipelines.steps.problems import StepError


def predict(run_folder: Path, table: Table) -> Table:
    """Return a table of predictions, one row for each row of `table`, or for each window.

    The fitted preparation of the run is applied unchanged. Columns: `row` (of `table`; with
    windows, the first row of the forecast), `<target>`, and `<target>_probability` of the predicted
    class where the model gives probabilities. A class is given by its name where the spec lists
    names.

    Raises:
        StepError: If the run folder is not whole, a column is missing (DL611), or a value cannot
            become an element (DL613).
    """
    try:
        plan = json.loads((run_folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepError(
            f"`{run_folder}` is not the folder of a run: {error}",
            help="name a folder that holds model.keras, plan.json and preparation.json",
        ) from error
    signed = signature(plan)
    preparation = load_preparation(run_folder)
    applied = apply(preparation, table)
    predicted = predict_samples(
        load_model(run_folder, with_loss=False),
        pack_inputs(signed, applied.inputs),
        signature=signed,
        preparation=preparation,
    )
    columns: dict[str, Array] = {"row": np.asarray(applied.rows)}
    for target, p in predicted.items():
        columns |= _columns(target, p, labels(preparation, target))
    return Table(columns)


def _columns(target: str, p: Predicted, names: tuple[object, ...] | None) -> dict[str, Array]:
    guess = p.guess
    if p.kind == "number":
        guess = guess.astype(np.float32)
        guess = guess[:, 0] if guess.ndim == 2 and guess.shape[1] == 1 else guess
    if names is not None:
        guess = np.asarray(names, dtype=np.object_)[guess]
    columns = {target: guess}
    if p.probability is not None:
        columns[f"{target}_probability"] = _of_guess(p.probability, p.guess)
    return columns


def _of_guess(probability: Array, guess: Array) -> Array:
    """Return the probability of what was predicted."""
    if probability.ndim == 1:
        return np.where(guess == 1, probability, 1 - probability)
    return np.asarray(probability[np.arange(len(guess)), guess])
