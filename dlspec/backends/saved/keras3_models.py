"""What Keras 3 saves -> records: layers, operations of keras.ops, and the calls between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dlspec.backends.lift.operation_names import function_of
from dlspec.backends.saved.architecture import (
    Call,
    Place,
    Ref,
    SavedGraph,
    SavedLayer,
    with_earlier_calls,
)
from dlspec.backends.saved.document_parts import MalformedError, Part
from dlspec.backends.saved.import_findings import Findings
from dlspec.backends.saved.sequential_chains import sequential_graph
from dlspec.diagnostics.codes import Code
from dlspec.language.keras_names import snake_case

MODELS = ("Functional", "Model", "Sequential")
# Keras notes these in every call; None and False are what they are without being said.
_UNSAID = ("mask", "training")
_PLAIN = ("__slice__", "__ellipsis__", "__tuple__", "__numpy__", "__tensor__")


def is_keras3_model(model: Part) -> bool:
    """Return whether Keras 3 wrote a model: it says modules, and tensors inside calls."""
    return "module" in model.mapping or "__keras_tensor__" in str(model.value.get("config", ""))


@dataclass(frozen=True, slots=True)
class ModernReader:
    """Reads the forms of Keras 3: archives, `to_json`, and the HDF5 it still writes.

    `calls` counts those of each layer that several graphs share, in the graphs that are read.
    """

    findings: Findings
    calls: dict[int, int] = field(default_factory=dict)

    def model(self, part: Part, title: str | None = None, *, index: int = 0) -> SavedGraph | None:
        """Return the graph of a model; None when its class is none of Keras's own.

        Raises:
            MalformedError: If a part is missing.
        """
        config = part["config"]
        name = _modern_name(part)
        label = name if title is None else f"{title} > {name}"
        place = Place(label, name, part["class_name"].text, index, part.path)
        if place.class_name not in MODELS or not _is_from_keras(part):
            self.findings.refuse(
                place,
                "a class of its own, whose layers are in its code",
                code=Code.UNKNOWN_CLASS,
                help="save a functional model of the same layers",
            )
            return None
        layers = [
            self._read_modern_layer(item, label, index)
            for index, item in enumerate(config["layers"].items())
        ]
        trainable = config.mapping.get("trainable") is not False
        if place.class_name == "Sequential":
            shape = _saved_batch_shape(config.get("build_input_shape"))
            return sequential_graph(place, layers, batch_shape=shape, trainable=trainable)
        inner = {layer.name for layer in layers if _is_functional_model(layer)}
        ends = [_modern_model_ends(config[f"{end}_layers"], inner) for end in ("input", "output")]
        before = self._count_shared_calls(layers)
        if any(before.values()):
            layers = [replace(one, calls=with_earlier_calls(one.calls, before)) for one in layers]
            ends = with_earlier_calls(ends, before)
        inputs, outputs = ends
        return SavedGraph(name, place, tuple(layers), inputs, outputs, trainable)

    def _count_shared_calls(self, layers: list[SavedLayer]) -> dict[str, int]:
        """Count the calls of shared layers, and return how many there were before this graph."""
        before = {}
        for layer in layers:
            if layer.shared is not None:
                before[layer.name] = self.calls.get(layer.shared, 0)
                self.calls[layer.shared] = before[layer.name] + len(layer.calls)
        return before

    def _read_modern_layer(self, part: Part, title: str, index: int) -> SavedLayer:
        config = part["config"].mapping
        class_name = part["class_name"].text
        place = Place(title, _modern_name(part), class_name, index, part.path)
        nodes = part.get("inbound_nodes")
        calls = (
            tuple(self._read_modern_call(node) for node in nodes.items())
            if nodes is not None
            else ()
        )
        trainable = config.get("trainable") is not False
        marked = part.mapping.get("shared_object_id")
        shared = marked if isinstance(marked, int) else None
        if class_name == "InputLayer" and _is_from_keras(part):
            return SavedLayer("input", class_name, place, config)
        if class_name in MODELS and _is_from_keras(part):
            graph = self.model(part, title, index=index)
            return SavedLayer(
                "model", class_name, place, {}, calls, graph, trainable, shared=shared
            )
        if not _is_from_keras(part):
            self._refuse_foreign_class(part, place)
        values = self._read_modern_config(part["config"])
        if _is_keras_operation(part):
            function = function_of(class_name, values)
            word = function.name if function else snake_case(class_name)
            return SavedLayer("operation", word, place, values, calls)
        return SavedLayer(
            "layer", class_name, place, values, calls, trainable=trainable, shared=shared
        )

    def _refuse_foreign_class(self, part: Part, place: Place) -> None:
        registered, module = part.mapping.get("registered_name"), part.mapping.get("module")
        known = registered if registered and registered != place.class_name else module
        where = f", registered as `{registered}`" if known == registered and known else ""
        where = where or (f", of the module `{module}`" if module else "")
        self.findings.refuse(place, f"no class of Keras's own{where}", code=Code.UNKNOWN_CLASS)

    def _read_modern_config(self, config: Part) -> Mapping[str, Any]:
        return {key: self._read_modern_value(value) for key, value in config.entries()}

    def _read_modern_value(self, part: Part) -> Any:  # noqa: ANN401 - JSON is any of its types
        """Return a value of a config; a model inside a wrapper becomes a graph."""
        value = part.value
        if isinstance(value, list):
            return [self._read_modern_value(item) for item in part.items()]
        if not isinstance(value, Mapping):
            return value
        class_name = value.get("class_name")
        if class_name in MODELS and _is_from_keras(part):
            return self.model(part, _holding_argument_name(part))
        if class_name in _PLAIN:
            return literal_argument(part, _refuse_tensor_in_config)
        return {key: self._read_modern_value(item) for key, item in part.entries()}

    def _read_modern_call(self, node: Part) -> Call:
        args = [literal_argument(item, _ref_of_keras_tensor) for item in node["args"].items()]
        kwargs = {
            key: literal_argument(item, _ref_of_keras_tensor)
            for key, item in node["kwargs"].entries()
        }
        said = {n: v for n, v in kwargs.items() if n not in _UNSAID or v not in (None, False)}
        return Call(tuple(args), said)


def literal_argument(part: Part, tensor: Callable[[Part], Any]) -> Any:  # noqa: ANN401 - an argument
    """Return an argument as Python has it: tensors by `tensor`, arrays as `Numbers`.

    Raises:
        MalformedError: If it says a class that is no plain value.
    """
    value = part.value
    if isinstance(value, list):
        return [literal_argument(item, tensor) for item in part.items()]
    if not isinstance(value, Mapping):
        return value
    class_name = value.get("class_name")
    if class_name is None:
        return {key: literal_argument(item, tensor) for key, item in part.entries()}
    if class_name == "__keras_tensor__":
        return tensor(part)
    return _plain_class_value(str(class_name), part, tensor)


def _plain_class_value(class_name: str, part: Part, tensor: Callable[[Part], Any]) -> Any:  # noqa: ANN401 - data of a saved model
    """Return what Keras writes as a class since JSON has no word for it."""
    match class_name:
        case "__slice__":
            config = part["config"]
            return slice(*(literal_argument(config[k], tensor) for k in ("start", "stop", "step")))
        case "__ellipsis__":
            return ...
        case "__tuple__":
            return tuple(literal_argument(item, tensor) for item in part["config"].items())
        case "__numpy__" | "__tensor__":
            return Numbers(part["config"]["value"].value, part["config"]["dtype"].text)
        case "DTypePolicy":
            return part["config"]["name"].text
    raise MalformedError(part.path, f"a `{class_name[:60]}` is no plain value")


@dataclass(frozen=True, slots=True)
class Numbers:
    """An array of a file: nested lists, and the type of its numbers."""

    value: Any
    dtype: str


def _ref_of_keras_tensor(part: Part) -> Ref:
    history = part["config"]["keras_history"]
    return Ref(history[0].text, history[1].count, history[2].count)


def _refuse_tensor_in_config(part: Part) -> Ref:
    raise MalformedError(part.path, "a tensor cannot stand here")


def _modern_model_ends(part: Part, inner: set[str]) -> Any:  # noqa: ANN401 - a structure of tensors
    """Return inputs or outputs; there, not in calls, Keras counts a first call of inner models."""
    value = part.value
    if isinstance(value, Mapping):
        return {key: _modern_model_ends(item, inner) for key, item in part.entries()}
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        name = part[0].text
        index = part[1].count - (name in inner)
        return Ref(name, max(index, 0), part[2].count)
    return [_modern_model_ends(item, inner) for item in part.items()]


def _modern_name(part: Part) -> str:
    config = part["config"]
    named = config.get("name") if isinstance(config.value, Mapping) else None
    found = part.get("name") or named
    return found.text if found is not None and isinstance(found.value, str) else "model"


def _holding_argument_name(part: Part) -> str:
    return str(part.path[-1])


def _saved_batch_shape(part: Part | None) -> list[Any] | None:
    return None if part is None or not isinstance(part.value, list) else part.value


def _is_functional_model(layer: SavedLayer) -> bool:
    return layer.kind == "model" and layer.place.class_name != "Sequential"


def _is_from_keras(part: Part) -> bool:
    """Return whether a class says it is Keras's; HDF5 says no module, and the catalogue decides."""
    registered, module = part.mapping.get("registered_name"), part.mapping.get("module", "keras")
    is_module = isinstance(module, str) and (module == "keras" or module.startswith("keras."))
    return is_module and not (isinstance(registered, str) and ">" in registered)


def _is_keras_operation(part: Part) -> bool:
    module = part.mapping.get("module")
    if isinstance(module, str):
        return module.startswith(("keras.src.ops", "keras.ops"))
    return "trainable" not in part["config"].mapping
