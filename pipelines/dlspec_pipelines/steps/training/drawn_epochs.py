"""The draw of a plan over its training rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dlspec.language.sample_draws import BalancedDraw, ContextsDraw, RowDraw
from dlspec.language.sections import Data, Training
from dlspec.resolve.minimised_terms import TARGET
from dlspec.resolve.plan import Objective, Plan
from dlspec_pipelines.steps.engine.batches import Array, Samples, class_ids_of, class_weights
from dlspec_pipelines.steps.engine.context_draw import ContextRows, DrawnContexts
from dlspec_pipelines.steps.engine.epoch_draws import ClassesAlike, EachOnce, Epoch, EpochDraw
from dlspec_pipelines.steps.engine.row_pairs import RowsByClass, rows_by_class
from dlspec_pipelines.steps.engine.taken_rows import SampleArray
from dlspec_pipelines.steps.preparation.model_parts import (
    context_columns,
    context_rows,
    part_of_rows,
    rows_together,
    words_of_dataset,
)
from dlspec_pipelines.steps.preparation.prepared_arrays import Part, open_part
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.step_errors import StepError


@dataclass(frozen=True, slots=True, eq=False)
class RowsOfTraining:
    """Other pairs, or triplets, of the training rows in every epoch."""

    plan: Plan
    drawn: RowDraw
    opened: Part
    rows: RowsByClass

    def epoch(self, seed: int, epoch: int) -> Epoch:
        """Return the samples of the epoch, in the order in which they are drawn."""
        together = rows_together(self.drawn, self.rows, (seed, epoch), training=True)
        part = part_of_rows(self.opened, together)
        return Epoch(samples_in_form_of_model(self.plan, part.inputs, part.targets), None)


@dataclass(frozen=True, slots=True, eq=False)
class ContextsOfRows:
    """All words beside their contexts in every epoch, and beside other drawn words."""

    plan: Plan
    drawn: ContextsDraw
    rows: ContextRows

    def epoch(self, seed: int, epoch: int) -> Epoch:
        """Return the samples of the epoch, in the order in which they are drawn."""
        columns = context_columns(self.drawn, DrawnContexts(self.rows, (seed, epoch)))
        return Epoch(samples_in_form_of_model(self.plan, columns, columns), None)


def training_draw(plan: Plan, dataset: Dataset, training: Training) -> EpochDraw:
    """Return what draws the epochs of a plan.

    Raises:
        StepError: If an array is missing or not what was written, or nothing can be drawn of
            the rows (DL613).
    """
    assert plan.data is not None
    drawn = plan.data.sampling
    opened = open_part(dataset, "train")
    if isinstance(drawn, RowDraw):
        rows = rows_by_class(class_ids_of(opened.targets[drawn.named]), part="training")
        return RowsOfTraining(plan, drawn, opened, rows)
    if isinstance(drawn, ContextsDraw):
        words = words_of_dataset(plan.data, drawn, dataset)
        return ContextsOfRows(plan, drawn, context_rows(drawn, opened, words, "train"))
    samples = samples_in_form_of_model(plan, opened.inputs, opened.targets, opened.weights)
    samples = _samples_with_class_weights(samples, training)
    if isinstance(drawn, BalancedDraw):
        return ClassesAlike(samples, class_ids_of(opened.targets[drawn.balanced]))
    return EachOnce(samples)


def samples_in_form_of_model(
    plan: Plan,
    inputs: Mapping[str, SampleArray],
    targets: Mapping[str, SampleArray],
    weights: Mapping[str, Array] | None = None,
) -> Samples:
    """Return arrays by name as samples in the form the plan's model takes.

    Args:
        weights: What they count for in the losses, by target; None for nothing said.
    """
    samples = _samples_of_outputs(plan, inputs, targets)
    if not weights:
        return samples
    assert plan.data is not None
    return replace(samples, weights=_weights_of_losses(plan.data, weights))


def _weights_of_losses(data: Data, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Return weights in a shape that the losses of a sample's places can be multiplied with.

    Keras lays a flat array of weights over the last axis of the losses, which is that of the
    samples only where each has a single one.
    """
    return {
        name: found
        if found.shape[1:] == data.weights[name].extents
        else found.reshape(len(found), *(1 for _ in data.weights[name].extents))
        for name, found in weights.items()
    }


def _samples_of_outputs(
    plan: Plan, inputs: Mapping[str, SampleArray], targets: Mapping[str, SampleArray]
) -> Samples:
    if plan.objective is not None:
        return _samples_for_terms(plan, plan.objective, inputs, targets)
    outputs = [name for name, _ in plan.graph.outputs]
    return Samples(
        inputs={declared.name: inputs[declared.name] for declared in plan.graph.inputs},
        targets={name: targets[name] for name in outputs if name in targets},
        inputs_as=plan.graph.inputs_as,
        outputs_as=plan.graph.outputs_as,
    )


def _samples_for_terms(
    plan: Plan,
    objective: Objective,
    inputs: Mapping[str, SampleArray],
    targets: Mapping[str, SampleArray],
) -> Samples:
    """Return samples with all targets by their names: those of outputs, and what terms read."""
    read = (d.name.removeprefix(TARGET) for d in objective.graph.inputs[len(plan.graph.inputs) :])
    return Samples(
        inputs={declared.name: inputs[declared.name] for declared in plan.graph.inputs},
        targets={name: targets[name] for name in dict.fromkeys((*plan.learned, *read))},
        inputs_as=plan.graph.inputs_as,
        outputs_as="mapping",
    )


def _samples_with_class_weights(data: Samples, training: Training) -> Samples:
    if training.class_weight is None:
        return data
    if len(data.targets) != 1:
        raise StepError(
            f"`training.class_weight` needs a single target, the spec has {len(data.targets)}",
            help="leave it out, or use `loss_weights` to weigh the outputs",
        )
    ((name, target),) = data.targets.items()
    weights = class_weights(np.asarray(target), training.class_weight)
    return replace(data, weights={name: weights})
