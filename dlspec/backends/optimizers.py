"""The optimizers of a compiled model, each with the variables that it moves."""

from collections.abc import Sequence
from typing import Any

import keras

from dlspec.backends.turns_model import TurnsModel


def optimizers_of(model: keras.Model) -> list[tuple[keras.optimizers.Optimizer, Sequence[Any]]]:
    """Return the optimizers of a model in order: one, or that of each of its turns."""
    if isinstance(model, TurnsModel):
        return [(turn.optimizer, turn.variables) for turn in model.turns]
    return [(model.optimizer, model.trainable_variables)]


def optimizer_variables(model: keras.Model) -> list[Any]:
    """Return the states of all optimizers of a model, in order."""
    return [variable for optimizer, _ in optimizers_of(model) for variable in optimizer.variables]
