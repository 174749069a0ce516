"""One call of one layer as the rules see it, and typed access to its inputs and arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import ModelRef, Object, Value
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.tensor import Inferred, Inputs, ShapeError

Nested = Callable[[Object | ModelRef, Inputs], Inferred | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A layer, the tensors that reach it, and what else decides its output.

    Attributes:
        layer: The layer with its arguments.
        inputs: What `from` brings; every shape is known.
        arguments: Further call arguments, such as `initial_state`.
        dtype: The layer's compute dtype.
        nested: What a layer or model held by this one makes of its inputs.
    """

    layer: Object
    inputs: Inputs
    arguments: Mapping[str, object]
    dtype: str
    nested: Nested


def sole_input(call: Call) -> Tensor:
    """Return the one input of a layer that takes one.

    Raises:
        ShapeError: If there are several.
    """
    if isinstance(call.inputs, Tensor):
        return call.inputs
    tensors = tuple(call.inputs.values() if isinstance(call.inputs, Mapping) else call.inputs)
    if isinstance(call.inputs, Mapping):
        _require_names(call, call.inputs)
        if len(tensors) == 1:
            return tensors[0]
    if len(tensors) == 1:
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`{call.layer.class_name}` takes one input, not a list of one",
            field="from",
            help="leave the brackets of `from` out",
        )
    raise ShapeError(
        Code.LAYER_INPUTS,
        f"`{call.layer.class_name}` takes one input, not {len(tensors)}",
        help="merge them first, with `Concatenate` or `Add`",
    )


def _require_names(call: Call, inputs: Mapping[str, Tensor]) -> None:
    entry = call.layer.entry
    missing = [n for n in (entry.required_tensors if entry else ()) if n not in inputs]
    if missing:
        raise ShapeError(
            Code.LAYER_INPUTS,
            f"`{call.layer.class_name}` is called without `{missing[0]}`",
            field="from",
            help=f"write `{missing[0]}` for the tensor that it takes, or its name alone",
        )


def sole_shape(call: Call) -> Shape:
    """Return the shape of the one input of a layer that takes one."""
    return known_shape(sole_input(call))


def several_inputs(call: Call, at_least: int, at_most: int | None = None) -> tuple[Tensor, ...]:
    """Return the inputs of a layer that takes a list.

    Raises:
        ShapeError: If there is no list, or not as many as the layer takes.
    """
    given = call.inputs
    if not isinstance(given, tuple):
        named = "tensors by name" if isinstance(given, Mapping) else "a single tensor"
        raise _wrong_number(call, "several", named)
    if at_least <= len(given) and (at_most is None or len(given) <= at_most):
        return given
    wanted = f"at least {at_least}" if at_most is None else str(at_least)
    if at_most not in (None, at_least):
        wanted = f"{at_least} or {at_most}"
    raise _wrong_number(call, wanted, str(len(given)))


def _wrong_number(call: Call, wanted: str, given: str) -> ShapeError:
    return ShapeError(
        Code.LAYER_INPUTS,
        f"`{call.layer.class_name}` takes a list of {wanted} inputs, not {given}",
        help="list them, as in `from: [a, b]`",
    )


def known_shape(tensor: Tensor) -> Shape:
    """Return the shape of a tensor whose rank is known; `infer` asks only then."""
    assert tensor.shape is not None, "rules see known ranks only"
    return tensor.shape


def integer_argument(call: Call, name: str) -> int:
    """Return an argument that is an integer."""
    value = call.layer[name]
    assert isinstance(value, int), f"{call.layer.class_name}.{name}: {value!r}"
    return value


def optional_integer_argument(call: Call, name: str) -> int | None:
    """Return an argument that is an integer or None."""
    value = call.layer[name]
    assert value is None or isinstance(value, int), f"{call.layer.class_name}.{name}: {value!r}"
    return value


def flag_argument(call: Call, name: str) -> bool:
    """Return an argument that is true or false; None, where allowed, is false."""
    return bool(call.layer[name])


def text_argument(call: Call, name: str) -> str:
    """Return an argument that is text."""
    value = call.layer[name]
    assert isinstance(value, str), f"{call.layer.class_name}.{name}: {value!r}"
    return value


