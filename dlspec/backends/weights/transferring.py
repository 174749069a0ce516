"""Weights of a file into a model: what fits is taken, all else is told."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import numpy.typing as npt

from dlspec.backends.weights.hdf5_datasets import descend_to_member
from dlspec.backends.weights.matched_layers import (
    NOT_THERE,
    By,
    Gates,
    Pair,
    Transfer,
    match_layers,
)
from dlspec.backends.weights.stored import Stored, StoredLayer, WeightsError, legacy_layers
from dlspec.backends.weights.weights_file import open_weights_file
from dlspec.backends.weights.written import save_bare_weights, without_optimizer

Array = npt.NDArray[Any]


def transfer_weights(model: keras.Model, stored: Stored, *, by: By | None = None) -> Transfer:
    """Give a model the weights of a file, layer by layer, and return what became of each.

    A layer takes its weights when the file has a layer of its name whose shapes all agree. Where no
    layer is called alike, all layers take theirs in order, if every shape agrees. States of seed
    generators and of optimizers are not taken.

    Args:
        by: `position` pays no attention to names; None looks for names first.

    Raises:
        WeightsError: If nothing can be taken; the model is as it was then.
    """
    if stored.layout == "legacy":
        found, weights = _in_memory(model)
        result = _require_taken_layers(match_layers(found, stored, by=by), stored)
        for pair, array in _arrays_to_take(stored, result.pairs):
            weights[int(pair.here.path)].assign(array)
        _finalize_layer_states(model)
        return result
    with tempfile.TemporaryDirectory() as folder:
        # Keras alone knows which variable belongs to which place: it writes and reads the file.
        file = Path(folder, "model.weights.h5")
        result = _require_taken_layers(
            match_layers(save_bare_weights(model, file), stored, by=by), stored
        )
        with h5py.File(file, "r+") as handle:
            for pair, array in _arrays_to_take(stored, result.pairs):
                handle[pair.here.path][...] = array
        without_optimizer(model).load_weights(file)
    return result


def _require_taken_layers(result: Transfer, stored: Stored) -> Transfer:
    if result.taken:
        return result
    # The most telling reason: one that says more than that the name is unknown.
    reasons = sorted(result.initialised.items(), key=lambda item: item[1] == NOT_THERE)
    name, reason = reasons[0] if reasons else ("this model", "no weights")
    told = f"`{name}` {'is' if reason == NOT_THERE else 'has'} {reason}"
    raise WeightsError(
        f"`{stored.file}` has no weights for this model: {told}",
        help="name a run or a file of a model with layers of the same names and shapes",
    )


def _arrays_to_take(stored: Stored, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Array]]:
    with open_weights_file(stored.file) as (handle, _):
        for pair in pairs:
            dataset = descend_to_member(handle, pair.there.path.removeprefix("/"))
            # A file may keep the same numbers under other axes.
            array: Array = np.asarray(dataset[()]).reshape(pair.there.shape)
            yield (
                pair,
                array if pair.gates is None else _turned_cudnn_array(pair, array, pair.gates),
            )


# -- Keras 1 and 2 -------------------------------------------------------------------------------


def _in_memory(model: keras.Model) -> tuple[Stored, list[keras.Variable]]:
    """Return a model as an old file would hold it, and its variables by index."""
    layers: list[StoredLayer] = []
    weights: list[keras.Variable] = []
    seen: set[int] = set()
    for layer in model.layers:
        own = [weight for weight in layer.weights if id(weight) not in seen]
        seen.update(id(weight) for weight in own)
        parts = [
            (w.path, tuple(w.shape), str(w.dtype), str(len(weights) + i)) for i, w in enumerate(own)
        ]
        layers += legacy_layers(layer.name, parts)
        weights += own
    return Stored(Path(), "legacy", tuple(layers), ordered=True), weights


def _finalize_layer_states(model: keras.Model) -> None:
    """Let layers compute with the statistics that they were given, those inside others as well."""
    for layer in model._flatten_layers(include_self=False):
        if hasattr(layer, "finalize_state") and layer.weights:
            layer.finalize_state()


def _turned_cudnn_array(pair: Pair, array: Array, gates: Gates) -> Array:
    """Return an array of a CuDNN layer as the plain layer keeps it.

    Source: Keras 2, `hdf5_format._convert_rnn_weights`.
    """
    count = {"lstm": 4, "gru": 3}[gates]
    if array.ndim == 1:
        halves = array.reshape(2, -1)
        return halves.sum(axis=0) if gates == "lstm" else halves
    turned = [_turned_cudnn_kernel(k, pair.here.key) for k in np.split(array, count, axis=1)]
    return np.concatenate(turned, axis=1)


def _turned_cudnn_kernel(kernel: Array, key: str) -> Array:
    if key.startswith("recurrent"):
        return kernel.T
    return kernel.T.reshape(kernel.shape, order="F")
