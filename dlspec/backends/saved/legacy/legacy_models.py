"""What Keras 0.3, 1 and 2 save -> records: layers, calls between them, models inside models."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dlspec.backends.saved.architecture import Place, Ref, SavedGraph, SavedLayer
from dlspec.backends.saved.document_parts import MalformedError, Part
from dlspec.backends.saved.import_findings import Findings
from dlspec.backends.saved.legacy.gone_layers import is_laid_open, with_layers_laid_open
from dlspec.backends.saved.legacy.graphs import GraphReader
from dlspec.backends.saved.legacy.implied_inputs import input_config, reads_channels_first
from dlspec.backends.saved.legacy.layer_calls import (
    CallReader,
    keras_operation_layer,
    operation_of_node,
    renumbered_inner_calls,
    with_initial_states,
)
from dlspec.backends.saved.legacy.merges import merge_layer
from dlspec.backends.saved.legacy.renamed_arguments import Translated, translated_layer
from dlspec.backends.saved.legacy.sequences import as_class_and_config, legacy_sequence
from dlspec.diagnostics.codes import Code
from dlspec.language import catalogue
from dlspec.language.keras_names import snake_case

_MODELS = ("Sequential", "Model", "Functional", "Container", "Network", "Graph")
_FUNCTIONS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
# tf.keras 2.0 to 2.3: a node of a TensorFlow graph.
_NODE = "TensorFlowOpLayer"
_INNER = ("layer", "backward_layer", "cell", "cells")
_ORDER = "a layer that does not say its data format is taken as channels_first, as the others say"
# Layers that Keras 1 wrote without their data format.
_SILENT = ("UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D", "Cropping2D",
           "Cropping3D")  # fmt: skip


def read_legacy_model(top: Part, findings: Findings) -> SavedGraph | None:
    """Return the records of a model of Keras 0.3, 1 or 2; None when its class is refused.

    Raises:
        MalformedError: If a part is missing.
    """
    reader = LegacyReader(findings, channels_first=reads_channels_first(top.value))
    value = top.value
    is_bare = isinstance(value, Mapping) and "layers" in value and "class_name" not in value
    if isinstance(value, list) or (is_bare and value.get("name") != "Sequential"):
        # What `get_config` gave, written out without the class around it.
        functional = isinstance(value, Mapping) and "input_layers" in value
        class_name = "Model" if functional else "Sequential"
        return reader.model(class_name, top, top.path)
    if isinstance(value, Mapping) and ("node_config" in value or is_bare):
        top = as_class_and_config(top)
    if not isinstance(value, Mapping) or top.get("class_name") is None:
        raise MalformedError(top.path, "`class_name` of a model is missing here")
    name = top.get("name")
    said = name.value if name is not None and isinstance(name.value, str) else None
    return reader.model(top["class_name"].text, top["config"], top.path, name=said)


@dataclass(slots=True)
class LegacyReader:
    """Reads models, one inside the other; names that a file does not give are counted here."""

    findings: Findings
    channels_first: bool
    counts: dict[str, int] = field(default_factory=dict)

    def model(
        self,
        class_name: str,
        config: Part,
        path: tuple[str | int, ...],
        *,
        title: str | None = None,
        name: str | None = None,
        index: int = 0,
    ) -> SavedGraph | None:
        """Return the graph of a model; None when its class is none of Keras's own.

        Raises:
            MalformedError: If a part is missing.
        """
        found = config.get("name")
        if found is not None and isinstance(found.value, str):
            name = found.value
        name = name or self._counted_layer_name(
            "model" if class_name == "Model" else snake_case(class_name)
        )
        label = name if title is None else f"{title} > {name}"
        place = Place(label, name, class_name, index, path)
        if class_name not in _MODELS:
            reason = "a class of its own, whose layers are in its code"
            self.findings.refuse(place, reason, code=Code.UNKNOWN_CLASS)
            return None
        if class_name == "Graph":
            reader = GraphReader(place, self._read_legacy_layer, self._read_merge_layer)
            graph = reader.graph(config)
        elif class_name == "Sequential":
            graph = self._read_legacy_sequential(place, config)
        else:
            graph = self._read_legacy_functional(place, config)
        return with_layers_laid_open(graph, self._report_translated)

    def _read_legacy_sequential(self, place: Place, config: Part) -> SavedGraph:
        listed = config if isinstance(config.value, list) else config["layers"]
        built = config.get("build_input_shape")
        shape = built.value if built is not None and isinstance(built.value, list) else None
        found = legacy_sequence(
            list(listed.items()), place, self._read_legacy_layer, batch_shape=shape
        )
        return found.graph(place)

    def _read_legacy_functional(self, place: Place, config: Part) -> SavedGraph:
        items = list(config["layers"].items())
        names = frozenset(_legacy_layer_name(item) or "" for item in items)
        calls = CallReader(names)
        layers: list[SavedLayer] = []
        for index, item in enumerate(items):
            nodes = item.get("inbound_nodes")
            layer = self._read_legacy_layer(item, place.model, index)
            if nodes is not None and layer.kind != "input":
                layer = replace(layer, calls=calls.calls(nodes))
            layers.append(self._with_keras_function(with_initial_states(layer), item))
        ends = [
            _legacy_model_ends(config["input_layers"]),
            _legacy_model_ends(config["output_layers"]),
        ]
        layers, (inputs, outputs) = renumbered_inner_calls(layers, ends)
        return SavedGraph(place.name, place, tuple(layers), inputs, outputs)

    # -- layers ----------------------------------------------------------------------------------

    def _read_legacy_layer(self, part: Part, title: str, index: int) -> SavedLayer:
        class_name, config = part["class_name"].text, part["config"]
        name = _legacy_layer_name(part) or self._counted_layer_name(snake_case(class_name))
        place = Place(title, name, class_name, index, part.path)
        if class_name in _MODELS:
            graph = self.model(class_name, config, part.path, title=title, name=name, index=index)
            return SavedLayer("model", class_name, place, {}, (), graph)
        if class_name == "InputLayer":
            return SavedLayer("input", class_name, place, input_config(config.mapping))
        if class_name in (*_FUNCTIONS, _NODE):
            return SavedLayer("operation", class_name, place, {})
        if is_laid_open(class_name):
            trainable = config.mapping.get("trainable") is not False
            return SavedLayer("layer", class_name, place, config.mapping, trainable=trainable)
        if class_name == "Merge":
            return self._read_merge_layer(config.mapping, place)
        return self._layer_with_findings(
            place, self._translate_legacy_layer(part, place), config.mapping
        )

    def _read_merge_layer(self, config: Mapping[str, Any], place: Place) -> SavedLayer:
        return self._layer_with_findings(place, merge_layer(config), config)

    def _layer_with_findings(
        self, place: Place, found: Translated, config: Mapping[str, Any]
    ) -> SavedLayer:
        self._report_translated(place, found)
        return SavedLayer(
            "refused" if found.refusals else "layer",
            found.class_name,
            place,
            found.config,
            trainable=config.get("trainable") is not False,
            counted_axis=found.counted_axis,
        )

    def _report_translated(self, place: Place, found: Translated) -> None:
        for refusal in found.refusals:
            self.findings.refuse(place, refusal.reason, code=refusal.code, help=refusal.help)
        for note in found.notes:
            self.findings.note(note, place)
        for note in found.inexact:
            self.findings.note(note, place, exact=False)

    def _translate_legacy_layer(self, part: Part, place: Place) -> Translated:
        class_name, config = part["class_name"].text, part["config"]
        found = translated_layer(class_name, config.mapping)
        self._add_data_format(found, place)
        for key in _INNER:
            inner = config.get(key)
            if inner is not None and key in found.config:
                found.config[key] = self._translate_wrapped_layer(inner, place, found)
        return found

    def _translate_wrapped_layer(self, part: Part, place: Place, holder: Translated) -> Any:  # noqa: ANN401 - data of a saved model
        """Return a layer inside a wrapper, or several, in the terms of Keras 3."""
        if isinstance(part.value, list):
            return [self._translate_wrapped_layer(item, place, holder) for item in part.items()]
        part = as_class_and_config(part)
        if part.value is None:
            return None
        class_name, config = part["class_name"].text, part["config"]
        if class_name in _MODELS:
            title = f"{place.model} > {place.name}"
            return self.model(class_name, config, part.path, title=title)
        found = self._translate_legacy_layer(part, place)
        holder.refusals += found.refusals
        holder.notes += found.notes
        holder.inexact += found.inexact
        trainable = config.mapping.get("trainable") is not False
        return {"class_name": found.class_name, "config": {**found.config, "trainable": trainable}}

    def _add_data_format(self, found: Translated, place: Place) -> None:
        entry = catalogue.find_entry("layer", found.class_name)
        if not self.channels_first or found.class_name not in _SILENT or entry is None:
            return
        if "data_format" not in found.config:
            found.config["data_format"] = "channels_first"
            self.findings.note(_ORDER, place)

    def _with_keras_function(self, layer: SavedLayer, item: Part) -> SavedLayer:
        if layer.class_name == _NODE:
            changed, reason = operation_of_node(layer, item["config"].mapping)
        elif layer.class_name in _FUNCTIONS:
            function = item["config"].mapping.get("function")
            changed, reason = keras_operation_layer(layer, str(function))
        else:
            return layer
        if reason is not None:
            self.findings.refuse(layer.place, reason)
            return replace(layer, kind="refused")
        return changed

    def _counted_layer_name(self, base: str) -> str:
        count = self.counts.get(base, 0)
        self.counts[base] = count + 1
        return f"{base}_{count}" if count else base


def _legacy_layer_name(part: Part) -> str | None:
    """Return the name of a layer in its graph, which comes before that in its config."""
    config = part.value.get("config") if isinstance(part.value, Mapping) else None
    inner = config.get("name") if isinstance(config, Mapping) else None
    outer = part.value.get("name") if isinstance(part.value, Mapping) else None
    found = outer if isinstance(outer, str) else inner
    return found if isinstance(found, str) else None


def _legacy_model_ends(part: Part) -> Any:  # noqa: ANN401 - a structure of tensors
    """Return inputs or outputs; a list of one is one, since Keras 1 and 2 wrote no other form."""
    found = _structure_of_refs(part)
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _structure_of_refs(part: Part) -> Any:  # noqa: ANN401 - a structure of tensors
    value = part.value
    if isinstance(value, Mapping):
        return {key: _structure_of_refs(item) for key, item in part.entries()}
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return Ref(part[0].text, part[1].count, part[2].count)
    return [_structure_of_refs(item) for item in part.items()]
