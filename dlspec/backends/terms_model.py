"""A model that is trained on terms beside its losses; what predicts is a part of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from dlspec.backends.draw import Draw
from dlspec.backends.penalties_model import PenaltiesModel
from dlspec.language.kinds import Form


class TermsModel(PenaltiesModel):
    """A functional model that gives its outputs, its terms, and what further terms read.

    Its targets come as a mapping from their names. It is trained and measured, and never
    saved: `predicting` is, a model of stock layers which
    shares the weights.
    """

    def settle(
        self,
        weights_of_terms: Mapping[str, float],
        rest: keras.Model | None,
        read: Sequence[str],
        draws: Sequence[Draw],
    ) -> None:
        """Take what Keras's constructor does not, and make a running mean for each term.

        Args:
            weights_of_terms: The weight of each term.
            rest: The terms that read targets, as a model of `read` of this model and of targets;
                None where there are none.
            read: The names of the targets that `rest` reads.
            draws: The layers that draw at random.
        """
        self._term_weights = dict(weights_of_terms)
        self._rest = rest
        self._read_targets = list(read)
        self._draws = list(draws)
        self._term_means = [keras.metrics.Mean(name=name) for name in weights_of_terms]

    def learn(self, names: Sequence[str], form: Form) -> None:
        """Take which outputs have targets and losses, and the form in which those come."""
        # Keras names figures after these.
        self.output_names = list(names)
        self._form = form

    def reset_metrics(self) -> None:
        """Begin to measure: figures anew, on what the last measurement drew."""
        super().reset_metrics()
        for draw in self._draws:
            draw.begin_measuring()

    def compute_loss(
        self,
        x: Any = None,  # noqa: ANN401 - as Keras has it
        y: Any = None,  # noqa: ANN401 - as Keras has it
        y_pred: Any = None,  # noqa: ANN401 - as Keras has it
        sample_weight: Any = None,  # noqa: ANN401 - as Keras has it
        training: bool = True,  # noqa: FBT001, FBT002 - as Keras has it
    ) -> Any:  # noqa: ANN401 - as Keras has it
        """Return the losses with the terms, and note each term's mean."""
        told = y or {}
        total = self.compiled_losses(x, told, y_pred["outputs"], sample_weight)
        terms = self.values_of_terms(told, y_pred, training=training)
        for name, value in self.noted_terms(terms, self.rows_of(x)).items():
            total = total + self._term_weights[name] * value
        return total

    def compiled_losses(self, x: Any, told: Any, outputs: Any, sample_weight: Any) -> Any:  # noqa: ANN401 - as Keras has it
        """Return the losses of the outputs that have targets, with what layers add."""
        if self.output_names:
            asked = self._as_compiled(told), self._as_compiled(outputs)
            weights = None if sample_weight is None else self._as_compiled(sample_weight)
            return super().compute_loss(x, *asked, weights)
        total = sum((keras.ops.sum(loss) for loss in self.losses), keras.ops.zeros(()))
        self.note_penalties(self.rows_of(x))
        return total

    def noted_terms(self, terms: Mapping[str, Any], rows: Any) -> dict[str, Any]:  # noqa: ANN401 - tensors
        """Return the mean of each of these terms over a batch of so many rows, after noting it."""
        means = {}
        for mean in self._term_means:
            if mean.name in terms:
                value = keras.ops.cast(terms[mean.name], "float32")
                # A scalar stands for all samples of the batch.
                mean.update_state(value, sample_weight=None if value.shape else rows)
                means[mean.name] = keras.ops.mean(value)
        return means

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:  # noqa: ANN401 - as Keras has it
        """Update the metrics of the outputs."""
        if not self.output_names:
            return self.get_metrics_result()
        outputs = self._as_compiled(y_pred["outputs"])
        weights = None if sample_weight is None else self._as_compiled(sample_weight)
        return super().compute_metrics(x, self._as_compiled(y), outputs, weights)

    def values_of_terms(self, y: Any, y_pred: Any, *, training: bool) -> dict[str, Any]:  # noqa: ANN401 - tensors
        """Return all terms, those that read targets included."""
        known = dict(y_pred["terms"])
        if self._rest is not None:
            told = (keras.ops.convert_to_tensor(y[name]) for name in self._read_targets)
            read = [*y_pred["read"], *told]
            known |= self._rest(read, training=training)
        return known

    def _as_compiled(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - in the form of the losses
        """Return the outputs that have targets, or those targets, as the losses take them."""
        listed = [values[name] for name in self.output_names]
        if self._form == "mapping":
            return dict(zip(self.output_names, listed, strict=True))
        return listed[0] if self._form == "single" else listed
