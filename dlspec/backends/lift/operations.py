"""A call of a keras.ops operation in memory -> the function that makes it, and its arguments."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import EllipsisType
from typing import Any

import keras
import numpy as np

from dlspec.backends.lift.layers import CannotSayError
from dlspec.backends.lift.operation_names import function_of
from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import ClassEntry, Parameter
from dlspec.resolve.shapes.op_arguments import TENSORS

# More would be data rather than a model; a layer's weight or an input holds it.
MOST_NUMBERS = 256
# The dtypes that numbers in a spec have where Keras is given them as an array.
_WRITTEN_DTYPES = ("bool", "float32", "int32")
# A class that takes both calls them after the first.
_VOLUMES = {"images": "volumes"}


def function_and_arguments(node: Any) -> tuple[ClassEntry, dict[str, Any]]:  # noqa: ANN401 - a Keras node
    """Return the function that makes a node, and what it is given beside defaults, by name.

    Raises:
        CannotSayError: If no function makes it, or no spec may call that function.
    """
    operation = node.operation
    given = {n: v for n, v in operation.get_config().items() if n != "name"}
    entry = function_of(type(operation).__name__, given)
    if entry is None:
        raise CannotSayError("no function of keras.ops gives it")
    if entry.forbidden:
        raise CannotSayError(entry.forbidden)
    if given.get("data_format", "") is None:
        # Not said means Keras's setting when the call was made, which its config does not keep.
        given["data_format"] = getattr(operation, "data_format", None)
    bound = dict(_call_arguments_by_name(operation, node.arguments))
    given |= {n if entry.parameter_named(n) else _VOLUMES.get(n, n): v for n, v in bound.items()}
    for name, value in given.items():
        if entry.parameter_named(name) is None and not _is_left_alone(operation, name, value):
            raise CannotSayError(f"`ops.{entry.name}` takes no `{name}`")
    return entry, {p.name: given[p.name] for p in entry.parameters if _is_said(p, given)}


def _is_left_alone(operation: object, name: str, value: object) -> bool:
    """Return whether an option that the function does not have is at its default."""
    parameter = inspect.signature(type(operation)).parameters.get(name)
    return parameter is not None and parameter.default is value


def _call_arguments_by_name(operation: Any, arguments: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Keras ships no types
    """Yield the arguments of a call by name; those of a `*operands` as one list."""
    bound = inspect.signature(operation.call).bind(*arguments.args, **arguments.kwargs)
    for name, value in bound.arguments.items():
        kind = inspect.signature(operation.call).parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            yield from value.items()
        else:
            yield name, list(value) if kind is inspect.Parameter.VAR_POSITIONAL else value


def _is_said(parameter: Parameter, given: Mapping[str, Any]) -> bool:
    if parameter.name not in given:
        return False
    value = given[parameter.name]
    if isinstance(value, list | tuple) and isinstance(parameter.default, tuple):
        return tuple(value) != parameter.default
    if parameter.name == "data_format" and value == "channels_last":
        return False
    is_plain = value is None or isinstance(value, bool | int | float | str)
    return parameter.required or not (is_plain and value == parameter.default)


def index_text(key: Any) -> Any:  # noqa: ANN401 - what stands between Python's brackets
    """Return the key of `x[key]` as a spec says it; a single item stands without a list.

    Raises:
        CannotSayError: If an item is neither a number, a slice of numbers, `...` nor None.
    """
    items = list(key) if isinstance(key, tuple | list) else [key]
    written = [_index_item(item) for item in items]
    return written[0] if len(written) == 1 and written[0] is not None else written


def _index_item(item: object) -> int | str | None:
    match item:
        case slice():
            return _slice_text(item)
        case EllipsisType():
            return "..."
        case bool():
            pass
        case None | int():
            return item
        case np.integer():
            return int(item)
    raise CannotSayError(f"its index holds a `{type(item).__name__}`")


def _slice_text(part: slice) -> str:
    ends = (part.start, part.stop, part.step)
    if not all(end is None or isinstance(end, int | np.integer) for end in ends):
        raise CannotSayError("its index holds a slice of something else than numbers")
    start, stop, step = ("" if end is None else str(end) for end in ends)
    return f"{start}:{stop}" + (f":{step}" if step else "")


def array_as_lists(value: Any) -> Any:  # noqa: ANN401 - an array of some backend
    """Return an array as nested lists of numbers.

    Raises:
        CannotSayError: If it is no array, too large, or of a dtype that written numbers have not.
    """
    if isinstance(value, keras.Variable) or not (
        isinstance(value, np.ndarray | np.generic) or keras.ops.is_tensor(value)
    ):
        raise CannotSayError(f"it is called with a `{type(value).__name__}`")
    array = np.asarray(keras.ops.convert_to_numpy(value))
    if array.size > MOST_NUMBERS:
        raise CannotSayError(
            f"it holds {counted(array.size, 'number')}; a spec writes at most {MOST_NUMBERS}"
        )
    if str(array.dtype) not in _WRITTEN_DTYPES:
        raise CannotSayError(f"it holds numbers of dtype `{array.dtype}`; a spec's are float32")
    return array.tolist()


def leading_tensor_parameters(entry: ClassEntry, given: Mapping[str, Any]) -> list[Parameter]:
    """Return the parameters that `from` or `args` give: the first ones, as far as they are tensors.

    A function with something else ahead of its tensors is given it by name.
    """
    ahead = [p for p in entry.parameters if p.type in TENSORS]
    first = entry.parameters.index(ahead[0]) if ahead else 0
    found: list[Parameter] = []
    for parameter in entry.parameters[first:]:
        if parameter.type not in TENSORS or parameter.name not in given:
            break
        found.append(parameter)
    return found


def are_tensors(values: Sequence[Any]) -> bool:
    """Return whether every value is a symbolic tensor."""
    return all(isinstance(value, keras.KerasTensor) for value in values)
