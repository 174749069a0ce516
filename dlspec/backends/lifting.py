"""A live Keras layer as a catalogue object: only what its constructor cannot find out itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import keras

from dlspec import catalogue
from dlspec.backends.keras import build_object
from dlspec.catalogue import ClassEntry, Kind, ModelRef, Object, Parameter, Value

_MODELS = ("Functional", "Model", "Sequential")
_KINDS: Mapping[str, Kind] = {
    "initializer": "initializer",
    "regularizer": "regularizer",
    "constraint": "constraint",
    "layer": "layer",
    "layers": "layer",
    "activation": "layer",
}
# The structure key beside the head says it.
_BESIDE = ("trainable",)


class CannotSayError(ValueError):
    """A layer, or a part of one, that no spec can say; the message is the reason."""


@dataclass(slots=True)
class Lifter:
    """Turns layers into objects; `models` gathers the inner models that wrappers hold, by name."""

    name_of: Callable[[keras.Model], str]
    models: dict[str, keras.Model] = field(default_factory=dict)
    seen: dict[str, Object] = field(default_factory=dict)

    def layer(self, layer: keras.Layer) -> Object:
        """Return the object from which `build_object` makes a layer of the same config.

        Raises:
            CannotSayError: If the class, or something it holds, is none of Keras's own.
        """
        entry = layer_entry(layer)
        config = _unbuilt(layer)
        found = Object("layer", entry.name, dict(self._arguments(entry, config, layer)))
        # Equal layers come in dozens, and each trial builds one.
        known = self.seen.get(repr(found))
        if known is None:
            known = _Reduction(entry, _compared(entry, config), self.models).reduced(found)
            self.seen[repr(found)] = known
        return known

    def _arguments(
        self, entry: ClassEntry, config: Mapping[str, Any], owner: object
    ) -> Iterator[tuple[str, Value]]:
        for parameter in entry.parameters:
            if parameter.name in config and parameter.name not in _BESIDE:
                value = config[parameter.name]
                yield parameter.name, self._value(parameter, value, owner)

    def _value(self, parameter: Parameter, value: Any, owner: object) -> Value:  # noqa: ANN401
        if isinstance(value, list | tuple):
            return tuple(self._value(parameter, item, owner) for item in value)
        if not isinstance(value, Mapping):
            return _plain(value)
        if "class_name" not in value:
            return {str(key): self._value(parameter, item, owner) for key, item in value.items()}
        if parameter.type == "dtype":
            return str(value["config"]["name"])
        if value["class_name"] in _MODELS:
            return self._model(getattr(owner, parameter.name, None))
        kind = _KINDS.get(parameter.type)
        if kind is None:
            raise CannotSayError(f"`{parameter.name}` holds a `{value['class_name']}`")
        return self._object(kind, value, getattr(owner, parameter.name, None))

    def _object(self, kind: Kind, value: Mapping[str, Any], live: object) -> Object:
        name, module = str(value["class_name"]), value.get("module")
        entry = catalogue.find(kind, name)
        if entry is None or module is None or not module.startswith("keras"):
            raise CannotSayError(f"`{name}` is no {kind} of Keras")
        if entry.forbidden:
            raise CannotSayError(f"it holds a `{name}`: {entry.forbidden}")
        config = value["config"]
        return Object(kind, entry.name, dict(self._arguments(entry, config, live)))

    def _model(self, live: object) -> ModelRef:
        if not isinstance(live, keras.Model):
            raise CannotSayError("it holds a model that it does not show")
        name = self.name_of(live)
        self.models[name] = live
        return ModelRef(name)


def _unbuilt(layer: keras.Layer) -> dict[str, Any]:
    """Return a config as it was before the layer was built, where building changes an argument."""
    config: dict[str, Any] = layer.get_config()
    axis, axes = config.get("axis"), config.get("attention_axes")
    if type(layer) is keras.layers.LayerNormalization and isinstance(axis, list | tuple):
        return {**config, "axis": axis[0]} if len(axis) == 1 else config
    if type(layer) is keras.layers.MultiHeadAttention and axes is not None:
        query = (layer.get_build_config() or {}).get("shapes_dict", {}).get("query_shape", ())
        # Without axes it attends over all but the batch and the features.
        if list(axes) == list(range(1, len(query) - 1)):
            return {**config, "attention_axes": None}
    return config


def layer_entry(layer: object) -> ClassEntry:
    """Return the catalogue's entry of a live layer's class.

    Raises:
        CannotSayError: If the class is none of Keras's own, or no spec may name it.
    """
    name = type(layer).__name__
    entry = catalogue.find("layer", name)
    if entry is None:
        raise CannotSayError("no class of Keras's own")
    if entry.forbidden:
        raise CannotSayError(entry.forbidden)
    if getattr(import_module(entry.module), entry.name) is not type(layer):
        raise CannotSayError(f"another class than Keras's `{name}`")
    return entry


def _plain(value: Any) -> Value:  # noqa: ANN401 - a value of a config
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "tolist"):
        listed: Value = _frozen(value.tolist())
        return listed
    raise CannotSayError(f"it holds a `{type(value).__name__}`")


def _frozen(value: Any) -> Any:  # noqa: ANN401 - lists of numbers
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _compared(entry: ClassEntry, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a config that the constructor decides, in one form whatever its source."""
    named = {p.name: _normal(config[p.name]) for p in entry.parameters if p.name in config}
    return {name: value for name, value in named.items() if name not in _BESIDE}


