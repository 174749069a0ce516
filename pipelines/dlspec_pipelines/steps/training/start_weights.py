"""The weights a training begins with: those of an earlier run or of a file, where they fit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from dlspec.backends.saved.kept_weights import transfer_saved_model
from dlspec.backends.turns_model import TurnsModel
from dlspec.backends.weights import WeightsError, read_weights, transfer_weights
from dlspec.backends.weights.application_weights import transfer_application_weights
from dlspec.backends.weights.matched_layers import NOT_THERE, Transfer
from dlspec.resolve.model_starts import ModelStart
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.file_digests import file_digest
from dlspec_pipelines.steps.records import Start, Started
from dlspec_pipelines.steps.start import find_model_start
from dlspec_pipelines.steps.step_errors import StepError


def start_digest(start: Start) -> str:
    """Return the SHA-256 of the file that weights come from.

    Raises:
        StepError: If it cannot be read.
    """
    try:
        return file_digest(Path(start.file))
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
    try:
        with followers_copied_again(model):
            found = transfer_weights(model, read_weights(Path(start.file)))
    except WeightsError as problem:
        told = problem.message.replace(start.file, start.source)
        raise StepError(told, help=problem.help) from problem
    return _started(start, found)


@contextmanager
def followers_copied_again(model: keras.Model) -> Iterator[None]:
    """Let followers for which nothing is there be copies of what they follow, as it is then."""
    followers = model.followers if isinstance(model, TurnsModel) else []
    before = [follower.model.get_weights() for follower in followers]
    yield
    for follower, weights in zip(followers, before, strict=True):
        if all(map(np.array_equal, weights, follower.model.get_weights())):
            follower.begin()


def begin_models_with_weights(model: keras.Model, plan: Plan) -> dict[str, Started]:
    """Give the models inside a model the weights that the plan says, and return what became of it.

    Raises:
        StepError: If there are no such weights, or a layer finds none that fit (DL615).
    """
    with followers_copied_again(model):
        return {one.model: _begin_inner_model(model, one) for one in plan.starts}


def inner_model(model: keras.Model, names: Sequence[str]) -> keras.Model:
    """Return a model inside a model by its name after those of the models around it.

    One that others share may be called by them alone.
    """
    for name in names:
        model = next(
            layer
            for layer in model._flatten_layers(include_self=False)
            if isinstance(layer, keras.Model) and layer.name == name
        )
    return model


def _begin_inner_model(model: keras.Model, asked: ModelStart) -> Started:
    inner = inner_model(model, asked.model.split("/"))
    start = find_model_start(asked)
    message = f"the model `{asked.model}` cannot begin with the weights of `{start.source}`"
    try:
        found = _transfer_asked_weights(inner, asked, Path(start.file))
    except WeightsError as problem:
        told = problem.message.replace(start.file, start.source)
        raise StepError(f"{message}: {told}", code="DL615", help=problem.help) from problem
    if found.initialised:
        name, reason = next(iter(found.initialised.items()))
        told = f"`{name}` {'is' if reason == NOT_THERE else 'has'} {reason}"
        raise StepError(
            f"{message}: {told}",
            code="DL615",
            help="take model and weights from one spec with the same params, or cut the model off "
            "before that layer with `until`",
        )
    return _started(start, found)


def _transfer_asked_weights(inner: keras.Model, asked: ModelStart, file: Path) -> Transfer:
    if asked.lifted:
        return transfer_saved_model(inner, file)
    stored = read_weights(file)
    if asked.published is not None:
        return transfer_application_weights(inner, stored, asked.published)
    return transfer_weights(inner, stored)


def _started(start: Start, found: Transfer) -> Started:
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
