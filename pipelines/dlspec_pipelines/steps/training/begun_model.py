"""A plan's model before its first step: compiled, and with the weights that it begins with."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras

import dlspec
from dlspec.backends.compile_plan import with_named_penalties
from dlspec.backends.optimizers import optimizers_of
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Samples
from dlspec_pipelines.steps.engine.metric_variables import make_metric_variables
from dlspec_pipelines.steps.records import BegunRows, Dataset, Start, Started
from dlspec_pipelines.steps.training.begun_rows import begin_rows_with_vectors, begun_rows_line
from dlspec_pipelines.steps.training.progress import Listener, Notice
from dlspec_pipelines.steps.training.start_weights import (
    begin_models_with_weights,
    begin_with_weights,
)


@dataclass(frozen=True, slots=True, eq=False)
class BegunModel:
    """A compiled model, and where its weights come from.

    Attributes:
        taken: What became of the weights that the whole model begins with; None for fresh ones.
        models: The same of the models inside it, by name.
        rows: The rows of embeddings that begin with vectors, by layer.
    """

    model: keras.Model
    taken: Started | None
    models: Mapping[str, Started]
    rows: Mapping[str, BegunRows]


def begin_model(
    plan: Plan, dataset: Dataset, start: Start | None, *, listen: Listener
) -> BegunModel:
    """Compile the model of a plan, give it the weights it begins with, and tell of them.

    Args:
        start: Earlier weights for the whole model; None begins with fresh ones.

    Raises:
        StepError: If weights or vectors are not there, or do not fit.
    """
    model = dlspec.compile(plan)
    models = begin_models_with_weights(model, plan)
    rows = begin_rows_with_vectors(model, plan, dataset)
    for layer, vectors in rows.items():
        listen(Notice(begun_rows_line(layer, vectors)))
    taken = None if start is None else begin_with_weights(model, start)
    for told in (*models.values(), *((taken,) if taken else ())):
        listen(told)
    return BegunModel(with_named_penalties(model, plan), taken, models, rows)


def build_training_variables(model: keras.Model, data: Samples) -> None:
    """Make every variable of optimizers, loss and metrics, so that values can be put into them."""
    make_metric_variables(model, data)
    for optimizer, variables in optimizers_of(model):
        optimizer.build(variables)
