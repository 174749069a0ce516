"""Layers that vary each batch of a training before the model sees it; no model holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from dlspec.backends.draw import seed_of_text
from dlspec.backends.keras_objects import build_object
from dlspec.backends.lower import global_keras_settings
from dlspec.language.augmented_targets import is_moved_along
from dlspec.language.catalogue import Object
from dlspec.language.tensors import Shape
from dlspec.resolve.plan import Plan

Tensors = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AugmentingLayer:
    """A layer of Keras that varies an input, and what becomes of targets beside it."""

    input: str
    shape: Shape
    layer: keras.Layer
    mixes: bool
    masks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchAugmentation:
    """What is done to each batch of a training, in order.

    `inputs` and `targets` are the names of what comes in the forms of the model.
    """

    layers: Sequence[AugmentingLayer]
    inputs: Sequence[str]
    targets: Sequence[str]

    def augmented_batch(self, data: Any) -> Any:  # noqa: ANN401 - a batch as Keras has it
        """Return a batch with its inputs varied and its targets as the layers leave them."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        inputs, targets = _by_name(x, self.inputs), _by_name(y, self.targets)
        for one in self.layers:
            x_of_input = keras.ops.convert_to_tensor(inputs[one.input])
            inputs[one.input] = _varied_input(one, x_of_input, targets)
        told = None if y is None else _in_form_of(y, targets)
        return keras.utils.pack_x_y_sample_weight(_in_form_of(x, inputs), told, sample_weight)


def batch_augmentation(plan: Plan) -> BatchAugmentation:
    """Return what a plan does to the batches of its training."""
    assert plan.training is not None
    graph, seed = plan.graph, plan.training.seed
    shapes = {declared.name: declared.shape[1:] for declared in graph.inputs}
    features = plan.data.model_targets if plan.data is not None else {}
    layers = []
    # What is varied is as the data gives it, whatever the model computes in.
    with global_keras_settings("float32"):
        for name, entries in plan.augmented.items():
            for place, entry in enumerate(entries):
                moves = entry.traits.augments == "moves"
                masks = (n for n, one in features.items() if is_moved_along(one, shapes[name]))
                layers.append(
                    AugmentingLayer(
                        name,
                        shapes[name],
                        _seeded_layer(entry, f"{seed} augment {name} {place}"),
                        entry.traits.augments == "mixes",
                        tuple(masks) if moves else (),
                    )
                )
    inputs = [declared.name for declared in graph.inputs]
    return BatchAugmentation(layers, inputs, plan.learned)


def _seeded_layer(entry: Object, place: str) -> keras.Layer:
    """Return a layer with a seed of its own, unless the spec gives it one."""
    arguments = {"seed": seed_of_text(place), **entry.arguments}
    return build_object(Object("layer", entry.class_name, arguments))


def _varied_input(one: AugmentingLayer, x: Any, targets: Tensors) -> Any:  # noqa: ANN401 - tensors
    """Return an input as a layer varies it; what it does to targets is done to them."""
    if one.mixes and targets:
        varied = _mix_with_targets(one.layer, x, targets)
    elif masks := [name for name in one.masks if name in targets]:
        varied = _move_with_masks(one.layer, x, masks, targets)
    else:
        varied = one.layer(x, training=True)
    if tuple(varied.shape[1:]) != one.shape:
        # Some layers forget what they keep.
        varied = keras.ops.reshape(varied, (-1, *one.shape))
    return varied


def _mix_with_targets(layer: keras.Layer, x: Any, targets: Tensors) -> Any:  # noqa: ANN401 - tensors
    """Mix an input, and all targets as much: Keras does it to one vector for each sample."""
    rows = [keras.ops.convert_to_tensor(target) for target in targets.values()]
    flat = [keras.ops.reshape(one, (keras.ops.shape(one)[0], -1)) for one in rows]
    mixed = layer({"images": x, "labels": keras.ops.concatenate(flat, axis=1)}, training=True)
    first = 0
    for name, one in zip(targets, rows, strict=True):
        width = 1
        for extent in one.shape[1:]:
            width *= extent
        part = mixed["labels"][:, first : first + width]
        targets[name] = keras.ops.reshape(part, (-1, *one.shape[1:]))
        first += width
    return mixed["images"]


def _move_with_masks(layer: keras.Layer, x: Any, masks: Sequence[str], targets: Tensors) -> Any:  # noqa: ANN401 - tensors
    """Move an input, and its masks as far: Keras takes each for a channel of one picture."""
    ids = [keras.ops.convert_to_tensor(targets[name]) for name in masks]
    laid = keras.ops.stack([keras.ops.cast(one, "float32") for one in ids], axis=-1)
    moved = layer({"images": x, "segmentation_masks": laid}, training=True)
    for channel, (name, one) in enumerate(zip(masks, ids, strict=True)):
        targets[name] = keras.ops.cast(moved["segmentation_masks"][..., channel], one.dtype)
    return moved["images"]


def _by_name(values: Any, names: Sequence[str]) -> Tensors:  # noqa: ANN401 - a structure of a model
    if values is None:
        return {}
    if isinstance(values, Mapping):
        return dict(values)
    listed = values if isinstance(values, list | tuple) else [values]
    return dict(zip(names, listed, strict=True))


def _in_form_of(given: Any, values: Tensors) -> Any:  # noqa: ANN401 - a structure of a model
    """Return values in the form in which they were given."""
    if isinstance(given, Mapping):
        return values
    listed = list(values.values())
    return listed if isinstance(given, list | tuple) else listed[0]
