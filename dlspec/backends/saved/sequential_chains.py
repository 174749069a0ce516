"""A Sequential model as a graph: each layer called on the one before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dlspec.backends.saved.architecture import Call, Place, Ref, SavedGraph, SavedLayer


def sequential_graph(
    place: Place,
    layers: list[SavedLayer],
    *,
    batch_shape: list[Any] | None = None,
    trainable: bool = True,
) -> SavedGraph:
    """Return the graph of a Sequential model; without an input layer it gets one.

    Args:
        batch_shape: The shape of the input where no input layer says it; None if unknown.
    """
    if not layers or layers[0].kind != "input":
        config = {} if batch_shape is None else {"batch_shape": batch_shape}
        layers = [implied_sequential_input(place, layers, config), *layers]
    first = Ref(layers[0].name, 0, 0)
    linked, last = link_layers(layers[1:], first)
    return SavedGraph(place.name, place, (layers[0], *linked), first, last, trainable)


def implied_sequential_input(
    place: Place, layers: list[SavedLayer], config: Mapping[str, Any]
) -> SavedLayer:
    """Return the input that a Sequential model without one has, named as Keras 1 and 2 did."""
    name = f"{layers[0].name}_input" if layers else "input"
    at = Place(place.model, name, "InputLayer", 0, place.path)
    return SavedLayer("input", "InputLayer", at, config)


def link_layers(layers: list[SavedLayer], before: Ref) -> tuple[list[SavedLayer], Ref]:
    """Return the layers, each called on the one before, and the last result.

    A layer that comes again with the same config is the same layer, called again.
    """
    linked: dict[str, SavedLayer] = {}
    clashes: list[SavedLayer] = []
    for layer in layers:
        known = linked.get(layer.name)
        if known is not None and known.config != layer.config:
            clashes.append(replace(layer, calls=(Call((before,)),)))
            continue
        calls = () if known is None else known.calls
        linked[layer.name] = replace(layer, calls=(*calls, Call((before,))))
        before = Ref(layer.name, len(calls), 0)
    return [*linked.values(), *clashes], before
