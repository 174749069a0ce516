"""Weights of a model into one `.weights.h5`, that plain Keras loads too."""

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import keras
import numpy as np

from dlspec.backends.weights.stored import Stored, WeightsError, snake_case_class_name
from dlspec.backends.weights.weights_file import ORDER, look_into

_ENDING = ".weights.h5"


def write_weights(model: keras.Model, path: Path) -> None:
    """Write the weights of a functional or sequential model, without its optimizer.

    The file is Keras's own `.weights.h5`, so `model.load_weights(path)` takes it, with the names of
    the layers in their order beside. It appears whole or not at all.

    Raises:
        WeightsError: If the name does not end in `.weights.h5`.
        OSError: If the disk is full or the folder may not be written.
    """
    if not path.name.endswith(_ENDING):
        raise WeightsError(
            f"`{path}` does not end in `{_ENDING}`", help=f"write `{path.stem}{_ENDING}`"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".part-{uuid.uuid4().hex}{_ENDING}")
    try:
        save_bare_weights(model, aside)
        _sync_to_disk(aside)
        aside.rename(path)
        _sync_to_disk(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def save_bare_weights(model: keras.Model, path: Path) -> Stored:
    """Write a model's weights with the order of its layers, and return what the file holds."""
    bare = without_optimizer(model)
    bare.save_weights(path)
    order = list(_places_of_layers(bare.layers, "", ""))
    content = np.frombuffer(json.dumps(order).encode(), dtype=np.uint8)
    with h5py.File(path, "r+") as handle:
        handle.create_dataset(ORDER, data=content)
    return look_into(path)


def without_optimizer(model: keras.Model) -> keras.Model:
    """Return a model of the same layers that was never compiled."""
    # `save_weights` would write the optimizer's state too, and `load_weights` would ask for it.
    return keras.Model(model.inputs, model.outputs, name=model.name)


def _places_of_layers(
    layers: Sequence[keras.Layer], prefix: str, names: str
) -> Iterator[tuple[str, str]]:
    """Yield where Keras puts each layer, and its name, in the model's order."""
    used: dict[str, int] = {}
    for layer in layers:
        kind = snake_case_class_name(type(layer).__name__)
        turn = used[kind] = used.get(kind, -1) + 1
        place = f"{prefix}layers/{kind}_{turn}" if turn else f"{prefix}layers/{kind}"
        name = f"{names}{layer.name}"
        yield place, name
        held = getattr(layer, "layer", None)
        if isinstance(layer, keras.Model):
            yield from _places_of_layers(layer.layers, f"{place}/", f"{name}/")
        elif isinstance(held, keras.Model):
            yield from _places_of_layers(held.layers, f"{place}/layer/", f"{name}/")


def _sync_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
