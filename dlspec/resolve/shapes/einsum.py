"""EinsumDense: shapes from an equation."""

import re
from collections.abc import Mapping

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.tensors import Dim, Shape
from dlspec.resolve.shapes.call import Call, optional_integer_argument, sole_shape, text_argument
from dlspec.resolve.shapes.cost import (
    activation_cost,
    one_output,
    product_if_known,
    sample_elements,
    sum_if_known,
)
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight

# The three forms Keras takes: all axes named, leading axes elided, trailing axes elided.
_NAMED = re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)")
_LEADING = re.compile(r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)")
_TRAILING = re.compile(r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.")


def infer_einsum_dense(call: Call) -> Inferred | None:
    """Infer EinsumDense; None where Keras announces another shape than it computes.

    Shapes:
        x: as the equation's first term
        returns: as its last term; `output_shape` gives all axes but the batch axis

    Raises:
        ShapeError: If the equation has another form, or contradicts the input or `output_shape`.
    """
    shape = sole_shape(call)
    names, weight_names, out_names, elided = _named_axes(call, shape)
    middle = shape[1 : sum(1 for name in names if name.startswith("..."))]
    if elided == "leading" and middle != middle[::-1]:
        # Keras 3.15 announces these axes in reverse, and later layers are built on that.
        return None
    out = _output_shape(call, shape, elided=elided, names=out_names)
    known = dict(zip(names, shape, strict=True))
    _require_agreement(known, dict(zip(out_names, out, strict=True)))
    final = {**known, **dict(zip(out_names, out, strict=True))}
    kernel = tuple(_weight_extent(call, final, axis) for axis in weight_names)
    rank = optional_integer_argument(call, "lora_rank")
    weights = [Weight("kernel", kernel, trainable=not rank)]
    bias = _einsum_bias_shape(call, final, "".join(n for n in out_names if len(n) == 1), elided)
    weights += [] if bias is None else [Weight("bias", bias)]
    if rank:
        weights.append(Weight("lora_kernel_a", (*kernel[:-1], rank)))
        weights.append(Weight("lora_kernel_b", (rank, kernel[-1])))
    summed = [final[axis] for axis in weight_names if axis not in out_names]
    extra = sum_if_known(
        product_if_known(int(bias is not None), sample_elements(out)), activation_cost(call, out)
    )
    macs = product_if_known(*out[1:], *summed)
    return one_output(out, call.dtype, weights=tuple(weights), macs=macs, extra=extra)


Axes = tuple[str, ...]


def _named_axes(call: Call, shape: Shape) -> tuple[Axes, Axes, Axes, str]:
    """Return the axes of input, weight and output; elided axes are called `...0`, `...1`."""
    equation = text_argument(call, "equation")
    for pattern, place in ((_NAMED, ""), (_LEADING, "leading"), (_TRAILING, "trailing")):
        match = pattern.fullmatch(equation)
        if match is None:
            continue
        first, weight, last = match.groups()
        more = tuple(f"...{i}" for i in range(len(shape) - len(first)))
        if len(shape) < len(first) or (more and not place):
            raise _unnamed_axes_error(equation, first, shape)
        if place == "leading":
            return (*more, *first), tuple(weight), (*more, *last), place
        return (*first, *more), tuple(weight), (*last, *more), place
    raise ShapeError(
        Code.CONFLICT,
        f"`{equation}` is not an equation of an input and a weight",
        field="equation",
        help="write it as `ab,bc->ac`, `...b,bc->...c` or `ab...,bc->ac...`",
    )


def _unnamed_axes_error(equation: str, first: str, shape: Shape) -> ShapeError:
    return ShapeError(
        Code.RANK,
        f"`{first}` in `{equation}` does not name the {counted(len(shape), 'axis')} of {shape}",
        field="equation",
        help="name every axis of the input, or elide some with `...`",
    )


def _output_shape(call: Call, shape: Shape, *, elided: str, names: Axes) -> Shape:
    """Return the whole output shape: `output_shape` leaves out the batch and the elided axes."""
    given = call.layer["output_shape"]
    partial = given if isinstance(given, tuple) else (given,)
    extents: list[Dim] = [extent if isinstance(extent, int) else None for extent in partial]
    count = sum(1 for name in names if name.startswith("..."))
    if elided == "leading":
        middle = list(shape[1:count])
        out = [shape[0], *middle, *extents] if count else [shape[0], *extents]
    else:
        out = [shape[0], *extents, *(shape[len(shape) - count :] if count else ())]
    if len(out) != len(names):
        raise ShapeError(
            Code.RESHAPE,
            f"`output_shape` gives {counted(len(extents), 'axis')}, the equation "
            f"{len(names) - len(out) + len(extents)}",
            field="output_shape",
            help="give one extent for each output axis but the batch axis; null for what stays",
        )
    return tuple(out)


def _require_agreement(before: Mapping[str, Dim], after: Mapping[str, Dim]) -> None:
    for axis, extent in before.items():
        wanted = after.get(axis)
        if wanted is not None and wanted != extent:
            raise ShapeError(
                Code.RESHAPE,
                f"axis `{axis}` is {extent} in the input and {wanted} in `output_shape`",
                field="output_shape",
                help=f"give {extent if extent is not None else 'null'} for axis `{axis}`",
            )


def _weight_extent(call: Call, extents: Mapping[str, Dim], axis: str) -> int:
    if axis not in extents:
        raise ShapeError(
            Code.CONFLICT,
            f"axis `{axis}` of the weight is in neither input nor output",
            field="equation",
            help="name only axes of the input or the output in the weight",
        )
    extent = extents[axis]
    if extent is None:
        raise ShapeError(
            Code.UNKNOWN_EXTENT,
            f"`{call.layer.class_name}` needs to know axis `{axis}`, which is None here",
            field="output_shape",
            help="give the extent of every axis that the weight has",
        )
    return extent


def _einsum_bias_shape(
    call: Call, extents: Mapping[str, Dim], out_names: str, elided: str
) -> tuple[int, ...] | None:
    axes = call.layer["bias_axes"]
    if not isinstance(axes, str):
        return None
    missing = next((axis for axis in axes if axis not in out_names), None)
    if missing is not None or not axes:
        raise ShapeError(
            Code.CONFLICT,
            f"the output `{out_names}` has no axis `{missing}` to add a bias to",
            field="bias_axes",
            help=f"name axes of `{out_names}`",
        )
    first = min(out_names.find(axis) for axis in axes)
    shape = tuple(
        _weight_extent(call, extents, axis) if axis in axes else 1 for axis in out_names[first:]
    )
    trailing = sum(1 for name in extents if name.startswith("...")) if elided == "trailing" else 0
    return (*shape, *(1,) * trailing)
