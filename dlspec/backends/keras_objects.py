"""Objects of the catalogue -> the Keras objects that they describe."""

from collections.abc import Mapping
from typing import Any

import keras

from dlspec.backends.project_classes import class_of_entry, require_saved
from dlspec.language.catalogue import ClassEntry, ListedObject, ModelRef, Object, Value

Models = Mapping[str, keras.Model]

_OF_FLOATS = frozenset({"number", "numbers", "values", "bounds", "schedule"})
# These take whole numbers for floats, and their config gives back what a spec had written.
_AS_WRITTEN = frozenset({"layer", "initializer", "constraint"})


def build_object(made: Object, models: Models | None = None, *, name: str | None = None) -> Any:  # noqa: ANN401 - a Keras object of the kind asked for
    """Return the Keras object that a catalogue object describes.

    Args:
        models: The models that a wrapper's `{model: name}` may mean.
        name: The layer's name; Keras chooses one when it is None.
    """
    entry = made.entry
    assert entry is not None, f"{made.class_name} is not in the catalogue"
    arguments = {
        key: _constructor_argument(_with_floats(value, key, entry), models or {})
        for key, value in made.arguments.items()
    }
    if name is not None:
        arguments["name"] = name
    built = class_of_entry(entry)(**arguments)
    if isinstance(made, ListedObject):
        require_saved(built, made)
    return built


def _with_floats(value: Value, key: str, entry: ClassEntry) -> Value:
    """Return an argument with floats where one is meant: Keras refuses `momentum=1`."""
    parameter = entry.parameter_named(key)
    if parameter is None or parameter.type not in _OF_FLOATS or entry.kind in _AS_WRITTEN:
        return value
    if isinstance(value, tuple):
        return tuple(_with_floats(item, key, entry) for item in value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _constructor_argument(value: Any, models: Models) -> Any:  # noqa: ANN401 - what the constructor takes
    if isinstance(value, Object):
        return build_object(value, models)
    if isinstance(value, ModelRef):
        return models[value.name]
    if isinstance(value, tuple):
        return [_constructor_argument(item, models) for item in value]
    if isinstance(value, Mapping):
        return {key: _constructor_argument(item, models) for key, item in value.items()}
    return value
