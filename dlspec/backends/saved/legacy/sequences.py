"""Sequential models of Keras 0.3, 1 and 2 as graphs, branches of a first `Merge` laid open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dlspec.backends.saved.architecture import Call, Place, Ref, SavedGraph, SavedLayer
from dlspec.backends.saved.document_parts import Part
from dlspec.backends.saved.legacy.implied_inputs import input_settings
from dlspec.backends.saved.sequential_chains import implied_sequential_input, link_layers

ReadLayer = Callable[[Part, str, int], SavedLayer]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A chain of layers: its inputs, the layers after them, and the last result."""

    inputs: tuple[SavedLayer, ...]
    layers: tuple[SavedLayer, ...]
    last: Ref

    def graph(self, place: Place) -> SavedGraph:
        """Return the chain as a graph: one input stands alone, several as a list."""
        refs = [Ref(layer.name, 0, 0) for layer in self.inputs]
        inputs: Any = refs[0] if len(refs) == 1 else refs
        return SavedGraph(place.name, place, (*self.inputs, *self.layers), inputs, self.last)


def as_class_and_config(part: Part) -> Part:
    """Return Keras 0.3's `{name: Dense, custom_name: d, ...}` as class and config."""
    value = part.value
    if not isinstance(value, Mapping) or "class_name" in value or "name" not in value:
        return part
    config = {**value, "name": value.get("custom_name")}
    return OldPart({"class_name": value["name"], "config": config}, part.path)


class OldPart(Part):
    """A part that the file writes without `class_name` and `config` between."""

    __slots__ = ()

    def get(self, key: str | int) -> Part | None:
        """Return a part whose path is that of the file."""
        found = Part.get(self, key)
        return None if found is None else Part(found.value, self.path)


def legacy_sequence(
    items: list[Part], place: Place, read: ReadLayer, *, batch_shape: list[Any] | None = None
) -> Sequence:
    """Return the chain of a list of layers.

    Args:
        batch_shape: The shape of the input where no layer says it; None if unknown.
    """
    parts = [as_class_and_config(item) for item in items]
    first = parts[0] if parts else None
    if first is not None and first["class_name"].value == "Merge":
        start, rest = _merge_branches(first, place, read), parts[1:]
        layers = [read(part, place.model, index) for index, part in enumerate(rest, 1)]
    else:
        layers = [read(part, place.model, index) for index, part in enumerate(parts)]
        start = _sequence_of_input(parts, layers, place, batch_shape)
        layers = layers[1:] if _is_input_layer_part(first) else layers
    linked, last = link_layers(layers, start.last)
    return replace(start, layers=(*start.layers, *linked), last=last)


def _is_input_layer_part(part: Part | None) -> bool:
    return part is not None and part["class_name"].value == "InputLayer"


def _sequence_of_input(
    parts: list[Part], layers: list[SavedLayer], place: Place, batch_shape: list[Any] | None
) -> Sequence:
    """Return a chain of nothing but its input, which an input layer or the first layer says."""
    if layers and _is_input_layer_part(parts[0]):
        return Sequence((layers[0],), (), Ref(layers[0].name, 0, 0))
    config: dict[str, Any] = {} if batch_shape is None else {"batch_shape": batch_shape}
    if layers and layers[0].graph is not None:
        config = dict(_first_input_config(layers[0].graph)) or config
    elif layers:
        given = parts[0]["config"].mapping
        config = input_settings(parts[0]["class_name"].text, given) or config
    entry = implied_sequential_input(place, layers, config)
    return Sequence((entry,), (), Ref(entry.name, 0, 0))


def _first_input_config(graph: SavedGraph) -> Mapping[str, Any]:
    return next((layer.config for layer in graph.layers if layer.kind == "input"), {})


def _merge_branches(merge: Part, place: Place, read: ReadLayer) -> Sequence:
    """Return the branches of a `Merge`, each with its own input, and the merge itself."""
    inputs: list[SavedLayer] = []
    layers: list[SavedLayer] = []
    ends: list[Ref] = []
    for index, item in enumerate(merge["config"]["layers"].items()):
        branch = as_class_and_config(item)
        if branch["class_name"].value == "Sequential":
            config = branch["config"]
            listed = config if isinstance(config.value, list) else config["layers"]
            found = legacy_sequence(list(listed.items()), place, read)
        else:
            layer = read(branch, place.model, index)
            found = _sequence_of_input([branch], [layer], place, None)
            linked, last = link_layers([layer], found.last)
            found = replace(found, layers=tuple(linked), last=last)
        inputs += found.inputs
        layers += found.layers
        ends.append(found.last)
    layer = replace(read(merge, place.model, len(layers)), calls=(Call((ends,)),))
    return Sequence(tuple(inputs), (*layers, layer), Ref(layer.name, 0, 0))
