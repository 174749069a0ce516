"""Functions of keras.ops that compute: elementwise, reductions, products."""

import math

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.tensors import Shape, Tensor
from dlspec.resolve.shapes.op_arguments import (
    FLOATS,
    Asked,
    UnknownError,
    axis_of,
    broadcast_shapes,
    first_name,
    floating_dtype,
    joint_dtype,
    operand_shape,
)
from dlspec.resolve.shapes.tensor import ShapeError


def infer_elementwise_op(asked: Asked) -> Tensor:
    """Infer a function of each element that keeps its dtype."""
    x = asked.tensor(first_name(asked))
    return Tensor(x.shape, x.dtype if x.dtype != "bool" else None)


def infer_elementwise_float_op(asked: Asked) -> Tensor:
    """Infer a function of each element that gives floats."""
    x = asked.tensor(first_name(asked))
    return Tensor(x.shape, floating_dtype(x.dtype))


def infer_activation_op(asked: Asked) -> Tensor:
    """Infer an activation and its like; what becomes of integers depends on the backend."""
    x = asked.tensor(first_name(asked))
    return Tensor(x.shape, x.dtype if x.dtype in FLOATS else None)


def infer_elementwise_bool_op(asked: Asked) -> Tensor:
    """Infer a claim about each element."""
    return Tensor(asked.tensor(first_name(asked)).shape, "bool")


def _broadcast_operands(asked: Asked) -> tuple[Shape, list[object]]:
    names = list(asked.arguments)[:2]
    operands = [asked.arguments[name] for name in names]
    first, last = (operand_shape(operand) for operand in operands)
    return broadcast_shapes(first, last, field=names[1]), operands


def infer_binary_op(asked: Asked) -> Tensor:
    """Infer a function of two operands that keeps their common dtype."""
    shape, operands = _broadcast_operands(asked)
    dtype = joint_dtype(operands)
    return Tensor(shape, None if dtype == "bool" else dtype)


def infer_binary_float_op(asked: Asked) -> Tensor:
    """Infer a function of two operands that gives floats."""
    shape, operands = _broadcast_operands(asked)
    return Tensor(shape, floating_dtype(joint_dtype(operands)))


def infer_comparison_op(asked: Asked) -> Tensor:
    """Infer a claim about two operands."""
    return Tensor(_broadcast_operands(asked)[0], "bool")


def infer_where_op(asked: Asked) -> Tensor:
    """Infer a choice between two operands, element by element."""
    a, b = asked.arguments.get("x1"), asked.arguments.get("x2")
    shape = broadcast_shapes(operand_shape(a), operand_shape(b), field="x2")
    return Tensor(
        broadcast_shapes(asked.shape("condition"), shape, field="x2"), joint_dtype([a, b])
    )


def _reduced_shape(asked: Asked) -> Shape:
    shape = asked.shape("x")
    axes = asked.integers("axis")
    chosen = (
        set(range(len(shape)))
        if axes is None
        else {axis_of(axis, len(shape), shape=shape) for axis in axes}
    )
    if asked.arguments.get("keepdims"):
        return tuple(1 if axis in chosen else n for axis, n in enumerate(shape))
    return tuple(n for axis, n in enumerate(shape) if axis not in chosen)


def infer_reduction_op(asked: Asked) -> Tensor:
    """Infer a reduction that keeps the dtype."""
    return Tensor(_reduced_shape(asked), asked.tensor("x").dtype)


def infer_sum_reduction_op(asked: Asked) -> Tensor:
    """Infer a sum or a product over axes."""
    dtype = asked.tensor("x").dtype
    # Narrow integers are widened, by rules that differ between the two functions.
    return Tensor(_reduced_shape(asked), dtype if dtype in (*FLOATS, "int32", "int64") else None)


def infer_float_reduction_op(asked: Asked) -> Tensor:
    """Infer a reduction that gives floats."""
    return Tensor(_reduced_shape(asked), floating_dtype(asked.tensor("x").dtype))


def infer_float_axis_reduction_op(asked: Asked) -> Tensor:
    """Infer a reduction of floats; what becomes of integers depends on the backend."""
    dtype = asked.tensor("x").dtype
    return Tensor(_reduced_shape(asked), dtype if dtype in FLOATS else None)


def infer_bool_reduction_op(asked: Asked) -> Tensor:
    """Infer whether all or any elements hold."""
    return Tensor(_reduced_shape(asked), "bool")


def infer_index_reduction_op(asked: Asked) -> Tensor:
    """Infer the place of the smallest or largest element."""
    return Tensor(_reduced_shape(asked), "int32")


def infer_filled_like_op(asked: Asked) -> Tensor:
    """Infer a constant in the form of a tensor."""
    x, dtype = asked.tensor(first_name(asked)), asked.arguments.get("dtype")
    return Tensor(x.shape, dtype if isinstance(dtype, str) else x.dtype)


def infer_cumulative_op(asked: Asked) -> Tensor:
    """Infer sums or products along one axis; without an axis the tensor is flattened."""
    x, dtype = asked.tensor("x"), asked.arguments.get("dtype")
    shape = asked.shape("x")
    if asked.arguments.get("axis") is None:
        shape = (None if None in shape else math.prod(n for n in shape if n is not None),)
    kept = x.dtype if x.dtype in (*FLOATS, "int32", "int64") else None
    return Tensor(shape, dtype if isinstance(dtype, str) else kept)


def infer_matmul_op(asked: Asked) -> Tensor:
    """Infer the matrix product over the last two axes, broadcast over those ahead.

    Shapes:
        x1: (..., rows, n)
        x2: (..., n, columns)
        returns: (..., rows, columns)
    """
    a, b = asked.shape("x1"), asked.shape("x2")
    if not a or not b:
        raise UnknownError
    first = (1, *a) if len(a) == 1 else a
    last = (*b, 1) if len(b) == 1 else b
    if first[-1] is not None and last[-2] is not None and first[-1] != last[-2]:
        raise ShapeError(
            Code.MERGE,
            f"{counted(first[-1], 'column')} of {a} {agreed(first[-1], 'do')} not fit "
            f"{counted(last[-2], 'row')} of {b}",
            field="x2",
            help="make the last axis of the first equal the last but one of the second",
        )
    ahead = broadcast_shapes(first[:-2], last[:-2], field="x2")
    rows = () if len(a) == 1 else first[-2:-1]
    columns = () if len(b) == 1 else last[-1:]
    dtype = joint_dtype([asked.tensor("x1"), asked.tensor("x2")])
    return Tensor((*ahead, *rows, *columns), None if dtype == "bool" else dtype)
