"""What an evaluation counts of outputs as they come: metrics of Keras, in its own classes."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from dlspec.backends.keras_objects import build_object
from dlspec.language.features import Feature
from dlspec.language.figures import AskedMetric, measured_targets
from dlspec.language.metrics import OUTPUT_METRICS
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.class_metrics import Counts
from dlspec_pipelines.steps.evaluation.measures import Measures, finite_or_reason
from dlspec_pipelines.steps.evaluation.outputs import PADDING, signature_of


class KerasFigures:
    """Figures of outputs that come some samples at a time; state, as they come."""

    def __init__(
        self,
        asked: Mapping[str, AskedMetric],
        targets: Mapping[str, Feature],
        *,
        logits: Collection[str] = (),
    ) -> None:
        """Take the metrics by their figures' names, and the targets that are learned.

        Args:
            logits: The targets of which the model gives logits.
        """
        self._made = {
            name: {
                target: built_metric(metric, from_logits=target in logits)
                for target in measured_targets(metric, targets)
            }
            for name, metric in asked.items()
        }

    def add(self, target: str, true: Array, output: Array) -> None:
        """Count the next samples of a target in."""
        for metrics in self._made.values():
            if target in metrics:
                metrics[target].update_state(true, output)

    def measures(self) -> Measures:
        """Return the figures of all samples, as those of the language's own metrics are noted."""
        measured = Measures()
        for name, metrics in self._made.items():
            values = {
                target: finite_or_reason(_result(metric), name=name)
                for target, metric in metrics.items()
            }
            measured.note_targets(name, values)
        return measured


def asked_of_keras(plan: Plan) -> KerasFigures:
    """Return the figures that a plan asks of Keras, of none of the samples yet."""
    asked = plan.evaluation.output_metrics if plan.evaluation is not None else {}
    logits = [head.name for head in signature_of(plan).heads if head.from_logits]
    return KerasFigures(asked, learned_targets(plan), logits=logits)


def built_metric(metric: AskedMetric, *, from_logits: bool) -> keras.metrics.Metric:
    """Return what counts outputs as they come: Keras's class, or one for the language's metric.

    Args:
        from_logits: Whether the model gives logits; a metric of Keras says so itself.
    """
    if isinstance(metric, str):
        return _OF_OUTPUTS[metric](from_logits=from_logits)
    made: keras.metrics.Metric = build_object(metric)
    return made


def learned_targets(plan: Plan) -> dict[str, Feature]:
    """Return the targets that outputs of a plan have place by place, as Keras's metrics read."""
    assert plan.data is not None
    targets = plan.data.model_targets
    placed = (name for name in plan.learned if name not in plan.aligned)
    return {name: targets[name] for name in placed if name in targets}


class Perplexity(keras.metrics.Metric):  # type: ignore[misc]  # keras has no types
    """The exponential of the mean crossentropy of ids, padding left out."""

    def __init__(self, *, from_logits: bool) -> None:
        super().__init__(name="perplexity")
        self._from_logits = from_logits
        self._total = self.add_variable((), "zeros", name="total")
        self._count = self.add_variable((), "zeros", name="count")

    def update_state(self, true: Array, output: Array) -> None:
        """Count samples in: ids (samples, length) and a number for each id of the vocabulary."""
        counted = (np.asarray(true) != PADDING).astype(np.float32)
        entropy = keras.losses.sparse_categorical_crossentropy(
            true, output, from_logits=self._from_logits
        )
        self._total.assign_add(keras.ops.sum(entropy * counted))
        self._count.assign_add(counted.sum())

    def result(self) -> Any:  # noqa: ANN401 - a tensor
        """Return the perplexity; 1 where there is nothing but padding."""
        return keras.ops.exp(self._total / keras.ops.maximum(self._count, 1))


_OF_OUTPUTS: Mapping[str, type[Perplexity]] = {"perplexity": Perplexity}
assert set(_OF_OUTPUTS) == set(OUTPUT_METRICS), (
    "a metric of outputs has a record and no class, or the reverse: "
    f"{set(_OF_OUTPUTS) ^ set(OUTPUT_METRICS)}"
)


def _result(metric: keras.metrics.Metric) -> float:
    """Return the value of a metric; of several, one for each class or threshold, their mean."""
    return float(np.mean(keras.ops.convert_to_numpy(metric.result())))


@dataclass(frozen=True, slots=True, eq=False)
class RowStates:
    """What a metric of Keras counts of each sample: summed up, it is what it counts of them all.

    Attributes:
        metric: It has its variables: some come to be with the first samples.
        states: (samples, numbers), the variables one after another.
    """

    metric: keras.metrics.Metric
    states: Counts

    def take(self, rows: Array) -> "RowStates":
        """Return what is counted of some samples."""
        return RowStates(self.metric, self.states[rows])

    def value_for(self, times: Array) -> float:
        """Return the metric's value where each sample is there so many times."""
        total, begin = times.astype(np.float64) @ self.states, 0
        for variable in self.metric.variables:
            shape = tuple(variable.shape)
            end = begin + math.prod(shape)
            variable.assign(total[begin:end].reshape(shape))
            begin = end
        return _result(self.metric)


def row_states(
    metric: AskedMetric, true: Array, output: Array, *, from_logits: bool = False
) -> RowStates:
    """Return what a metric counts of each sample by itself."""
    made = built_metric(metric, from_logits=from_logits)
    states = []
    for row in range(len(true)):
        made.reset_state()
        made.update_state(true[row : row + 1], output[row : row + 1])
        parts = [keras.ops.convert_to_numpy(v).reshape(-1) for v in made.variables]
        states.append(np.concatenate(parts).astype(np.float64))
    return RowStates(made, np.stack(states))


def joined_states(parts: Sequence[RowStates]) -> RowStates:
    """Return the states of samples that came in several parts."""
    return RowStates(parts[0].metric, np.concatenate([part.states for part in parts]))
