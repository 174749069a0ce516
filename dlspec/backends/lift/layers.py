"""A live Keras layer as a catalogue object: only what its constructor cannot find out itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import keras

from dlspec.backends.keras_objects import build_object
from dlspec.backends.project_classes import entry_of_live_layer
from dlspec.diagnostics.counts import counted
from dlspec.language import catalogue
from dlspec.language.catalogue import ClassEntry, Kind, ModelRef, Object, Parameter, Value
from dlspec.language.catalogue.project import project_of

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
_NOTHING = object()
# Letters of Keras's sentence: two lines of a terminal, a dumped config ends there.
_SHOWN = 200
_ATTENTION = ("GroupedQueryAttention", "MultiHeadAttention")
# Built, they hold a list even where one axis was given.
_LIST_THEIR_AXIS = ("LayerNormalization", "RMSNormalization")
# 100 kB of a text that a person reads, 48 ms to compile; 20,000 would take twice of each.
_MOST_WORDS = 10_000


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
        if entry.name in _ATTENTION:
            _require_plain_parts(layer)
        config = _config_before_build(layer)
        found = catalogue.made_object(entry, dict(self._config_arguments(entry, config, layer)))
        # Equal layers come in dozens, and each trial builds one.
        wanted = _comparable_config(config)
        key = repr((found, wanted))
        if key not in self.seen:
            self.seen[key] = _Reduction(entry, wanted, self.models).reduced_object(found)
        return self.seen[key]

    def _config_arguments(
        self, entry: ClassEntry, config: Mapping[str, Any], owner: object
    ) -> Iterator[tuple[str, Value]]:
        for parameter in entry.parameters:
            if parameter.name in config and parameter.name not in _BESIDE:
                value = config[parameter.name]
                yield parameter.name, self._catalogue_value(parameter, value, owner)

    def _catalogue_value(self, parameter: Parameter, value: Any, owner: object) -> Value:  # noqa: ANN401 - Keras ships no types
        if isinstance(value, list | tuple):
            return tuple(self._catalogue_value(parameter, item, owner) for item in value)
        if parameter.type == "activation":
            _require_own_activation(value)
        if not isinstance(value, Mapping):
            return _plain_config_value(value)
        if "class_name" not in value:
            return {
                str(key): self._catalogue_value(parameter, item, owner)
                for key, item in value.items()
            }
        if parameter.type == "dtype":
            return _policy_name(value)
        if value["class_name"] in _MODELS:
            return self._inner_model_ref(getattr(owner, parameter.name, None))
        kind = _KINDS.get(parameter.type)
        if kind is None:
            raise CannotSayError(f"`{parameter.name}` holds a `{value['class_name']}`")
        return self._inner_object(kind, value, getattr(owner, parameter.name, None))

    def _inner_object(self, kind: Kind, value: Mapping[str, Any], live: object) -> Object:
        name, module = str(value["class_name"]), value.get("module")
        entry = catalogue.find_entry(kind, name)
        own = entry_of_live_layer(live, project_of("-")) if isinstance(live, keras.Layer) else None
        if own is not None:
            return catalogue.made_object(
                own, dict(self._config_arguments(own, value["config"], live))
            )
        if entry is None or module is None or not module.startswith("keras"):
            raise CannotSayError(f"`{name}` is no {kind} of Keras")
        if entry.forbidden:
            raise CannotSayError(f"it holds a `{name}`: {entry.forbidden}")
        config = value["config"]
        arguments = dict(self._config_arguments(entry, config, live))
        # Nothing stands beside a layer inside another one.
        if kind == "layer" and config.get("trainable") is False:
            arguments["trainable"] = False
        return Object(kind, entry.name, arguments)

    def _inner_model_ref(self, live: object) -> ModelRef:
        if not isinstance(live, keras.Model):
            raise CannotSayError("it holds a model that it does not show")
        name = self.name_of(live)
        self.models[name] = live
        return ModelRef(name)


def _policy_name(value: Mapping[str, Any]) -> str:
    if value["class_name"] == "DTypePolicyMap":
        raise CannotSayError("its parts have dtype policies of their own")
    return str(keras.dtype_policies.deserialize(dict(value)).name)


def _require_own_activation(value: Any) -> None:  # noqa: ANN401 - a value of a config
    if isinstance(value, Mapping) and "class_name" not in value:
        raise CannotSayError("its activation is a Python function")
    if isinstance(value, Mapping) and value["class_name"] == "function":
        raise CannotSayError(f"its activation `{value['config']}` is none of Keras's own")
    if isinstance(value, str) and catalogue.find_entry("activation", value) is None:
        raise CannotSayError(f"its activation `{value}` is none of Keras's own")


def _require_plain_parts(layer: keras.Layer) -> None:
    """Refuse attention whose projections were changed after it was made: no config says so."""
    for part in layer._flatten_layers(include_self=False):
        if getattr(part, "lora_enabled", False):
            raise CannotSayError("layers inside it have LoRA weights of their own")
        if getattr(part, "quantization_mode", None):
            raise CannotSayError("layers inside it are quantized, and not by its own dtype")


def _config_before_build(layer: keras.Layer) -> dict[str, Any]:
    """Return a config as it was before the layer was built, where building changes an argument."""
    config: dict[str, Any] = layer.get_config()
    if config.get("quantization_config") and _is_plainly_quantized(layer):
        config["quantization_config"] = None
    if "vocabulary_size" in config:
        return _with_vocabulary(layer, config)
    if config.get("bin_boundaries") is not None:
        # What it was adapted to; its number follows.
        config["num_bins"] = None
    axis, axes = config.get("axis"), config.get("attention_axes")
    if type(layer).__name__ in _LIST_THEIR_AXIS and isinstance(axis, list | tuple):
        return {**config, "axis": axis[0]} if len(axis) == 1 else config
    if type(layer) is keras.layers.MultiHeadAttention and axes is not None:
        query = (layer.get_build_config() or {}).get("shapes_dict", {}).get("query_shape", ())
        # Without axes it attends over all but the batch and the features.
        if list(axes) == list(range(1, len(query) - 1)):
            return {**config, "attention_axes": None}
    return config


def _with_vocabulary(layer: Any, config: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a lookup
    """Return the config of a lookup with the vocabulary that it was adapted to, if it was."""
    size = config.pop("vocabulary_size")
    if config["vocabulary"] is not None or not size:
        return config
    if config.get("output_mode") == "tf_idf":
        raise CannotSayError("it was adapted to data: its idf weights have no place in a spec")
    words = layer.get_vocabulary(include_special_tokens=False)
    if len(words) > _MOST_WORDS:
        raise CannotSayError(
            f"its {counted(len(words), 'word')} are more than the {_MOST_WORDS} of a spec"
        )
    return {
        **config,
        "vocabulary": [str(word) if isinstance(word, str) else int(word) for word in words],
    }


def _is_plainly_quantized(layer: keras.Layer) -> bool:
    """Return whether `quantize("int8")` without options, or its dtype alone, gives the same."""
    plain = {"int8": keras.quantizers.Int8QuantizationConfig}
    kind = plain.get(getattr(layer, "quantization_mode", None) or "")
    config = layer.quantization_config
    return kind is not None and type(config) is kind and config.get_config() == kind().get_config()


def layer_entry(layer: object) -> ClassEntry:
    """Return the catalogue's entry of a live layer's class.

    Raises:
        CannotSayError: If the class is none of Keras's own and the project of the current folder
            does not list it, or no spec may name it.
    """
    name = type(layer).__name__
    if not type(layer).__module__.startswith("keras."):
        own = entry_of_live_layer(layer, project_of("-"))
        if own is not None:
            return own
    entry = catalogue.find_entry("layer", name)
    if entry is None:
        raise CannotSayError("no class of Keras's own")
    if entry.forbidden:
        raise CannotSayError(entry.forbidden)
    if getattr(import_module(entry.module), entry.name) is not type(layer):
        raise CannotSayError(f"another class than Keras's `{name}`")
    return entry


def _plain_config_value(value: Any) -> Value:  # noqa: ANN401 - a value of a config
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "tolist"):
        listed: Value = _lists_as_tuples(value.tolist())
        return listed
    raise CannotSayError(f"it holds a `{type(value).__name__}`")


def _lists_as_tuples(value: Any) -> Any:  # noqa: ANN401 - lists of numbers
    return tuple(_lists_as_tuples(item) for item in value) if isinstance(value, list) else value


def _comparable_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the constructor decides of a config, in one form whatever its source.

    Keys that the catalogue does not know are there too: what no argument says would be lost.
    """
    return {
        name: _comparable_config_value(v)
        for name, v in config.items()
        if name not in ("name", *_BESIDE)
    }


