"""Which classes and functions of Keras belong to which kind, and every name they go by."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import keras
from keras.src import (
    activations,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from keras.src.applications import convnext, inception_resnet_v2

from dlspec.language.catalogue import Kind


@dataclass(frozen=True, slots=True)
class Member:
    """A class or function of a kind; `words` are its other names and string identifiers."""

    kind: Kind
    name: str
    target: Callable[..., Any]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a kind lives: its public module, its base class, what its `get` resolves."""

    kind: Kind
    module: ModuleType
    base: type
    identifiers: dict[str, Any]


def _homes_of_kinds() -> tuple[_Home, ...]:
    schedules = keras.optimizers.schedules
    return (
        _Home("layer", keras.layers, keras.layers.Layer, {}),
        _Home("loss", keras.losses, keras.losses.Loss, losses.ALL_OBJECTS_DICT),
        _Home("metric", keras.metrics, keras.metrics.Metric, metrics.ALL_OBJECTS_DICT),
        _Home("optimizer", keras.optimizers, keras.Optimizer, optimizers.ALL_OBJECTS_DICT),
        _Home("schedule", schedules, schedules.LearningRateSchedule, {}),
        _Home("callback", keras.callbacks, keras.callbacks.Callback, {}),
        _Home("initializer", keras.initializers, keras.Initializer, initializers.ALL_OBJECTS_DICT),
        _Home("regularizer", keras.regularizers, keras.Regularizer, regularizers.ALL_OBJECTS_DICT),
        _Home(
            "constraint", keras.constraints, constraints.Constraint, constraints.ALL_OBJECTS_DICT
        ),
    )


def base_class(kind: Kind) -> type | None:
    """Return the class that every class of `kind` derives from; None for functions."""
    return next((home.base for home in _homes_of_kinds() if home.kind == kind), None)


def catalogue_members() -> Iterator[Member]:
    """Yield every public class of every kind, the applications' own layers, and the functions."""
    for home in _homes_of_kinds():
        classes = _classes_in(home.module, home.base)
        if home.kind == "layer":
            for module in (convnext, inception_resnet_v2):
                classes |= {c: [] for c in _own_layers(module)}
        for target, public in classes.items():
            words = [*public, *_identifiers_of(target, home)]
            name = target.__name__
            yield Member(home.kind, name, target, tuple(sorted({*words} - {name})))
    yield from _activation_members()
    yield from _operation_members()


def _classes_in(module: ModuleType, base: type) -> dict[type, list[str]]:
    found: dict[type, list[str]] = {}
    for name, value in sorted(vars(module).items()):
        if inspect.isclass(value) and issubclass(value, base):
            found.setdefault(value, []).append(name)
    return found


def _own_layers(module: ModuleType) -> list[type]:
    layers = _classes_in(module, keras.layers.Layer)
    return [c for c in layers if c.__module__ == module.__name__]


def _identifiers_of(target: type, home: _Home) -> list[str]:
    functions = {id(target), id(_wrapped_function(target, home))}
    return [word for word, value in home.identifiers.items() if id(value) in functions]


def _wrapped_function(target: type, home: _Home) -> object:
    """Return the function a loss wraps, so that `mse`, a function to Keras, means its class."""
    if home.kind != "loss" or target is home.base:
        return target
    return getattr(target(), "fn", target)


def _activation_members() -> Iterator[Member]:
    names: dict[Any, list[str]] = {}
    for word, function in activations.ALL_OBJECTS_DICT.items():
        names.setdefault(function, []).append(word)
    for function, words in names.items():
        name = function.__name__
        if hasattr(keras.activations, name):
            yield Member("activation", name, function, tuple(sorted({*words} - {name})))


def _operation_members() -> Iterator[Member]:
    """Yield the functions of keras.ops, and as `image.resize` those of its modules alone."""
    here = vars(keras.ops)
    yield from (Member("op", n, f, ()) for n, f in sorted(here.items()) if inspect.isfunction(f))
    for space, module in sorted(here.items()):
        if inspect.ismodule(module):
            for name, function in sorted(vars(module).items()):
                if inspect.isfunction(function) and name not in here:
                    yield Member("op", f"{space}.{name}", function, ())
