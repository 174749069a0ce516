"""Constructor arguments of a file -> catalogue objects: only what Keras itself has is taken."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlspec.backends.saved.architecture import SavedGraph
from dlspec.backends.saved.keras3_models import Numbers
from dlspec.diagnostics.codes import Code
from dlspec.language import catalogue
from dlspec.language.catalogue import ClassEntry, Kind, ModelRef, Object, Parameter, Value

# What a config says beside the arguments: said in another place, or by the shapes.
BESIDE = frozenset({"name", "trainable", "build_config", "batch_input_shape", "batch_shape"})
_KINDS: Mapping[str, Kind] = {
    "initializer": "initializer",
    "regularizer": "regularizer",
    "constraint": "constraint",
    "layer": "layer",
    "layers": "layer",
    "activation": "activation",
}
# Text under one of these is the path of a file that Keras would read.
_PATHS = ("vocabulary", "idf_weights")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that cannot be said, and what to do about it."""

    code: Code
    reason: str
    help: str | None = None


@dataclass(slots=True)
class ObjectReader:
    """Reads the arguments of one layer; `model_name` builds a model that a wrapper holds."""

    model_name: Callable[[SavedGraph], str | None]
    refusals: list[Refusal] = field(default_factory=list)
    unknown: dict[str, Any] = field(default_factory=dict)

    def layer(self, class_name: str, config: Mapping[str, Any]) -> Object | None:
        """Return the object of a layer; None when something is refused.

        Arguments that the catalogue does not know are kept in `unknown`.
        """
        found = self._read_saved_object("layer", class_name, config)
        return None if self.refusals else found

    def _read_saved_object(
        self, kind: Kind, class_name: str, config: Mapping[str, Any]
    ) -> Object | None:
        entry = catalogue.find_entry(kind, class_name)
        if entry is None:
            self._add_refusal(f"Keras has no {kind} `{class_name}`", Code.UNKNOWN_CLASS)
            return None
        if entry.forbidden:
            self._add_refusal(entry.forbidden, Code.FORBIDDEN_CLASS)
            return None
        self._keep_unknown_arguments(entry, config)
        return Object(kind, entry.name, dict(self._read_object_arguments(entry, config)))

    def _keep_unknown_arguments(self, entry: ClassEntry, config: Mapping[str, Any]) -> None:
        for name, value in config.items():
            if name not in BESIDE and entry.parameter_named(name) is None:
                self.unknown[name] = value

    def _read_object_arguments(
        self, entry: ClassEntry, config: Mapping[str, Any]
    ) -> Iterator[tuple[str, Value]]:
        for parameter in entry.parameters:
            if parameter.name in config and parameter.name not in BESIDE:
                yield parameter.name, self._read_object_value(parameter, config[parameter.name])

    def _read_object_value(self, parameter: Parameter, value: Any) -> Value:  # noqa: ANN401 - data of a saved model
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._read_text_argument(parameter, value)
            case SavedGraph():
                name = self.model_name(value)
                return None if name is None else ModelRef(name)
            case list() | tuple():
                return tuple(self._read_object_value(parameter, item) for item in value)
            case Numbers():
                return _numbers_as_tuples(value.value)
            case Mapping():
                return self._read_mapping_argument(parameter, value)
        self._add_refusal(
            f"`{parameter.name}` holds a `{type(value).__name__}`", Code.UNKNOWN_ARGUMENT
        )
        return None

    def _read_text_argument(self, parameter: Parameter, value: str) -> Value:
        kind = _KINDS.get(parameter.type)
        if parameter.name in _PATHS:
            self._add_refusal(f"`{parameter.name}` names a file to read", Code.UNKNOWN_ARGUMENT)
        elif kind is not None:
            entry = catalogue.find_entry(kind, value)
            if entry is None or entry.forbidden:
                self._add_refusal(
                    f"`{parameter.name}`: Keras has no {kind} `{value}`", Code.UNKNOWN_CLASS
                )
        return value

    def _read_mapping_argument(self, parameter: Parameter, value: Mapping[str, Any]) -> Value:
        class_name, config = value.get("class_name"), value.get("config")
        if not isinstance(class_name, str):
            return {
                str(key): self._read_object_value(parameter, item) for key, item in value.items()
            }
        if parameter.type == "dtype":
            return self._read_dtype_policy(class_name, config)
        if not _is_keras_object(value):
            where = value.get("registered_name") or value.get("module")
            reason = f"`{parameter.name}` holds `{class_name}` of `{where}`, none of Keras's own"
            self._add_refusal(reason, Code.UNKNOWN_CLASS)
            return None
        if parameter.type == "activation" and isinstance(config, str):
            return self._read_text_argument(parameter, config)
        kind = _KINDS.get(parameter.type)
        if kind is None or not isinstance(config, Mapping):
            self._add_refusal(f"`{parameter.name}` holds a `{class_name}`", Code.UNKNOWN_ARGUMENT)
            return None
        # An activation may be a layer, such as `LeakyReLU`.
        return self._read_saved_object(
            "layer" if kind == "activation" else kind, class_name, config
        )

    def _read_dtype_policy(self, class_name: str, config: object) -> Value:
        name = config.get("name") if isinstance(config, Mapping) else None
        if not isinstance(name, str) or class_name == "DTypePolicyMap":
            self._add_refusal(f"`dtype` holds a `{class_name}`", Code.UNKNOWN_ARGUMENT)
            return None
        return name

    def _add_refusal(self, reason: str, code: Code, help: str | None = None) -> None:
        self.refusals.append(Refusal(code, reason, help))


def _is_keras_object(value: Mapping[str, Any]) -> bool:
    """Return whether an object says it is Keras's own; older files say no module."""
    module, registered = value.get("module", "keras"), value.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        return False
    # Keras 3 wrote functions, such as activations, under this module.
    if module == "builtins" and value.get("class_name") == "function":
        return True
    return isinstance(module, str) and (module == "keras" or module.startswith("keras."))


def _numbers_as_tuples(value: Any) -> Value:  # noqa: ANN401 - nested lists of numbers
    return tuple(_numbers_as_tuples(item) for item in value) if isinstance(value, list) else value
