"""Which masks of a saved call Keras makes by itself, told by what they are computed from."""

from typing import Any

import keras

# Three calls a level, 180 in all: far from the 1,000 at which Python's recursion ends.
_DEEPEST = 60


def is_implied_mask(value: Any, implied: list[Any]) -> bool:  # noqa: ANN401 - an argument of a call
    """Return whether every mask in an argument is computed as one of the implied masks is."""
    found = [t for t in keras.tree.flatten(value) if isinstance(t, keras.KerasTensor)]
    return bool(found) and all(any(_is_same_tensor(t, mask, 0) for mask in implied) for t in found)


def _is_same_tensor(one: Any, other: Any, depth: int) -> bool:  # noqa: ANN401 - Keras tensors
    """Return whether two tensors are results of equal operations on equal tensors.

    Keras 3 writes the masks it hands on as operations of their own; rebuilt, they stand beside the
    masks that the rebuilt layers make.
    """
    if one is other:
        return True
    if not isinstance(one, keras.KerasTensor) or not isinstance(other, keras.KerasTensor):
        return type(one) is type(other) and bool(one == other)
    first, second = one._keras_history, other._keras_history
    is_operation = not isinstance(first.operation, keras.Layer)
    if depth > _DEEPEST or not is_operation or first.tensor_index != second.tensor_index:
        return False
    if type(first.operation) is not type(second.operation) or _nameless_operation_config(
        first
    ) != _nameless_operation_config(second):
        return False
    return _are_same_tensors(
        _flat_operation_arguments(first), _flat_operation_arguments(second), depth + 1
    )


def _are_same_tensors(one: list[Any], other: list[Any], depth: int) -> bool:
    return len(one) == len(other) and all(
        _is_same_tensor(a, b, depth) for a, b in zip(one, other, strict=True)
    )


def _nameless_operation_config(history: Any) -> dict[str, Any]:  # noqa: ANN401 - a Keras history
    return {k: v for k, v in history.operation.get_config().items() if k != "name"}


def _flat_operation_arguments(history: Any) -> list[Any]:  # noqa: ANN401 - a Keras history
    arguments = history.operation._inbound_nodes[history.node_index].arguments
    flat: list[Any] = keras.tree.flatten([list(arguments.args), dict(arguments.kwargs)])
    return flat
