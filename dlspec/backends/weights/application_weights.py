"""The weights of an application of Keras into the architecture of the zoo that it is."""

import json
from dataclasses import replace
from itertools import islice

import keras

from dlspec.backends.lower import lower_graph
from dlspec.backends.weights.matched_layers import Transfer
from dlspec.backends.weights.stored import Part, Stored, StoredLayer, WeightsError
from dlspec.backends.weights.transferring import transfer_weights
from dlspec.compiler import loads
from dlspec.diagnostics.counts import counted
from dlspec.expand.zoo.published_weights import PublishedStart


def transfer_application_weights(
    model: keras.Model, stored: Stored, start: PublishedStart
) -> Transfer:
    """Give a model, or what is left of it before its head, the weights of the whole.

    The layers of the application have other names, and stand in the same order, some of them as
    models in the model: a layer takes the arrays of its place in the whole architecture.

    Raises:
        WeightsError: If the file has more arrays than the architecture, or none of its shapes.
    """
    parts = [part for layer in stored.layers for part in layer.parts]
    counts = _arrays_in_order(model)
    if sum(counts.values()) != len(parts):
        counts = _arrays_in_order(_whole_architecture(start))
    if len(parts) > sum(counts.values()):
        raise WeightsError(
            f"`{stored.file}` holds {counted(len(parts), 'array')}, and "
            f"`{start.weights.architecture}` has {counted(sum(counts.values()), 'array')}",
            help="fetch the file again",
        )
    if start.weights.grouped:
        parts = [_as_window_over_each_channel(part) for part in parts]
    arrays, layers = iter(parts), []
    for name, count in counts.items():
        # A file without the head lacks the last of them.
        if own := tuple(islice(arrays, count)):
            layers.append(StoredLayer(name, name, own))
    return replace(
        transfer_weights(model, replace(stored, layers=tuple(layers)), by="name"), by="position"
    )


def _arrays_in_order(model: keras.Model) -> dict[str, int]:
    """Return how many arrays each layer has that has any."""
    return {layer.name: len(layer.weights) for layer in model.layers if layer.weights}


def _as_window_over_each_channel(part: Part) -> Part:
    """Return a kernel in as many groups as channels as that of a depthwise convolution.

    Its numbers stand in the same order.
    """
    if len(part.shape) != 4 or part.shape[2] != 1:
        return part
    height, width, _, channels = part.shape
    return replace(part, shape=(height, width, channels, 1))


def _whole_architecture(start: PublishedStart) -> keras.Model:
    architecture = start.weights.architecture
    taken = {"zoo": architecture, "with": dict(start.given)}
    # JSON is YAML.
    return lower_graph(loads(json.dumps({"dlspec": 1, "name": architecture, "model": taken})).graph)
