"""Layers that merge several tensors into one."""

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.call import (
    Call,
    integer_argument,
    integer_tuple,
    known_shape,
    resolve_axis,
    several_inputs,
)
from dlspec.resolve.shapes.cost import one_output, product_if_known, sample_elements, sum_if_known
from dlspec.resolve.shapes.result_dtypes import is_float, promoted_dtype
from dlspec.resolve.shapes.tensor import Inferred, ShapeError


def infer_elementwise_merge(call: Call) -> Inferred:
    """Infer Add, Subtract, Multiply, Average, Maximum and Minimum, which broadcast.

    Shapes:
        xs: (batch, ...), right-aligned behind the batch axis
        returns: (batch, ...)

    Raises:
        ShapeError: If two extents differ and neither is 1.
    """
    exact = 2 if call.layer.class_name == "Subtract" else None
    tensors = several_inputs(call, exact or 1, exact)
    shapes = [known_shape(tensor) for tensor in tensors]
    rest = shapes[0][1:]
    for shape in shapes[1:]:
        rest = _broadcast_merged_shapes(rest, shape[1:], shapes)
    out = (_common_batch(shapes), *rest)
    dtype = promoted_dtype(call, tensors)
    if call.layer.class_name == "Average" and not is_float(dtype):
        dtype = None
    return one_output(out, dtype, extra=product_if_known(len(tensors), sample_elements(out)))


def _broadcast_merged_shapes(a: Shape, b: Shape, shapes: list[Shape]) -> Shape:
    if len(a) < len(b):
        a, b = b, a
    if not b:
        return a
    ahead = len(a) - len(b)
    return (*a[:ahead], *(_merged_extent(i, j, shapes) for i, j in zip(a[ahead:], b, strict=True)))


def _merged_extent(i: Dim, j: Dim, shapes: list[Shape]) -> Dim:
    if i is None or j is None:
        return None
    if i != j and 1 not in (i, j):
        raise ShapeError(
            Code.MERGE,
            f"extents of {i} and {j} do not fit: {_shapes_text(shapes)}",
            help="bring the branches to one shape, for example with a 1x1 convolution or `Dense`",
        )
    return max(i, j) if 0 not in (i, j) else 0


def _common_batch(shapes: list[Shape]) -> Dim:
    sizes = {shape[0] for shape in shapes if shape} - {None}
    if len(sizes) > 1:
        raise ShapeError(
            Code.MERGE,
            f"batches differ: {_shapes_text(shapes)}",
            help="give the inputs the same `batch`",
        )
    return sizes.pop() if sizes else None


def _shapes_text(shapes: list[Shape]) -> str:
    return ", ".join(str(shape) for shape in shapes)


def infer_concatenate(call: Call) -> Inferred:
    """Infer Concatenate.

    Raises:
        ShapeError: If ranks differ, or extents other than the joined ones.
    """
    tensors = several_inputs(call, 1)
    shapes = [known_shape(tensor) for tensor in tensors]
    first = shapes[0]
    if any(len(shape) != len(first) for shape in shapes):
        raise ShapeError(
            Code.MERGE,
            f"ranks differ: {_shapes_text(shapes)}",
            help="bring the inputs to one rank, for example with `Flatten` or `Reshape`",
        )
    axis = resolve_axis(call, integer_argument(call, "axis"), first)
    for other in range(len(first)):
        known = {shape[other] for shape in shapes} - {None}
        if other != axis and len(known) > 1:
            raise ShapeError(
                Code.MERGE,
                f"axis {other} differs, and {axis} is joined: {_shapes_text(shapes)}",
                help="make all axes but the joined one equal",
            )
    joined = sum_if_known(*(shape[axis] for shape in shapes))
    return one_output((*first[:axis], joined, *first[axis + 1 :]), promoted_dtype(call, tensors))


def infer_dot(call: Call) -> Inferred:
    """Infer Dot, which sums the products of two tensors along one axis of each.

    Shapes:
        x: (batch, ..., n, ...)
        y: (batch, ..., n, ...)
        returns: (batch, the other axes of x, the other axes of y), at least (batch, 1)
    """
    x, y = several_inputs(call, 2, 2)
    a, b = known_shape(x), known_shape(y)
    first, last = _summed_axes(call, a, b)
    if a[first] != b[last]:
        raise ShapeError(
            Code.MERGE,
            f"axis {first} of {a} and axis {last} of {b} differ",
            field="axes",
            help="name axes of one known extent",
        )
    ahead = tuple(extent for axis, extent in enumerate(a) if axis != first)
    behind = tuple(extent for axis, extent in enumerate(b) if axis not in (0, last))
    out = (*ahead, *behind) if len(ahead) + len(behind) > 1 else (*ahead, 1)
    macs = product_if_known(sample_elements(out), a[first])
    return one_output(out, _dot_dtype(call, x, y), macs=macs)


def _dot_dtype(call: Call, x: Tensor, y: Tensor) -> str | None:
    return call.dtype if is_float(x.dtype) or is_float(y.dtype) else promoted_dtype(call, (x, y))


def _summed_axes(call: Call, a: Shape, b: Shape) -> tuple[int, int]:
    axes = integer_tuple(call.layer["axes"])
    pair = axes * 2 if len(axes) == 1 else axes
    if len(pair) != 2:
        raise ShapeError(
            Code.AXIS,
            f"`Dot` sums one axis of each of its two inputs, not {axes}",
            field="axes",
            help="give one axis, or one per input",
        )
    first = resolve_axis(call, pair[0], a, field="axes")
    last = resolve_axis(call, pair[1], b, field="axes")
    if 0 in (first, last) or 1 in (len(a), len(b)):
        raise ShapeError(
            Code.AXIS,
            "axis 0 is the batch, which `Dot` does not sum",
            field="axes",
            help="use axes from 1",
        )
    return first, last
