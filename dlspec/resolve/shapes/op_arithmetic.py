"""Functions of keras.ops that compute: elementwise, reductions, products."""

import math

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Shape, Tensor
from dlspec.resolve.shapes.op_arguments import (
    FLOATS,
    Asked,
    UnknownError,
    axis_of,
    broadcast,
    first_name,
    floating,
    joint,
    operand_shape,
)
from dlspec.resolve.shapes.tensor import ShapeError


def same(asked: Asked) -> Tensor:
    """Infer a function of each element that keeps its dtype."""
    x = asked.tensor(first_name(asked))
    return Tensor(x.shape, x.dtype if x.dtype != "bool" else None)


def same_float(asked: Asked) -> Tensor:
    """Infer a function of each element that gives floats."""
    x = asked.tensor(first_name(asked))
    return Tensor(x.shape, floating(x.dtype))


def activation(asked: Asked) -> Tensor:
    """Infer an activation function; what becomes of integers depends on the backend."""
    x = asked.tensor(first_name(asked))
    return Tensor(x.shape, x.dtype if x.dtype in FLOATS else None)


def same_bool(asked: Asked) -> Tensor:
    """Infer a claim about each element."""
    return Tensor(asked.tensor(first_name(asked)).shape, "bool")


def _pair(asked: Asked) -> tuple[Shape, list[object]]:
    names = list(asked.arguments)[:2]
    operands = [asked.arguments[name] for name in names]
    first, last = (operand_shape(operand) for operand in operands)
    return broadcast(first, last, field=names[1]), operands


def binary(asked: Asked) -> Tensor:
    """Infer a function of two operands that keeps their common dtype."""
    shape, operands = _pair(asked)
    dtype = joint(operands)
    return Tensor(shape, None if dtype == "bool" else dtype)


def binary_float(asked: Asked) -> Tensor:
    """Infer a function of two operands that gives floats."""
    shape, operands = _pair(asked)
    return Tensor(shape, floating(joint(operands)))


def comparison(asked: Asked) -> Tensor:
    """Infer a claim about two operands."""
    return Tensor(_pair(asked)[0], "bool")


def where(asked: Asked) -> Tensor:
    """Infer a choice between two operands, element by element."""
    a, b = asked.arguments.get("x1"), asked.arguments.get("x2")
    shape = broadcast(operand_shape(a), operand_shape(b), field="x2")
    return Tensor(broadcast(asked.shape("condition"), shape, field="x2"), joint([a, b]))


def _reduced(asked: Asked) -> Shape:
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


def reduce(asked: Asked) -> Tensor:
    """Infer a reduction that keeps the dtype."""
    return Tensor(_reduced(asked), asked.tensor("x").dtype)


def reduce_sum(asked: Asked) -> Tensor:
    """Infer a sum or a product over axes."""
    dtype = asked.tensor("x").dtype
    # Narrow integers are widened, by rules that differ between the two functions.
    return Tensor(_reduced(asked), dtype if dtype in (*FLOATS, "int32", "int64") else None)


def reduce_float(asked: Asked) -> Tensor:
    """Infer a reduction that gives floats."""
    return Tensor(_reduced(asked), floating(asked.tensor("x").dtype))


def reduce_bool(asked: Asked) -> Tensor:
    """Infer whether all or any elements hold."""
    return Tensor(_reduced(asked), "bool")


def reduce_index(asked: Asked) -> Tensor:
    """Infer the place of the smallest or largest element."""
    return Tensor(_reduced(asked), "int32")


def like(asked: Asked) -> Tensor:
    """Infer a constant in the form of a tensor."""
    x, dtype = asked.tensor(first_name(asked)), asked.arguments.get("dtype")
    return Tensor(x.shape, dtype if isinstance(dtype, str) else x.dtype)


def cumulative(asked: Asked) -> Tensor:
    """Infer sums or products along one axis; without an axis the tensor is flattened."""
    x, dtype = asked.tensor("x"), asked.arguments.get("dtype")
    shape = asked.shape("x")
    if asked.arguments.get("axis") is None:
        shape = (None if None in shape else math.prod(n for n in shape if n is not None),)
    kept = x.dtype if x.dtype in (*FLOATS, "int32", "int64") else None
    return Tensor(shape, dtype if isinstance(dtype, str) else kept)


def matmul(asked: Asked) -> Tensor:
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
            f"{first[-1]} columns of {a} do not fit {last[-2]} rows of {b}",
            field="x2",
            help="make the last axis of the first equal the last but one of the second",
        )
    ahead = broadcast(first[:-2], last[:-2], field="x2")
    rows = () if len(a) == 1 else first[-2:-1]
    columns = () if len(b) == 1 else last[-1:]
    dtype = joint([asked.tensor("x1"), asked.tensor("x2")])
    return Tensor((*ahead, *rows, *columns), None if dtype == "bool" else dtype)
