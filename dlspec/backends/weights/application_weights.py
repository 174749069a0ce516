"""The weights of an application of Keras into the architecture of the zoo that it is."""

import json
from dataclasses import replace

import keras

from dlspec.backends.lower import lower_graph
from dlspec.backends.weights.matched_layers import Transfer
from dlspec.backends.weights.stored import Stored, WeightsError
from dlspec.backends.weights.transferring import transfer_weights
from dlspec.compiler import loads
from dlspec.diagnostics.counts import counted
from dlspec.expand.zoo.published_weights import PublishedStart


def transfer_application_weights(
    model: keras.Model, stored: Stored, start: PublishedStart
) -> Transfer:
    """Give a model, or what is left of it before its head, the weights of the whole.

    The layers of the application have other names, and stand in the same order: a layer takes the
    weights of its place in the whole architecture.

    Raises:
        WeightsError: If the file has more layers than the architecture, or none of its shapes.
    """
    names = _names_in_order(model)
    if len(names) != len(stored.layers):
        names = _names_in_order(_whole_architecture(start))
    if len(stored.layers) > len(names):
        raise WeightsError(
            f"`{stored.file}` holds the weights of {counted(len(stored.layers), 'layer')}, and "
            f"`{start.weights.architecture}` has {len(names)}",
            help="fetch the file again",
        )
    # A file without the head lacks the last of them.
    called = zip(names, stored.layers, strict=False)
    layers = tuple(replace(layer, name=name) for name, layer in called)
    return replace(
        transfer_weights(model, replace(stored, layers=layers), by="name"), by="position"
    )


def _names_in_order(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers if layer.weights]


def _whole_architecture(start: PublishedStart) -> keras.Model:
    architecture = start.weights.architecture
    taken = {"zoo": architecture, "with": dict(start.given)}
    # JSON is YAML.
    return lower_graph(loads(json.dumps({"dlspec": 1, "name": architecture, "model": taken})).graph)
