"""The weights a training begins with: those of an earlier run or of a file, where they fit."""

import hashlib
from pathlib import Path

import keras
import numpy as np

from dlspec.backends.turns_model import TurnsModel
from dlspec.backends.weights import WeightsError, read_weights, transfer_weights
from dlspec_pipelines.steps.records import Start, Started
from dlspec_pipelines.steps.step_errors import StepError


def start_digest(start: Start) -> str:
    """Return the SHA-256 of the file that weights come from.

    Raises:
        StepError: If it cannot be read.
    """
    try:
        with Path(start.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StepError(
            f"the weights of `{start.source}` cannot be read: {error.strerror}",
            help="name a run or a file that is there",
        ) from error


def begin_with_weights(model: keras.Model, start: Start) -> Started:
    """Give a model earlier weights where they fit, and return what became of each layer.

    Raises:
        StepError: If the file holds no weights, or none that fit.
    """
    followers = model.followers if isinstance(model, TurnsModel) else []
    before = [follower.model.get_weights() for follower in followers]
    try:
        found = transfer_weights(model, read_weights(Path(start.file)))
    except WeightsError as problem:
        told = problem.message.replace(start.file, start.source)
        raise StepError(told, help=problem.help) from problem
    for follower, weights in zip(followers, before, strict=True):
        if all(map(np.array_equal, weights, follower.model.get_weights())):
            # Nothing was there for it: it is a copy of what it follows, as that is now.
            follower.begin()
    return Started(
        source=start.source,
        run=start.run,
        digest=start_digest(start),
        by=found.by,
        parameters=found.parameters,
        taken=found.taken,
        initialised=found.initialised,
        left=found.left,
    )