def _normal(value: Any) -> Any:  # noqa: ANN401 - a value of a config
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    if not isinstance(value, Mapping):
        return value.tolist() if hasattr(value, "tolist") else value
    if "class_name" not in value:
        return {key: _normal(item) for key, item in value.items()}
    inner = value["config"]
    if value["class_name"] in _MODELS:
        return [value["class_name"], inner["name"]]
    without_name = {k: _normal(v) for k, v in inner.items() if k != "name"} if inner else inner
    return [value["class_name"], without_name]


@dataclass(frozen=True, slots=True)
class _Reduction:
    """Leaves out what the constructor gives by itself, judged by the config of a rebuilt layer.

    Defaults depend on other arguments (`strides` on `pool_size`), and a wrapper changes what it
    holds, so that only the whole layer, rebuilt, can tell.
    """

    entry: ClassEntry
    wanted: Mapping[str, Any]
    models: Mapping[str, keras.Model]

    def reduced(self, found: Object) -> Object:
        if not self._same(found):
            raise CannotSayError("its constructor does not give its config back")
        bare = _without_defaults(found)
        best = bare if self._same(bare) else found
        for path in list(_paths(best)):
            shorter = _without(best, path)
            if self._same(shorter):
                best = shorter
        for path in list(_paths(best)):
            shorter = _shortened(best, path)
            if shorter != best and self._same(shorter):
                best = shorter
        return best

    def _same(self, candidate: Object) -> bool:
        try:
            rebuilt = build_object(candidate, self.models)
        except (TypeError, ValueError):
            # A constructor that refuses what is left: the argument is needed.
            return False
        return _compared(self.entry, rebuilt.get_config()) == self.wanted


_Path = tuple[str, ...]


def _paths(made: Object, prefix: _Path = ()) -> Iterator[_Path]:
    """Yield the path of every argument, those of inner objects before the one that holds them."""
    for name, value in made.arguments.items():
        if isinstance(value, Object):
            yield from _paths(value, (*prefix, name))
        yield (*prefix, name)


def _changed(
    made: Object, path: _Path, change: Callable[[Object, str], dict[str, Value]]
) -> Object:
    name, *rest = path
    if not rest:
        return Object(made.entry_kind, made.class_name, change(made, name))
    inner = made.arguments.get(name)
    if not isinstance(inner, Object):
        return made
    changed = _changed(inner, tuple(rest), change)
    return Object(made.entry_kind, made.class_name, {**made.arguments, name: changed})


def _without(made: Object, path: _Path) -> Object:
    return _changed(made, path, lambda o, n: {k: v for k, v in o.arguments.items() if k != n})


def _shortened(made: Object, path: _Path) -> Object:
    return _changed(made, path, lambda o, n: {**o.arguments, n: _one_for_all(o.arguments[n])})


def _one_for_all(value: Value) -> Value:
    """Return `3` for `[3, 3]` and for `[[3, 3], [3, 3]]`; another value stays."""
    if not isinstance(value, tuple) or not value:
        return value
    items = {repr(_one_for_all(item)) for item in value}
    return _one_for_all(value[0]) if len(items) == 1 else value


def _without_defaults(made: Object) -> Object:
    entry = catalogue.find(made.entry_kind, made.class_name)
    assert entry is not None
    kept: dict[str, Value] = {}
    for name, value in made.arguments.items():
        inner = _without_defaults(value) if isinstance(value, Object) else value
        parameter = entry.parameter(name)
        if parameter is None or parameter.required or not _is_default(inner, parameter):
            kept[name] = inner
    return Object(made.entry_kind, made.class_name, kept)


def _is_default(value: Value, parameter: Parameter) -> bool:
    if isinstance(value, Object) and isinstance(parameter.default, str) and not value.arguments:
        found = catalogue.find(value.entry_kind, parameter.default)
        return found is not None and found.name == value.class_name
    return type(value) is type(parameter.default) and value == parameter.default
