"""The metrics of Keras that an evaluation asks for, in Keras's own classes, without weights."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from dlspec.backends.keras_objects import build_object
from dlspec.language.catalogue import Object
from dlspec.language.features import Feature
from dlspec.language.figures import measured_targets
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.class_metrics import Counts
from dlspec_pipelines.steps.evaluation.measures import Measures, finite_or_reason


class KerasFigures:
    """Figures of outputs that come some samples at a time; state, as they come."""

    def __init__(self, asked: Mapping[str, Object], targets: Mapping[str, Feature]) -> None:
        """Take the metrics by their figures' names, and the targets that are learned."""
        self._made = {
            name: {target: build_object(metric) for target in measured_targets(metric, targets)}
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
    asked = plan.evaluation.keras_metrics if plan.evaluation is not None else {}
    return KerasFigures(asked, learned_targets(plan))


def learned_targets(plan: Plan) -> dict[str, Feature]:
    """Return the targets that outputs of a plan have."""
    assert plan.data is not None
    targets = plan.data.model_targets
    return {name: targets[name] for name in plan.learned if name in targets}


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


def row_states(metric: Object, true: Array, output: Array) -> RowStates:
    """Return what a metric of Keras counts of each sample by itself."""
    made = build_object(metric)
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
