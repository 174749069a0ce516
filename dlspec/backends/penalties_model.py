"""A model that tells by name what its layers add to its loss: regularizers and `add_loss`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from dlspec.backends.batch_augmentation import BatchAugmentation
from dlspec.language.penalty_figures import REGULARIZATION
from dlspec.resolve.penalties import Penalty, penalties_of_calls, penalty_figures
from dlspec.resolve.plan import Graph


@dataclass(frozen=True, slots=True)
class PenalizedLayer:
    """A layer that may add to the loss as it is called, and the name of the figure that tells."""

    figure: str
    layer: keras.Layer


class PenaltiesModel(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """A functional model that has a running mean of each kind of what its layers add.

    It may vary the batches that it is trained on.
    It is trained and measured with the numbers of a stock model, and never saved: `predicting`
    is, a model of stock layers which shares the weights.
    """

    _penalties: Sequence[PenalizedLayer] = ()
    _penalty_means: Sequence[keras.metrics.Mean] = ()
    # The figure of each of `losses` as a step computed them last.
    _figures_of_losses: tuple[str, ...] = ()
    # Those that have been noted: what a layer of a project adds shows only when it is called.
    _noted_penalties: frozenset[str] = frozenset()
    _augmentation: BatchAugmentation | None = None

    def tell_penalties(self, predicting: Callable[[], keras.Model], graph: Graph) -> None:
        """Take what gives the model that predicts, and whose layers add what: those of a graph."""
        # A function, because Keras would take the model for a layer of this one.
        self._predicting = predicting
        own = {layer.name for layer in self.layers}
        # In a record each, which Keras does not look into: their layers are parts of this model.
        self._penalties = [
            PenalizedLayer(penalty.figure, _layer_of(penalty, self))
            for penalty in penalties_of_calls(graph)
            if (*penalty.models, penalty.layer)[0] in own
        ]
        self._penalty_means = [keras.metrics.Mean(name=name) for name in penalty_figures(graph)]

    def augment_batches(self, augmentation: BatchAugmentation) -> None:
        """Take what varies each batch of a training."""
        self._augmentation = augmentation
        # Here Keras finds them, and with them the states of what they draw.
        self._augmenting_layers = [one.layer for one in augmentation.layers]

    def train_step(self, *given: Any) -> Any:  # noqa: ANN401 - as Keras has it: on jax a state first
        """Move the weights once, on a batch that is varied first, and return the figures."""
        return super().train_step(*self.with_augmented_batch(*given))

    def with_augmented_batch(self, *given: Any) -> tuple[Any, ...]:  # noqa: ANN401 - what a step is given
        """Return what a training step is given, with its batch varied."""
        if self._augmentation is None:
            return given
        *states, data = given
        if not states:
            return (self._augmentation.augmented_batch(data),)
        # On JAX what is drawn from travels with the state.
        (trained, others, *rest) = states[0]
        variables = self.non_trainable_variables
        with keras.StatelessScope(zip(variables, others, strict=True)) as scope:
            data = self._augmentation.augmented_batch(data)
        others = [scope.get_current_value(variable) for variable in variables]
        return ((trained, others, *rest), data)

    @property
    def predicting(self) -> keras.Model:
        """Return the model that predicts."""
        return self._predicting()

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Keras has it
        """Save the model that predicts, which plain Keras loads."""
        self.predicting.save(*args, **kwargs)

    def save_weights(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Keras has it
        """Save the weights of the model that predicts."""
        self.predicting.save_weights(*args, **kwargs)

    @property
    def losses(self) -> list[Any]:
        """Return what layers add to the loss; whose each is, is kept for `note_penalties`."""
        found: list[Any] = super().losses
        # JAX hands on what a forward pass has found before.
        if not self._losses_override:
            figures = {id(loss): one.figure for one in self._penalties for loss in one.layer.losses}
            self._figures_of_losses = tuple(figures.get(id(loss), REGULARIZATION) for loss in found)
        return found

    @property
    def noted_penalties(self) -> tuple[str, ...]:
        """Return the figures of what layers have added so far."""
        return tuple(m.name for m in self._penalty_means if m.name in self._noted_penalties)

    def added_by_layers(self) -> dict[str, Any]:
        """Return the sum of each kind of what layers add, after the last call."""
        sums: dict[str, Any] = {}
        losses = self.losses
        for figure, loss in zip(self._figures_of_losses, losses, strict=True):
            value = keras.ops.sum(keras.ops.cast(loss, "float32"))
            sums[figure] = sums[figure] + value if figure in sums else value
        return sums

    def note_penalties(self, rows: Any) -> None:  # noqa: ANN401 - a tensor
        """Note what layers add to the loss of a batch of so many rows."""
        if not self._penalty_means:
            return
        sums = self.added_by_layers()
        for mean in self._penalty_means:
            if mean.name in sums:
                mean.update_state(sums[mean.name], sample_weight=rows)
        self._noted_penalties |= frozenset(sums)

    def compute_loss(
        self,
        x: Any = None,  # noqa: ANN401 - as Keras has it
        y: Any = None,  # noqa: ANN401 - as Keras has it
        y_pred: Any = None,  # noqa: ANN401 - as Keras has it
        sample_weight: Any = None,  # noqa: ANN401 - as Keras has it
        training: bool = True,  # noqa: FBT001, FBT002 - as Keras has it
    ) -> Any:  # noqa: ANN401 - as Keras has it
        """Return the loss as Keras computes it, and note what layers add to it."""
        total = super().compute_loss(x, y, y_pred, sample_weight, training)
        self.note_penalties(self.rows_of(x))
        return total

    def get_metrics_result(self) -> Mapping[str, Any]:
        """Return the figures: of penalties those that were added."""
        missing = {m.name for m in self._penalty_means} - self._noted_penalties
        found = super().get_metrics_result()
        return {name: value for name, value in found.items() if name not in missing}

    def rows_of(self, x: Any) -> Any:  # noqa: ANN401 - a tensor
        """Return how many samples a batch has."""
        return keras.ops.shape(keras.tree.flatten(x)[0])[0]


def _layer_of(penalty: Penalty, model: keras.Model) -> keras.Layer:
    for name in penalty.models:
        model = model.get_layer(name)
    return model.get_layer(penalty.layer)
