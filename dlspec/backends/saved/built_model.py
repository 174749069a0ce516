"""Records of a saved model -> a live model, made of classes of the catalogue alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import keras
import numpy as np

from dlspec.backends.keras_objects import build_object
from dlspec.backends.saved.architecture import Call, Place, Ref, SavedGraph, SavedLayer, refs_in
from dlspec.backends.saved.implied_masks import is_implied_mask
from dlspec.backends.saved.import_findings import Findings
from dlspec.backends.saved.keras3_models import Numbers
from dlspec.backends.saved.live_names import live_names
from dlspec.backends.saved.saved_objects import ObjectReader, Refusal
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language import catalogue
from dlspec.language.catalogue import Object

# What Keras raises for arguments and tensors that do not fit, as seen on damaged files.
_REFUSALS = (
    TypeError, ValueError, AttributeError, LookupError, ArithmeticError, NotImplementedError,
    RuntimeError, AssertionError,
)  # fmt: skip
_Key = tuple[str, int]
_Made = Callable[..., Any]


def built_model(
    graph: SavedGraph, findings: Findings, *, rename: bool = False
) -> keras.Model | None:
    """Return the model of a graph; None when something in it is refused, which is reported.

    Args:
        rename: Whether names that an older Keras made become those that Keras 3 makes.
    """
    builder = _GraphBuilder(graph, findings, live_names(graph, rename=rename), rename)
    return builder.model() if builder.make_all_layers() else None


@dataclass(slots=True)
class _GraphBuilder:
    """Makes the layers of one graph, then calls them in the order in which they read each other."""

    graph: SavedGraph
    findings: Findings
    names: Mapping[str, str]
    rename: bool
    made: dict[str, _Made] = field(default_factory=dict)
    inner: dict[str, "_GraphBuilder"] = field(default_factory=dict)
    held: dict[str, keras.Model] = field(default_factory=dict)
    results: dict[_Key, list[Any]] = field(default_factory=dict)
    failed: set[_Key] = field(default_factory=set)
    # Of this graph and all around and inside it: layers, models, and the builders of models.
    shared: dict[int, _Made] = field(default_factory=dict)
    shared_inner: dict[int, "_GraphBuilder"] = field(default_factory=dict)

    # -- layers ----------------------------------------------------------------------------------

    def make_all_layers(self) -> bool:
        """Make every layer, here and in inner models, and report all that cannot be made."""
        whole = self._names_are_distinct()
        for layer in self.graph.layers:
            whole = self._make_saved_layer(layer) and whole
        return self._refs_are_known() and whole

    def _names_are_distinct(self) -> bool:
        seen: set[str] = set()
        for layer in self.graph.layers:
            if layer.name in seen:
                reason = "another layer of the model has the same name"
                self.findings.refuse(layer.place, reason, code=Code.DUPLICATE_NAME)
            seen.add(layer.name)
        return len(seen) == len(self.graph.layers)

    def _refs_are_known(self) -> bool:
        known = {layer.name: layer for layer in self.graph.layers}
        refs = [
            (ref, layer.place.path)
            for layer in known.values()
            for ref in _refs_read_by_layer(layer)
        ]
        ends = [*refs_in(self.graph.inputs), *refs_in(self.graph.outputs)]
        refs += [(ref, self.graph.place.path) for ref in ends]
        strangers = [
            (ref, path) for ref, path in refs if not _is_saved_call(known.get(ref.layer), ref)
        ]
        for ref, path in strangers:
            self.findings.report_malformed_part(
                path, f"call {ref.call + 1} of `{ref.layer}` is not there"
            )
        return not strangers

    def _make_saved_layer(self, layer: SavedLayer) -> bool:
        match layer.kind:
            case "input":
                return True
            case "refused":
                return False
            case "model":
                if layer.graph is None:
                    return False
                return self._make_inner_layers(layer, layer.graph)
            case "operation":
                made: _Made | None = self._keras_ops_function(layer)
            case "layer":
                known = self.shared.get(layer.shared) if layer.shared is not None else None
                made = known or self._make_keras_layer(layer)
                self._note_shared(layer, made)
        if made is not None:
            self.made[layer.name] = made
        return made is not None

    def _make_inner_layers(self, layer: SavedLayer, graph: SavedGraph) -> bool:
        if layer.shared in self.shared_inner:
            self.inner[layer.name] = self.shared_inner[layer.shared]
            return True
        names = live_names(graph, rename=self.rename)
        inner = _GraphBuilder(graph, self.findings, names, self.rename)
        inner.shared, inner.shared_inner = self.shared, self.shared_inner
        self.inner[layer.name] = inner
        if layer.shared is not None:
            self.shared_inner[layer.shared] = inner
        return inner.make_all_layers()

    def _note_shared(self, layer: SavedLayer, made: _Made | None) -> None:
        if layer.shared is not None and made is not None:
            self.shared[layer.shared] = made

    def _keras_ops_function(self, layer: SavedLayer) -> _Made | None:
        word = layer.class_name
        entry = catalogue.find_entry("op", word)
        keywords = {
            key: _numbers_as_array(value) for key, value in layer.config.items() if key != "name"
        }
        if word == "get_item":
            return _tensor_item
        if entry is None or entry.forbidden:
            self.findings.refuse(layer.place, "no function of keras.ops gives it")
            return None
        strange = [key for key in keywords if entry.parameter_named(key) is None]
        for key in strange:
            reason = f"`ops.{word}` takes no `{key}`"
            self.findings.refuse(layer.place, reason, code=Code.UNKNOWN_ARGUMENT)
        function = attrgetter(word)(keras.ops)
        return None if strange else lambda *args, **named: function(*args, **named, **keywords)

    def _make_keras_layer(self, layer: SavedLayer) -> keras.Layer | None:
        reader = ObjectReader(lambda graph: self._hold_wrapped_model(graph))
        found = reader.layer(layer.class_name, layer.config)
        for refusal in reader.refusals:
            self._report_layer_refusal(layer.place, refusal)
        if found is None:
            return None
        made = self._construct_layer(layer, found)
        if made is None or not self._loses_no_arguments(layer, made, reader.unknown):
            return None
        _freeze_wrapped_layers(made, layer.config)
        made.trainable = layer.trainable
        return made

    def _hold_wrapped_model(self, graph: SavedGraph) -> str | None:
        model = built_model(graph, self.findings, rename=self.rename)
        if model is None:
            return None
        name = f"{model.name}#{len(self.held)}"
        self.held[name] = model
        return name

    def _construct_layer(self, layer: SavedLayer, found: Object) -> keras.Layer | None:
        try:
            made: keras.Layer = build_object(found, self.held, name=self.names[layer.name])
        except _REFUSALS as error:
            reason = f"Keras refuses it: {_first_error_line(error)}"
            self.findings.refuse(layer.place, reason, code=Code.KERAS_REFUSES)
            return None
        return made

    def _loses_no_arguments(
        self, layer: SavedLayer, made: keras.Layer, unknown: Mapping[str, Any]
    ) -> bool:
        """Refuse what the file says and no argument can say, unless it is how the layer is anyway.

        A wrapper's config is compared with its own; of the layers inside, only nothing may be lost.
        """
        config = made.get_config() if unknown else {}
        lost = [n for n, v in unknown.items() if v not in (None, False) and config.get(n) != v]
        for name in lost:
            reason = f"`{name}` is no argument of `{layer.place.class_name}`"
            self.findings.refuse(layer.place, reason, code=Code.UNKNOWN_ARGUMENT)
        return not lost

    def _report_layer_refusal(self, place: Place, refusal: Refusal) -> None:
        self.findings.refuse(place, refusal.reason, code=refusal.code, help=refusal.help)

    # -- calls -----------------------------------------------------------------------------------

    def model(self, given: tuple[Any, ...] = ()) -> keras.Model | None:
        """Return the model, called layer by layer.

        Args:
            given: The tensors of its first call, for an input whose shape the file does not tell.
        """
        inputs = [layer for layer in self.graph.layers if layer.kind == "input"]
        for position, layer in enumerate(inputs):
            tensor = self._make_input_tensor(
                layer, given[position] if position < len(given) else None
            )
            if tensor is None:
                return None
            self.results[layer.name, 0] = [tensor]
        for ref in refs_in(self.graph.outputs):
            self._make_call_and_sources((ref.layer, ref.call))
        outputs = [(ref.layer, ref.call) for ref in refs_in(self.graph.outputs)]
        if any(key in self.failed for key in outputs):
            return None
        return self._model_from_results()

    def _model_from_results(self) -> keras.Model | None:
        name = self.graph.name.replace("/", "_")
        try:
            inputs, outputs = (
                self._argument_with_tensors(self.graph.inputs),
                self._argument_with_tensors(self.graph.outputs),
            )
            model = keras.Model(inputs, outputs, name=name)
        except _REFUSALS as error:
            self.findings.report_malformed_part(self.graph.place.path, _first_error_line(error))
            return None
        if not self.graph.trainable:
            model.trainable = False
        return model

    def _make_input_tensor(self, layer: SavedLayer, given: Any) -> Any:  # noqa: ANN401 - Keras tensors
        config = layer.config
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        if shape is None and given is not None:
            shape = list(given.shape)
        if shape is None or config.get("ragged"):
            reason = "the file does not tell its shape" if shape is None else "it is ragged"
            help = "build the model, or give it an input layer, before it is saved"
            self.findings.refuse(layer.place, reason, help=help if shape is None else None)
            return None
        dtype = config.get("dtype") or "float32"
        if self._feeds_embeddings(layer.name) and str(dtype).startswith("float"):
            dtype = "int32"
            self.findings.note(
                "an input that only embeddings read is written as int32", layer.place
            )
        try:
            return keras.Input(
                batch_shape=shape,
                dtype=dtype,
                sparse=bool(config.get("sparse")),
                name=self.names[layer.name],
                **({"optional": True} if config.get("optional") else {}),
            )
        except _REFUSALS as error:
            reason = f"Keras refuses it: {_first_error_line(error)}"
            self.findings.refuse(layer.place, reason, code=Code.KERAS_REFUSES)
            return None

    def _feeds_embeddings(self, name: str) -> bool:
        readers = [
            layer
            for layer in self.graph.layers
            if any(ref.layer == name for ref in _refs_read_by_layer(layer))
        ]
        return bool(readers) and all(self._is_embedding(layer) for layer in readers)

    def _is_embedding(self, layer: SavedLayer) -> bool:
        if layer.kind != "model":
            return layer.class_name == "Embedding"
        inputs = [
            inner.name for inner in self.inner[layer.name].graph.layers if inner.kind == "input"
        ]
        return len(inputs) == 1 and self.inner[layer.name]._feeds_embeddings(inputs[0])

    def _make_call_and_sources(self, wanted: _Key) -> None:
        """Make a call, and before it those it reads, however deep; loops are reported."""
        layers = {layer.name: layer for layer in self.graph.layers}
        open_: list[tuple[_Key, Iterator[_Key]]] = []
        entered: set[_Key] = set()

        def enter(key: _Key) -> None:
            if key in self.results or key in self.failed:
                return
            if key in entered:
                self.findings.report_malformed_part(
                    layers[key[0]].place.path, "the layer reads itself"
                )
                self.failed.add(key)
                return
            entered.add(key)
            call = layers[key[0]].calls[key[1]]
            open_.append((key, iter([(ref.layer, ref.call) for ref in call.refs_read()])))

        enter(wanted)
        while open_:
            key, reads = open_[-1]
            needed = next(reads, None)
            if needed is not None:
                enter(needed)
                continue
            open_.pop()
            self._call_made_layer(key, layers[key[0]])

    def _call_made_layer(self, key: _Key, layer: SavedLayer) -> None:
        call = layer.calls[key[1]]
        made = None
        if not any((ref.layer, ref.call) in self.failed for ref in call.refs_read()):
            made = self._layer_or_inner_model(layer, call)
        if made is None or key in self.failed:
            self.failed.add(key)
            return
        try:
            args = [self._argument_with_tensors(value) for value in call.args]
            kwargs = {
                name: self._argument_with_tensors(value) for name, value in call.kwargs.items()
            }
            if layer.counted_axis and key[1] == 0:
                _uncount_axis(made, args[0])
            result = made(*args, **_keywords_without_implied_masks(args, kwargs))
        except _REFUSALS as error:
            self.failed.add(key)
            reason = f"Keras refuses its call: {_first_error_line(error)}"
            self.findings.refuse(layer.place, reason, code=Code.KERAS_REFUSES)
            return
        self.results[key] = keras.tree.flatten(result)

    def _layer_or_inner_model(self, layer: SavedLayer, call: Call) -> _Made | None:
        if layer.kind != "model":
            return self.made[layer.name]
        if layer.name not in self.made and layer.shared in self.shared:
            self.made[layer.name] = self.shared[layer.shared]
        if layer.name not in self.made:
            given = tuple(
                keras.tree.flatten([self._argument_with_tensors(value) for value in call.args[:1]])
            )
            model = self.inner[layer.name].model(given)
            if model is None:
                return None
            self.made[layer.name] = model
            self._note_shared(layer, model)
        return self.made[layer.name]

    def _argument_with_tensors(self, value: Any) -> Any:  # noqa: ANN401 - arguments of any nesting
        match value:
            case Ref():
                found = self.results[value.layer, value.call]
                if value.output >= len(found):
                    raise LookupError(f"`{value.layer}` has {counted(len(found), 'output')}")
                return found[value.output]
            case list():
                return [self._argument_with_tensors(item) for item in value]
            case tuple():
                return tuple(self._argument_with_tensors(item) for item in value)
            case Mapping():
                return {key: self._argument_with_tensors(item) for key, item in value.items()}
        return _numbers_as_array(value)


def _refs_read_by_layer(layer: SavedLayer) -> list[Ref]:
    return [ref for call in layer.calls for ref in call.refs_read()]


def _is_saved_call(layer: SavedLayer | None, ref: Ref) -> bool:
    if layer is None:
        return False
    return ref.call == 0 if layer.kind == "input" else ref.call < len(layer.calls)


def _keywords_without_implied_masks(args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords without masks that Keras hands on by itself."""
    tensors = [t for t in keras.tree.flatten([args, kwargs]) if isinstance(t, keras.KerasTensor)]
    implied = [mask for t in tensors if (mask := getattr(t, "_keras_mask", None)) is not None]
    return {
        n: v for n, v in kwargs.items() if not (n.endswith("mask") and is_implied_mask(v, implied))
    }


def _uncount_axis(made: Any, tensor: Any) -> None:  # noqa: ANN401 - a normalization, what it reads
    """Let the last axis be the last one again, whatever the rank is."""
    if made.axis == len(tensor.shape) - 1:
        made.axis = -1


def _tensor_item(tensor: Any, key: Any) -> Any:  # noqa: ANN401 - what `tensor[key]` takes
    return tensor[tuple(key) if isinstance(key, list) else key]


def _numbers_as_array(value: Any) -> Any:  # noqa: ANN401 - a literal of a call
    if isinstance(value, Numbers):
        return np.asarray(value.value, dtype=value.dtype)
    return value


def _freeze_wrapped_layers(made: Any, config: Mapping[str, Any]) -> None:  # noqa: ANN401 - a layer
    """Freeze the layers inside a wrapper that the file says are frozen."""
    for key, value in config.items():
        inner = getattr(made, key, None)
        if isinstance(value, Mapping) and isinstance(inner, keras.Layer):
            said = value.get("config")
            if isinstance(said, Mapping):
                _freeze_wrapped_layers(inner, said)
                if said.get("trainable") is False:
                    inner.trainable = False


def _first_error_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
