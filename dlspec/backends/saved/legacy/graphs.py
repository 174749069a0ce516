"""The `Graph` of Keras 0.3: nodes that merge what they read -> layers and calls.

Source: `Graph.add_node` and `Graph.add_output` in keras/layers/containers.py of Keras 0.3.3.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dlspec.backends.saved.architecture import Call, Place, Ref, SavedGraph, SavedLayer
from dlspec.backends.saved.document_parts import MalformedError, Part
from dlspec.backends.saved.legacy.implied_inputs import input_config
from dlspec.backends.saved.legacy.sequences import ReadLayer, as_class_and_config

MergeLayer = Callable[[Mapping[str, Any], Place], SavedLayer]


@dataclass(slots=True)
class GraphReader:
    """Reads one Graph; every node keeps the name its author gave it."""

    place: Place
    read: ReadLayer
    merge: MergeLayer
    layers: list[SavedLayer] = field(default_factory=list)

    def graph(self, config: Part) -> SavedGraph:
        """Return the records of a Graph.

        Raises:
            MalformedError: If a part is missing.
        """
        inputs = [self._add_graph_input(item) for item in config["input_config"].items()]
        for item in config["node_config"].items():
            self._add_graph_node(item, config["nodes"][item["name"].text])
        outputs = [self._add_graph_output(item) for item in config["output_config"].items()]
        return SavedGraph(
            self.place.name,
            self.place,
            tuple(self.layers),
            inputs[0] if len(inputs) == 1 else inputs,
            outputs[0] if len(outputs) == 1 else outputs,
        )

    def _add_graph_input(self, item: Part) -> Ref:
        at = self._place_of_graph_item(item["name"].text, "Input", item)
        self.layers.append(SavedLayer("input", "InputLayer", at, input_config(item.mapping)))
        return Ref(at.name, 0, 0)

    def _add_graph_node(self, item: Part, layer: Part) -> None:
        name = item["name"].text
        found = self.read(as_class_and_config(layer), self.place.model, len(self.layers))
        source = self._merged_sources(item, f"{name}_merge")
        at = replace(found.place, name=name)
        self.layers.append(replace(found, place=at, calls=(Call((source,)),)))

    def _add_graph_output(self, item: Part) -> Ref:
        return self._merged_sources(item, item["name"].text)

    def _merged_sources(self, item: Part, name: str) -> Ref:
        """Return what a node reads: one node, or several that are merged first."""
        sources = item.mapping.get("inputs") or []
        single = item.mapping.get("input")
        if isinstance(single, str) and single:
            return self._ref_of_node_above(single, item)
        if not isinstance(sources, list) or not sources:
            raise MalformedError(item.path, "neither `input` nor `inputs` says what it reads")
        config = {**item.mapping, "mode": item.mapping.get("merge_mode", "concat")}
        layer = self.merge(config, self._place_of_graph_item(name, "Merge", item))
        refs = [self._ref_of_node_above(str(source), item) for source in sources]
        self.layers.append(replace(layer, calls=(Call((refs,)),)))
        return Ref(layer.name, 0, 0)

    def _ref_of_node_above(self, name: str, item: Part) -> Ref:
        if all(layer.name != name for layer in self.layers):
            raise MalformedError(item.path, f"`{name[:60]}` is no node above")
        return Ref(name, 0, 0)

    def _place_of_graph_item(self, name: str, class_name: str, item: Part) -> Place:
        return Place(self.place.model, name, class_name, len(self.layers), item.path)
