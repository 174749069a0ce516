"""The forms in which layers and models take and give tensors, and which of them a spec can say."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from dlspec.backends.lift.layers import CannotSayError


def functional_of(model: Any) -> Any:  # noqa: ANN401 - keras.Functional is not public
    """Return the graph of a model; None when it has none, or knows no input shape yet."""
    if isinstance(model, keras.Sequential):
        return getattr(model, "_functional", None)
    return model if hasattr(model, "_nodes_by_depth") else None


def require_flat(functional: Any) -> None:  # noqa: ANN401 - a functional model
    """Refuse a model whose inputs or outputs a spec cannot say.

    Raises:
        CannotSayError: If they are nested, said twice, ragged, or of no use.
    """
    for word in ("inputs", "outputs"):
        struct = getattr(functional, f"_{word}_struct")
        if any(not isinstance(item, keras.KerasTensor) for item in _tensors_of_structure(struct)):
            raise CannotSayError(f"its {word} are nested: one list or mapping is all a spec says")
    if all(type(operation) is keras.layers.InputLayer for operation in functional.operations):
        raise CannotSayError("no layer stands between its inputs and its outputs")
    used = {id(tensor) for tensor in functional.outputs}
    for node in (node for nodes in functional._nodes_by_depth.values() for node in nodes):
        used |= {id(tensor) for tensor in node.input_tensors}
    for tensor in functional.inputs:
        _require_input(tensor, is_used=id(tensor) in used)


def require_own_weights(model: keras.Model) -> None:
    """Refuse a model that has weights beside those of the layers in its graph.

    Raises:
        CannotSayError: If there are such weights, as an attribute of a subclass may have.
    """
    held = {id(weight) for layer in model.layers for weight in layer.weights}
    if any(id(weight) not in held for weight in model.weights):
        raise CannotSayError("it has weights that no layer of its graph has")


def _require_input(tensor: Any, *, is_used: bool) -> None:  # noqa: ANN401 - a Keras tensor
    layer = tensor._keras_history.operation
    if 0 in tuple(tensor.shape):
        raise CannotSayError(f"its input `{layer.name}` has an extent of 0")
    if not is_used:
        raise CannotSayError(f"no output depends on its input `{layer.name}`")
    if getattr(layer, "optional", False):
        raise CannotSayError(f"its input `{layer.name}` may be left out")
    if getattr(layer, "ragged", False):
        raise CannotSayError(f"its input `{layer.name}` is ragged")


def _tensors_of_structure(struct: Any) -> Sequence[Any]:  # noqa: ANN401 - tensors as a model takes them
    if isinstance(struct, Mapping):
        return list(struct.values())
    return list(struct) if isinstance(struct, list | tuple) else [struct]


def written_position(operation: Any, index: int) -> int:  # noqa: ANN401 - a layer or an operation
    """Return which of the outputs, as they are written, comes out at a position.

    Keras counts the outputs of a mapping by sorted names; a spec counts them as they stand.
    """
    struct = getattr(functional_of(operation), "_outputs_struct", None)
    if not isinstance(struct, Mapping):
        return index
    wanted = keras.tree.flatten(struct)[index]
    return next(at for at, tensor in enumerate(struct.values()) if tensor is wanted)


def as_declared(operation: Any, given: Any) -> Any:  # noqa: ANN401 - what an operation is called on
    """Return a mapping of tensors in the order of the inputs that a model declares."""
    struct = getattr(functional_of(operation), "_inputs_struct", None)
    if not isinstance(struct, Mapping) or not isinstance(given, Mapping):
        return given
    return {key: given[key] for key in struct if key in given}


def training_by_default(operation: Any) -> bool:  # noqa: ANN401 - a layer or a model
    """Return what a call that says nothing of `training` does: augmentation layers augment."""
    parameter = inspect.signature(operation.call).parameters.get("training")
    return parameter is not None and parameter.default is True
