"""Functions of keras.ops that rearrange, join, pick or convert elements."""

from math import prod

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.tensors import Shape, Tensor
from dlspec.resolve.shapes.op_arguments import (
    Asked,
    UnknownError,
    axis_of,
    broadcast_shapes,
    first_name,
    joint_dtype,
    operand_shape,
)
from dlspec.resolve.shapes.tensor import ShapeError


def tensors_of(asked: Asked) -> tuple[list[Tensor], list[Shape]]:
    """Return the tensors of a list argument, and their shapes."""
    value = asked.arguments.get(first_name(asked))
    items = list(value) if isinstance(value, tuple | list) else []
    tensors = [item for item in items if isinstance(item, Tensor)]
    shapes = [tensor.shape for tensor in tensors if tensor.shape is not None]
    if not tensors or len(tensors) != len(items) or len(shapes) != len(items):
        raise UnknownError
    return tensors, shapes


def _require_joinable_shapes(shapes: list[Shape], *, joined: int | None) -> None:
    for axis in range(len(shapes[0])):
        known = {shape[axis] for shape in shapes if len(shape) > axis} - {None}
        if axis != joined and len(known) > 1:
            raise _unlike_shapes_error(shapes)
    if len({len(shape) for shape in shapes}) > 1:
        raise _unlike_shapes_error(shapes)


def _unlike_shapes_error(shapes: list[Shape]) -> ShapeError:
    return ShapeError(
        Code.MERGE,
        f"shapes do not fit: {', '.join(str(shape) for shape in shapes)}",
        help="make all axes but the joined one equal",
    )


def infer_concatenate_op(asked: Asked) -> Tensor:
    """Infer tensors joined along an axis they have."""
    tensors, shapes = tensors_of(asked)
    first = shapes[0]
    axis = axis_of(asked.integer("axis"), len(first), shape=first)
    _require_joinable_shapes(shapes, joined=axis)
    known = [shape[axis] for shape in shapes if shape[axis] is not None]
    total = sum(n for n in known if n is not None) if len(known) == len(shapes) else None
    return Tensor((*first[:axis], total, *first[axis + 1 :]), joint_dtype(tensors))


def infer_stack_op(asked: Asked) -> Tensor:
    """Infer tensors joined along a new axis."""
    tensors, shapes = tensors_of(asked)
    _require_joinable_shapes(shapes, joined=None)
    first = shapes[0]
    axis = axis_of(asked.integer("axis"), len(first) + 1, shape=first)
    return Tensor((*first[:axis], len(shapes), *first[axis:]), joint_dtype(tensors))


def infer_reshape_op(asked: Asked) -> Tensor:
    """Infer a reshape of all axes, the batch included; one -1 stands for what is left."""
    shape, target = asked.shape("x"), asked.integers("newshape") or ()
    open_axes, elements = target.count(-1), prod(n for n in shape if n is not None)
    named = prod(n for n in target if n != -1)
    known = None not in shape
    even = named != 0 and elements % named == 0 if open_axes else named == elements
    if open_axes > 1 or (known and not even):
        raise ShapeError(
            Code.RESHAPE,
            f"{target} does not hold the elements of {shape}",
            field="newshape",
            help="use extents with the same product; -1 stands for what is left, once",
        )
    fill = elements // named if known and named else None
    return Tensor(tuple(fill if n == -1 else n for n in target), asked.tensor("x").dtype)


def infer_transpose_op(asked: Asked) -> Tensor:
    """Infer a permutation of all axes, the batch included."""
    shape, axes = asked.shape("x"), asked.integers("axes")
    order = tuple(reversed(range(len(shape)))) if axes is None else axes
    if sorted(axis % max(len(shape), 1) for axis in order) != list(range(len(shape))):
        raise ShapeError(
            Code.AXIS,
            f"{order} is no permutation of the {counted(len(shape), 'axis')} of {shape}",
            field="axes",
            help=f"name each axis from 0 to {len(shape) - 1} once",
        )
    return Tensor(tuple(shape[axis] for axis in order), asked.tensor("x").dtype)


def infer_expand_dims_op(asked: Asked) -> Tensor:
    """Infer new axes of 1."""
    shape, axes = asked.shape("x"), asked.integers("axis") or ()
    rank = len(shape) + len(axes)
    new = {axis_of(axis, rank, shape=shape) for axis in axes}
    rest = iter(shape)
    expanded = tuple(1 if axis in new else next(rest, None) for axis in range(rank))
    return Tensor(expanded, asked.tensor("x").dtype)


def infer_squeeze_op(asked: Asked) -> Tensor:
    """Infer the removal of axes of 1."""
    shape, axes = asked.shape("x"), asked.integers("axis")
    if axes is None:
        return Tensor(tuple(n for n in shape if n != 1), asked.tensor("x").dtype)
    gone = {axis_of(axis, len(shape), shape=shape) for axis in axes}
    for axis in gone:
        if shape[axis] != 1:
            raise ShapeError(
                Code.AXIS,
                f"axis {axis} of {shape} is {shape[axis]}, not 1",
                field="axis",
                help="name axes of 1",
            )
    kept = tuple(n for axis, n in enumerate(shape) if axis not in gone)
    return Tensor(kept, asked.tensor("x").dtype)


def infer_swapaxes_op(asked: Asked) -> Tensor:
    """Infer the exchange of two axes."""
    shape = list(asked.shape("x"))
    first = axis_of(asked.integer("axis1"), len(shape), shape=tuple(shape), field="axis1")
    last = axis_of(asked.integer("axis2"), len(shape), shape=tuple(shape), field="axis2")
    shape[first], shape[last] = shape[last], shape[first]
    return Tensor(tuple(shape), asked.tensor("x").dtype)


def infer_cast_op(asked: Asked) -> Tensor:
    """Infer a change of dtype."""
    dtype = asked.arguments.get("dtype")
    return Tensor(asked.tensor(first_name(asked)).shape, dtype if isinstance(dtype, str) else None)


def infer_one_hot_op(asked: Asked) -> Tensor:
    """Infer a new axis of classes."""
    shape, axis = asked.shape("x"), asked.integer("axis")
    if not -1 <= axis < len(shape):
        raise ShapeError(
            Code.AXIS,
            f"`one_hot` counts axes from the front, and -1 is the last; not {axis}",
            field="axis",
            help=f"use -1, or an axis from 0 to {len(shape) - 1}",
        )
    at = axis_of(axis, len(shape) + 1, shape=shape)
    dtype = asked.arguments.get("dtype") or "float32"
    out = (*shape[:at], asked.integer("num_classes"), *shape[at:])
    return Tensor(out, dtype if isinstance(dtype, str) else None)


def infer_take_op(asked: Asked) -> Tensor:
    """Infer the elements at some indices along an axis."""
    shape, indices = asked.shape("x"), asked.arguments.get("indices")
    taken = operand_shape(indices)
    axes = asked.integers("axis")
    if axes is None:
        return Tensor(taken, asked.tensor("x").dtype)
    axis = axis_of(axes[0], len(shape), shape=shape)
    return Tensor((*shape[:axis], *taken, *shape[axis + 1 :]), asked.tensor("x").dtype)


def infer_broadcast_to_op(asked: Asked) -> Tensor:
    """Infer a tensor repeated to a given shape."""
    target = asked.integers("shape") or ()
    shape = asked.shape("x")
    if broadcast_shapes(shape, target, field="shape") != target:
        raise _unlike_shapes_error([shape, target])
    return Tensor(target, asked.tensor("x").dtype)
