"""Rows drawn at random that fit a plan: what each feature would make of real data, in form only."""

import math

import numpy as np

from dlspec.language.features import (
    BinaryFeature,
    BoxesFeature,
    ClassFeature,
    Feature,
    ImageFeature,
    LabelsFeature,
)
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.engine.batches import Array, Samples
from dlspec_pipelines.steps.training.drawn_epochs import samples_in_form_of_model

# For an axis of any length.
_SOME_LENGTH = 8


def generated_samples(plan: Plan, *, rows: int, seed: int = 0) -> Samples:
    """Return drawn inputs and targets in the form that the model of a plan is trained with."""
    assert plan.data is not None
    generator = np.random.default_rng(seed)
    extents = {declared.name: declared.shape[1:] for declared in plan.graph.inputs}
    sides = []
    for features in (plan.data.model_inputs, plan.data.model_targets):
        sides.append(
            {n: _drawn_elements(f, extents.get(n), rows, generator) for n, f in features.items()}
        )
    inputs, targets = sides
    for name in plan.aligned:
        # Id 0 would be the blank of the loss.
        targets[name] = np.maximum(targets[name], 1)
    return samples_in_form_of_model(plan, inputs, targets)


def _drawn_elements(
    feature: Feature,
    extents: tuple[int | None, ...] | None,
    rows: int,
    generator: np.random.Generator,
) -> Array:
    """Return elements of a feature.

    Args:
        extents: Of the model's input of that name, for what the feature leaves open.
    """
    told = feature.element.shape or ()
    filled = extents if extents is not None and None in told else told
    shape = (rows, *(extent or _SOME_LENGTH for extent in filled))
    dtype = feature.element.dtype or "float32"
    match feature:
        case ClassFeature(one_hot=True):
            return np.eye(feature.num_classes, dtype=dtype)[
                generator.integers(feature.num_classes, size=rows)
            ]
        case BinaryFeature() | LabelsFeature():
            return generator.integers(2, size=shape).astype(dtype)
        case BoxesFeature():
            corners = generator.uniform(0, 0.5, size=(*shape[:-1], 4))
            return np.concatenate([corners, np.zeros((*shape[:-1], 1))], axis=-1).astype(dtype)
        case ImageFeature(scale=None, standardize=False):
            return generator.uniform(0, 255, size=shape).astype(dtype)
    if feature.num_ids is not None:
        return generator.integers(feature.num_ids, size=shape).astype(dtype)
    assert math.prod(shape) > 0
    return generator.uniform(0, 1, size=shape).astype(dtype)
