"""A model whose weights are moved in turns, and whose models follow others, in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from dlspec.backends.terms_model import TermsModel
from dlspec.resolve.plan import PlannedTurn

if keras.config.backend() == "tensorflow":
    from dlspec.backends.turn_steps_on_tensorflow import run_step_on_tensorflow as run_training_step
if keras.config.backend() == "jax":
    from dlspec.backends.turn_steps_on_jax import run_step_on_jax as run_training_step
if keras.config.backend() == "torch":
    from dlspec.backends.turn_steps_on_torch import run_step_on_torch as run_training_step


@dataclass(slots=True, eq=False)
class RunningTurn:
    """A turn over Keras's own objects.

    Attributes:
        model: Inputs and targets by name -> the terms of the turn, and the outputs, by name.
        variables: What the turn moves.
        optimizer: What moves them; it is made when the model is compiled.
    """

    planned: PlannedTurn
    model: keras.Model
    variables: Sequence[Any]
    optimizer: keras.optimizers.Optimizer | None = None


@dataclass(frozen=True, slots=True)
class Follower:
    """A model whose weights follow those of another."""

    model: keras.Model
    followed: keras.Model
    momentum: float

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """Return each weight beside the one that it follows, moving averages included."""
        return list(zip(self.model.weights, self.followed.weights, strict=True))

    def begin(self) -> None:
        """Begin as a copy of what is followed."""
        for own, other in self.pairs:
            # Two variables that share memory could not both be handed on to a step of JAX.
            own.assign(keras.ops.copy(other))

    def moved(self, own: Any, other: Any) -> Any:  # noqa: ANN401 - tensors
        """Return a weight after one step; what is no number with a fraction is taken over."""
        if "float" not in keras.backend.standardize_dtype(own.dtype):
            return other
        return self.momentum * own + (1 - self.momentum) * other


class TurnsModel(TermsModel):
    """A model of terms, trained in turns, or all at once while models follow others."""

    def settle_turns(
        self,
        turns: Sequence[RunningTurn],
        followers: Sequence[Follower],
        *,
        inputs: Sequence[str],
        told: bool,
    ) -> None:
        """Take the turns of a step and what follows after them.

        Args:
            inputs: The names of the inputs, in order.
            told: Whether the turns are those of the spec, with figures of their own.
        """
        # In a record each, which Keras does not look into: their models are parts of this one.
        self.turns = list(turns)
        self.followers = list(followers)
        self._names_of_inputs = list(inputs)
        names = [f"{turn.planned.name}_loss" for turn in turns if told]
        self._turn_means = [keras.metrics.Mean(name=name) for name in names]

    def begin_turns(self, optimizers: Sequence[keras.optimizers.Optimizer]) -> None:
        """Take the optimizers of the turns; the model was compiled with that of the first."""
        for turn, optimizer in zip(self.turns, optimizers, strict=True):
            turn.optimizer = optimizer

    def train_step(self, *given: Any) -> Any:  # noqa: ANN401 - as Keras has it: on jax a state first
        """Let each turn move its weights, then the followers follow, and return the figures."""
        return run_training_step(self, *self.with_augmented_batch(*given))

    def loss_of_turn(self, number: int, x: Any, y: Any, sample_weight: Any) -> Any:  # noqa: ANN401 - as Keras has it
        """Return what a turn minimises, on a forward pass of its own, and note its figures."""
        turn = self.turns[number]
        # Those that layers have added in another turn.
        self._clear_losses()
        told = {name: keras.ops.convert_to_tensor(value) for name, value in (y or {}).items()}
        given = self._inputs_by_name(x) | {f"target.{name}": value for name, value in told.items()}
        known = {name: given[name] for name in turn.model.input}
        made = turn.model(known, training=True)
        total = keras.ops.zeros(())
        if turn.planned.loss and self.output_names:
            total = self.compiled_losses(x, told, made["outputs"], sample_weight)
            self.compute_metrics(x, told, made, sample_weight)
        else:
            total = sum((keras.ops.sum(loss) for loss in self.losses), total)
            self.note_penalties(self.rows_of(x))
        rows = self.rows_of(x)
        values = self.noted_terms(made["terms"], rows)
        total = total + _weighted(turn.planned, values)
        if self._turn_means:
            self._turn_means[number].update_state(total, sample_weight=rows)
        return total

    def _inputs_by_name(self, x: Any) -> dict[str, Any]:  # noqa: ANN401 - in the form of the inputs
        if isinstance(x, Mapping):
            return dict(x)
        listed = x if isinstance(x, list | tuple) else [x]
        return dict(zip(self._names_of_inputs, listed, strict=True))

    def note_step(self, total: Any, x: Any) -> None:  # noqa: ANN401 - tensors
        """Note what all turns of a step have minimised."""
        tracker = next(metric for metric in self.metrics if metric.name == "loss")
        tracker.update_state(total, sample_weight=self.rows_of(x))

    def compute_loss(
        self,
        x: Any = None,  # noqa: ANN401 - as Keras has it
        y: Any = None,  # noqa: ANN401 - as Keras has it
        y_pred: Any = None,  # noqa: ANN401 - as Keras has it
        sample_weight: Any = None,  # noqa: ANN401 - as Keras has it
        training: bool = True,  # noqa: FBT001, FBT002 - as Keras has it
    ) -> Any:  # noqa: ANN401 - as Keras has it
        """Return the sum of what the turns minimise, as measuring asks for it."""
        told = y or {}
        losses = self.compiled_losses(x, told, y_pred["outputs"], sample_weight)
        rows = self.rows_of(x)
        values = self.noted_terms(self.values_of_terms(told, y_pred, training=training), rows)
        total = keras.ops.zeros(())
        for i, turn in enumerate(self.turns):
            share = _weighted(turn.planned, values) + (losses if turn.planned.loss else 0.0)
            if self._turn_means:
                self._turn_means[i].update_state(share, sample_weight=rows)
            total = total + share
        return total


def _weighted(planned: PlannedTurn, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a tensor
    return sum((weight * values[name] for name, weight in planned.terms), keras.ops.zeros(()))
