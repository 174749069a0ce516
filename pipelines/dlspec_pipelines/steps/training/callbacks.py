"""Keras callbacks in our loop: how closely they watch, and what they remember."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import keras
import numpy as np

from dlspec_pipelines.steps.engine.batches import Array

_TRAIN_BATCH = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
_TEST_BATCH = ("on_test_batch_begin", "on_test_batch_end")
# Set by the CallbackList of each process, and by a CSVLogger that looks into its file.
_NOT_STATE = frozenset({"_model", "params", "validation_data", "append_header"})


def watches_train_batches(callbacks: Sequence[keras.callbacks.Callback]) -> bool:
    """Return whether a callback wants to be called at each training step."""
    return any(_overrides_callback_methods(callback, _TRAIN_BATCH) for callback in callbacks)


def watches_test_batches(callbacks: Sequence[keras.callbacks.Callback]) -> bool:
    """Return whether a callback wants to be called at each validation step."""
    return any(_overrides_callback_methods(callback, _TEST_BATCH) for callback in callbacks)


def _overrides_callback_methods(callback: keras.callbacks.Callback, names: Sequence[str]) -> bool:
    # ModelCheckpoint's method returns at once unless it saves by steps.
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and callback.save_freq == "epoch":
        return False
    # A LambdaCallback carries functions in its instance, hence no look at the class.
    return any(
        getattr(getattr(callback, name), "__func__", None)
        is not getattr(keras.callbacks.Callback, name)
        for name in names
    )


def capture_callback(callback: keras.callbacks.Callback) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what a callback remembers: plain values by attribute, and arrays.

    An array's name is its attribute, or `attribute/index` for a list of arrays. Constructor
    arguments are left out: the plan has them, and MonitorCallback flips `min_delta` at its first
    use. Functions and open files are left out too: the callback makes its own.
    """
    values: dict[str, Any] = {}
    arrays: dict[str, Array] = {}
    configured = _constructor_arguments(type(callback))
    for name, value in vars(callback).items():
        if name in _NOT_STATE or name in configured:
            continue
        if isinstance(value, np.ndarray | np.generic):
            arrays[name] = np.asarray(value)
        elif _is_array_list(value):
            arrays.update({f"{name}/{i}": array for i, array in enumerate(value)})
        elif _is_plain_callback_value(value):
            values[name] = value
    return values, arrays


def restore_callback(
    callback: keras.callbacks.Callback, values: Mapping[str, Any], arrays: Mapping[str, Array]
) -> None:
    """Give a callback back what `capture` took from another of its class."""
    for name, value in values.items():
        setattr(callback, name, value)
    lists: dict[str, list[Array]] = {}
    for name, array in arrays.items():
        attribute, slash, _ = name.partition("/")
        if slash:
            lists.setdefault(attribute, []).append(array)
        else:
            setattr(callback, name, array[()])
    for name, listed in lists.items():
        setattr(callback, name, listed)


def _constructor_arguments(kind: type) -> set[str]:
    return {
        name
        for base in kind.__mro__
        if "__init__" in vars(base) and base is not object
        for name in inspect.signature(base).parameters
    }


def _is_array_list(value: object) -> TypeGuard[list[Array]]:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, np.ndarray) for item in value)


def _is_plain_callback_value(value: object) -> bool:
    if isinstance(value, dict):
        return all(
            isinstance(key, str) and _is_plain_callback_value(item) for key, item in value.items()
        )
    if isinstance(value, list):
        return all(_is_plain_callback_value(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)