def _comparable_config_value(value: Any) -> Any:  # noqa: ANN401 - a value of a config
    if isinstance(value, list | tuple):
        return [_comparable_config_value(item) for item in value]
    if not isinstance(value, Mapping):
        return value.tolist() if hasattr(value, "tolist") else value
    if "class_name" not in value:
        return {key: _comparable_config_value(item) for key, item in value.items()}
    inner = value["config"]
    if value["class_name"].endswith("DTypePolicy"):
        return [value["class_name"], dict(inner)]
    if value["class_name"] in _MODELS:
        return [value["class_name"], inner["name"]]
    without_name = (
        {k: _comparable_config_value(v) for k, v in inner.items() if k != "name"}
        if inner
        else inner
    )
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

    def reduced_object(self, found: Object) -> Object:
        if not self._rebuilds_same_layer(found):
            raise CannotSayError(self._reason_for_difference(found))
        bare = _without_defaults(found)
        best = bare if self._rebuilds_same_layer(bare) else found
        for path in list(_argument_paths_inside_first(best)):
            shorter = _object_without_argument(best, path)
            if self._rebuilds_same_layer(shorter):
                best = shorter
        for path in list(_argument_paths_inside_first(best)):
            shorter = _object_with_short_argument(best, path)
            if shorter != best and self._rebuilds_same_layer(shorter):
                best = shorter
        return best

    def _reason_for_difference(self, candidate: Object) -> str:
        """Return why a layer rebuilt with every argument is not the one that was lifted."""
        try:
            rebuilt = _comparable_config(_config_before_build(build_object(candidate, self.models)))
        except (TypeError, ValueError) as error:
            return f"its constructor refuses its own config: {str(error)[:_SHOWN]}"
        names = [n for n, value in self.wanted.items() if rebuilt.get(n, _NOTHING) != value]
        unknown = [name for name in names if self.entry.parameter_named(name) is None]
        if unknown:
            return f"the catalogue does not know its `{unknown[0]}`"
        return f"its constructor does not give its `{names[0] if names else 'config'}` back"

    def _rebuilds_same_layer(self, candidate: Object) -> bool:
        try:
            rebuilt = build_object(candidate, self.models)
        except (TypeError, ValueError):
            # A constructor that refuses what is left: the argument is needed.
            return False
        return _comparable_config(_config_before_build(rebuilt)) == self.wanted


