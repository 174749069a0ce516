"""A model that is trained on terms beside its losses; what predicts is a part of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras


class TermsModel(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """A functional model that gives its outputs, its terms, and what further terms read.

    It is trained and measured, and never saved: `predicting` is, a model of stock layers which
    shares the weights.
    """

    def settle(
        self,
        predicting: Callable[[], keras.Model],
        weights_of_terms: Mapping[str, float],
        rest: keras.Model | None,
        read: Sequence[str],
        targets: Sequence[str],
    ) -> None:
        """Take what Keras's constructor does not, and make a running mean for each term.

        Args:
            predicting: What gives the model that predicts.
            weights_of_terms: The weight of each term.
            rest: The terms that read targets, as a model of `read` of this model and of targets;
                None where there are none.
            read: The names of the targets that `rest` reads.
            targets: The names of all targets, in the order in which they come.
        """
        # A function, because Keras would take the model for a layer of this one.
        self._predicting = predicting
        self._term_weights = dict(weights_of_terms)
        self._rest = rest
        self._read_targets, self._targets = list(read), list(targets)
        # Keras names figures after these: they are the outputs that have losses.
        self.output_names = list(targets)
        self._term_means = [keras.metrics.Mean(name=name) for name in weights_of_terms]

    @property
    def predicting(self) -> keras.Model:
        """Return the model that predicts."""
        return self._predicting()

    def compute_loss(
        self,
        x: Any = None,  # noqa: ANN401 - as Keras has it
        y: Any = None,  # noqa: ANN401 - as Keras has it
        y_pred: Any = None,  # noqa: ANN401 - as Keras has it
        sample_weight: Any = None,  # noqa: ANN401 - as Keras has it
        training: bool = True,  # noqa: FBT001, FBT002 - as Keras has it
    ) -> Any:  # noqa: ANN401 - as Keras has it
        """Return the losses with the terms, and note each term's mean."""
        if y is None:
            # Keras refuses to compute no loss; what layers add is no loss of an output.
            total = keras.ops.cast(sum(self.losses), "float32")
        else:
            total = super().compute_loss(x, y, y_pred["outputs"], sample_weight, training)
        terms = self._values_of_terms(y, y_pred, training=training)
        rows = keras.ops.shape(keras.tree.flatten(y_pred["outputs"])[0])[0]
        for mean in self._term_means:
            value = keras.ops.cast(terms[mean.name], "float32")
            # A scalar stands for all samples of the batch.
            mean.update_state(value, sample_weight=None if value.shape else rows)
            total = total + self._term_weights[mean.name] * keras.ops.mean(value)
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:  # noqa: ANN401 - as Keras has it
        """Update the metrics of the outputs; without targets there are none."""
        if y is None:
            return self.get_metrics_result()
        return super().compute_metrics(x, y, y_pred["outputs"], sample_weight)

    def _values_of_terms(self, y: Any, y_pred: Any, *, training: bool) -> dict[str, Any]:  # noqa: ANN401 - tensors
        known = dict(y_pred["terms"])
        if self._rest is not None:
            targets = self._targets_by_name(y)
            told = (keras.ops.convert_to_tensor(targets[name]) for name in self._read_targets)
            read = [*y_pred["read"], *told]
            known |= self._rest(read, training=training)
        return known

    def _targets_by_name(self, y: Any) -> dict[str, Any]:  # noqa: ANN401 - as Keras packs targets
        if isinstance(y, Mapping):
            return dict(y)
        listed = y if isinstance(y, list | tuple) else [y]
        return dict(zip(self._targets, listed, strict=True))