def extents_per_axis(value: Value, rank: int) -> tuple[int, ...]:
    """Return one length per spatial axis from a number for all axes or a list."""
    if isinstance(value, int):
        return (value,) * rank
    assert isinstance(value, tuple), value
    return integer_tuple(value)


def integer_tuple(value: Value) -> tuple[int, ...]:
    """Return an integer or a list of integers as a tuple."""
    if isinstance(value, int):
        return (value,)
    assert isinstance(value, tuple), value
    lengths = tuple(item for item in value if isinstance(item, int))
    assert len(lengths) == len(value), value
    return lengths


def per_axis(call: Call, name: str, rank: int) -> tuple[int, ...]:
    """Return an argument such as `kernel_size` or `strides`, one integer per spatial axis.

    Raises:
        ShapeError: If the list has another length.
    """
    lengths = extents_per_axis(call.layer[name], rank)
    if len(lengths) != rank:
        raise ShapeError(
            Code.CONFLICT,
            f"`{call.layer.class_name}` takes {counted(rank, 'number')} here, not {len(lengths)}",
            field=name,
            help="give one number for all axes, or one per axis",
        )
    return lengths


def require_rank(call: Call, shape: Shape, axes: str) -> Shape:
    """Return `shape` if it has the axes named, such as "batch, steps, features".

    Raises:
        ShapeError: If the rank differs.
    """
    wanted = axes.count(",") + 1
    if len(shape) == wanted:
        return shape
    more = "fewer" if len(shape) > wanted else "more"
    raise ShapeError(
        Code.RANK,
        f"`{call.layer.class_name}` takes ({axes}), not {shape}",
        help=f"give it {counted(wanted, 'axis')}, {abs(wanted - len(shape))} {more} than here, "
        "as `Reshape` can"
        if wanted > 1
        else None,
    )


def require_min_rank(call: Call, shape: Shape, at_least: int) -> Shape:
    """Return `shape` if it has at least so many axes, the batch axis counted.

    Raises:
        ShapeError: If the rank is smaller.
    """
    if len(shape) >= at_least:
        return shape
    raise ShapeError(
        Code.RANK,
        f"`{call.layer.class_name}` takes at least {counted(at_least, 'axis')}, not {shape}",
        help="give it more axes, as `Reshape` can",
    )


def require_known_extent(call: Call, extent: Dim, *, what: str) -> int:
    """Return an extent that weights depend on.

    Raises:
        ShapeError: If it is known only at run time.
    """
    if extent is not None:
        return extent
    raise ShapeError(
        Code.UNKNOWN_EXTENT,
        f"`{call.layer.class_name}` needs to know {what}, which is None here",
        help="give the input's extents as numbers, or remove the open axis, as global pooling does",
    )


def resolve_axis(call: Call, axis: int, shape: Shape, *, field: str = "axis") -> int:
    """Return an axis counted from the front.

    Raises:
        ShapeError: If the tensor has no such axis.
    """
    if -len(shape) <= axis < len(shape):
        return axis % len(shape)
    raise ShapeError(
        Code.AXIS,
        f"{shape} has no axis {axis}",
        field=field if field in call.layer.arguments else None,
        help=f"use an axis from {-len(shape)} to {len(shape) - 1}",
    )


def distinct_axes(call: Call, shape: Shape) -> tuple[int, ...]:
    """Return the argument `axis`, one or several, as given.

    Raises:
        ShapeError: If the tensor has no such axis, or one is named twice.
    """
    axes = integer_tuple(call.layer["axis"])
    if len({resolve_axis(call, axis, shape) for axis in axes}) < len(axes):
        raise ShapeError(
            Code.AXIS,
            f"{axes} names an axis of {shape} twice",
            field="axis",
            help="name each axis once",
        )
    return axes


def argument_tensors(call: Call, name: str) -> tuple[Tensor, ...] | None:
    """Return the tensors of a call argument; None when it is absent or not made of tensors."""
    value = call.arguments.get(name)
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, tuple | list):
        tensors = tuple(item for item in value if isinstance(item, Tensor))
        return tensors if len(tensors) == len(value) else None
    return None


def asked_scores(call: Call) -> bool:
    """Return whether an attention layer is called with `return_attention_scores: true`."""
    return call.arguments.get("return_attention_scores") is True
