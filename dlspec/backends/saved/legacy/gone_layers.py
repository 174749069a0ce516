"""Layers of Keras 1 that are gone, as the graph of today's layers that they meant.

Source: `MaxoutDense` and `Highway` in keras/layers/core.py of Keras 1.2.2.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dlspec.backends.saved.architecture import Call, Place, Ref, SavedGraph, SavedLayer
from dlspec.backends.saved.document_parts import MalformedError
from dlspec.backends.saved.legacy.renamed_arguments import Translated, translated_layer

_Take = Callable[[Place, Translated], None]
# Layers whose result is as wide as what they read.
_AS_WIDE = frozenset(
    {
        "Activation", "Add", "AlphaDropout", "Average", "BatchNormalization", "Dropout", "ELU",
        "GaussianDropout", "GaussianNoise", "LeakyReLU", "Maximum", "Multiply", "PReLU", "ReLU",
        "add", "multiply", "subtract",
    }
)  # fmt: skip
_WIDTHS = ("units", "output_dim")


def is_laid_open(class_name: str) -> bool:
    """Tell a layer that several layers of today say."""
    return class_name in _LAID_OPEN


def with_layers_laid_open(graph: SavedGraph, take: _Take) -> SavedGraph:
    """Return a graph in which every gone layer is the layers it meant, the last under its name.

    Args:
        take: Takes what is to be said of a layer: refusals and notes.

    Raises:
        MalformedError: If a layer does not say how wide it is.
    """
    layers: list[SavedLayer] = []
    for layer in graph.layers:
        if layer.kind == "layer" and is_laid_open(layer.class_name):
            layers += _LAID_OPEN[layer.class_name](layer, layers, take)
        else:
            layers.append(layer)
    return replace(graph, layers=tuple(layers))


def _maxout(layer: SavedLayer, _before: list[SavedLayer], take: _Take) -> list[SavedLayer]:
    """Return a Dense of all pieces, and the largest of those of each unit."""
    config = dict(layer.config)
    pieces, units = config.pop("nb_feature", 4), config.get("output_dim")
    if not (isinstance(pieces, int) and isinstance(units, int)):
        raise MalformedError(layer.place.path, "`nb_feature` and `output_dim` are whole numbers")
    dense = translated_layer("Dense", {**config, "output_dim": pieces * units})
    if "kernel_constraint" in dense.config and dense.config["kernel_constraint"] is not None:
        dense.refuse("W_constraint", help="constrain the kernel of the `Dense` by hand")
    dense.notes.append(
        "`MaxoutDense` is written as `Dense`, `Reshape` and `ops.max`; its kernel begins as that "
        "of one wide `Dense`"
    )
    take(layer.place, dense)
    all_pieces = _part(layer, "pieces", "Dense", dense.config, layer.calls)
    grouped = _after(layer, "grouped", "Reshape", {"target_shape": [pieces, units]}, all_pieces)
    largest = tuple(Call((Ref(grouped.name, at, 0),), {"axis": 1}) for at in _calls_of(layer))
    return [
        all_pieces,
        grouped,
        replace(layer, kind="operation", class_name="max", config={}, calls=largest),
    ]


def _highway(layer: SavedLayer, before: list[SavedLayer], take: _Take) -> list[SavedLayer]:
    """Return a gate between what a Dense makes of a vector and the vector itself."""
    config = dict(layer.config)
    bias = config.pop("transform_bias", -2)
    width = config.pop("input_dim", None) or _width_read(layer, before)
    changed = translated_layer("Dense", {**config, "output_dim": width})
    if width is None:
        changed.refuse("Highway", help="write its width as `input_dim` into the file")
        changed.refusals[-1] = replace(
            changed.refusals[-1], reason="how wide it is, is not in the file"
        )
    changed.notes.append("`Highway` is written as two `Dense`, `Multiply` and `Add`")
    take(layer.place, changed)
    if width is None:
        return [replace(layer, kind="refused")]
    gate_config = {**changed.config, "activation": "sigmoid"}
    if gate_config.get("use_bias", True):
        constant = {"class_name": "Constant", "config": {"value": bias}}
        gate_config["bias_initializer"] = constant
    gate = _part(layer, "gate", "Dense", gate_config, layer.calls)
    change = _part(layer, "change", "Dense", changed.config, layer.calls)
    taken = _part(layer, "taken", "Multiply", {}, _pairs_of(layer, gate, change))
    rest = SavedLayer(
        "operation",
        "subtract",
        replace(layer.place, name=f"{layer.name}_rest"),
        {},
        tuple(Call((1.0, Ref(gate.name, at, 0))) for at in _calls_of(layer)),
    )
    kept_calls = tuple(
        Call(([Ref(rest.name, at, 0), call.args[0]],)) for at, call in enumerate(layer.calls)
    )
    kept = _part(layer, "kept", "Multiply", {}, kept_calls)
    added = replace(layer, class_name="Add", config={}, calls=_pairs_of(layer, taken, kept))
    return [gate, change, taken, rest, kept, added]


_LAID_OPEN: Mapping[str, Callable[[SavedLayer, list[SavedLayer], _Take], list[SavedLayer]]] = {
    "MaxoutDense": _maxout,
    "Highway": _highway,
}


def _part(
    layer: SavedLayer,
    suffix: str,
    class_name: str,
    config: Mapping[str, Any],
    calls: tuple[Call, ...],
) -> SavedLayer:
    place = replace(layer.place, name=f"{layer.name}_{suffix}")
    return replace(layer, class_name=class_name, place=place, config=config, calls=calls)


def _after(
    layer: SavedLayer, suffix: str, class_name: str, config: Mapping[str, Any], read: SavedLayer
) -> SavedLayer:
    calls = tuple(Call((Ref(read.name, at, 0),)) for at in _calls_of(layer))
    return _part(layer, suffix, class_name, config, calls)


def _pairs_of(layer: SavedLayer, first: SavedLayer, second: SavedLayer) -> tuple[Call, ...]:
    return tuple(
        Call(([Ref(first.name, at, 0), Ref(second.name, at, 0)],)) for at in _calls_of(layer)
    )


def _calls_of(layer: SavedLayer) -> range:
    return range(len(layer.calls))


def _width_read(layer: SavedLayer, before: list[SavedLayer]) -> int | None:
    """Return how wide the vector is that a layer reads, as far as the file says it."""
    known = {one.name: one for one in before}
    at: SavedLayer | None = layer
    for _ in range(len(before) + 1):
        ref = next(at.calls[0].refs_read(), None) if at is not None and at.calls else None
        at = None if ref is None else known.get(ref.layer)
        if at is None:
            return None
        width = next((at.config[name] for name in _WIDTHS if at.config.get(name)), None)
        shape = at.config.get("batch_shape") or at.config.get("batch_input_shape")
        if isinstance(shape, list | tuple):
            width = shape[-1]
        if isinstance(width, int):
            return width
        if at.class_name not in _AS_WIDE:
            return None
    return None