_Path = tuple[str | int, ...]


def _argument_paths_inside_first(made: Object, prefix: _Path = ()) -> Iterator[_Path]:
    """Yield the path of every argument, those of inner objects before the one that holds them."""
    for name, value in made.arguments.items():
        if isinstance(value, Object):
            yield from _argument_paths_inside_first(value, (*prefix, name))
        for index, item in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(item, Object):
                yield from _argument_paths_inside_first(item, (*prefix, name, index))
        yield (*prefix, name)


def _object_changed_at_path(
    made: Object, path: _Path, change: Callable[[Object, str], dict[str, Value]]
) -> Object:
    name, *rest = path
    assert isinstance(name, str), path
    if not rest:
        return replace(made, arguments=change(made, name))
    inner = made.arguments.get(name)
    if isinstance(inner, tuple) and isinstance(rest[0], int):
        items = list(inner)
        item = items[rest[0]]
        assert isinstance(item, Object), path
        items[rest[0]] = _object_changed_at_path(item, tuple(rest[1:]), change)
        return replace(made, arguments={**made.arguments, name: tuple(items)})
    if not isinstance(inner, Object):
        return made
    changed = _object_changed_at_path(inner, tuple(rest), change)
    return replace(made, arguments={**made.arguments, name: changed})


def _object_without_argument(made: Object, path: _Path) -> Object:
    return _object_changed_at_path(
        made, path, lambda o, n: {k: v for k, v in o.arguments.items() if k != n}
    )


def _object_with_short_argument(made: Object, path: _Path) -> Object:
    return _object_changed_at_path(
        made, path, lambda o, n: {**o.arguments, n: _one_for_all(o.arguments[n])}
    )


def _one_for_all(value: Value) -> Value:
    """Return `3` for `[3, 3]` and for `[[3, 3], [3, 3]]`; another value stays."""
    if not isinstance(value, tuple) or not value:
        return value
    items = {repr(_one_for_all(item)) for item in value}
    return _one_for_all(value[0]) if len(items) == 1 else value


def _without_defaults(made: Object) -> Object:
    entry = made.entry
    assert entry is not None
    kept: dict[str, Value] = {}
    for name, value in made.arguments.items():
        inner = _value_without_defaults(value)
        parameter = entry.parameter_named(name)
        if parameter is None or parameter.required or not _is_default(inner, parameter):
            kept[name] = inner
    return replace(made, arguments=kept)


def _value_without_defaults(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(_value_without_defaults(item) for item in value)
    return _without_defaults(value) if isinstance(value, Object) else value


def _is_default(value: Value, parameter: Parameter) -> bool:
    if isinstance(value, Object) and isinstance(parameter.default, str) and not value.arguments:
        found = catalogue.find_entry(value.entry_kind, parameter.default)
        return found is not None and found.name == value.class_name
    return type(value) is type(parameter.default) and value == parameter.default
