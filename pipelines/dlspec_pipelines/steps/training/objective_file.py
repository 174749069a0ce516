"""What a run keeps of a training that `model.keras` cannot hold: the weights behind its terms."""

from pathlib import Path

import keras
import numpy as np

import dlspec
from dlspec.backends.penalties_model import PenaltiesModel
from dlspec.backends.terms_model import TermsModel
from dlspec.backends.training_objects import drop_losses
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.file_digests import require_intact

# All variables of the model that was trained, in its order; `model.keras` has those that predict.
OBJECTIVE_FILE = "objective.npz"


def saved_form(model: keras.Model, plan: Plan) -> keras.Model:
    """Return what a run saves: a model that predicts and that plain Keras loads."""
    if isinstance(model, TermsModel):
        return model.predicting
    saved = model.predicting if isinstance(model, PenaltiesModel) else model
    if plan.losses:
        drop_losses(saved)
    return saved


def save_objective(path: Path, model: keras.Model) -> None:
    """Write all variables of a model that is trained on terms."""
    variables = {f"{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(model.variables)}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **variables)


def load_objective(folder: Path, plan: Plan) -> keras.Model:
    """Return the model that a run trained, its terms included.

    Raises:
        StepError: If the file is missing or damaged.
    """
    path = require_intact(folder, OBJECTIVE_FILE)
    model = dlspec.compile(plan)
    with np.load(path, allow_pickle=False) as archive:
        for i, variable in enumerate(model.variables):
            variable.assign(archive[f"{i}"])
    return model
