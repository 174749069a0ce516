"""Layers that move elements without computing: reshapes, padding, cropping, repetition."""

from math import prod

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import Value
from dlspec.language.tensors import Dim, Shape
from dlspec.resolve.shapes.call import (
    Call,
    extents_per_axis,
    integer_argument,
    integer_tuple,
    per_axis,
    require_min_rank,
    require_rank,
    sole_input,
    sole_shape,
)
from dlspec.resolve.shapes.cost import one_output, product_if_known, sample_elements
from dlspec.resolve.shapes.result_dtypes import autocast_dtype
from dlspec.resolve.shapes.tensor import Inferred, ShapeError
from dlspec.resolve.shapes.window_extents import sole_image


def _rearranged_result(call: Call, out: Shape) -> Inferred:
    return one_output(out, autocast_dtype(call, sole_input(call).dtype))


def infer_flatten(call: Call) -> Inferred:
    """Infer Flatten.

    Shapes:
        x: (batch, ...)
        returns: (batch, elements)
    """
    shape = require_min_rank(call, sole_shape(call), 1)
    return _rearranged_result(call, (shape[0], product_if_known(*shape[1:])))


def infer_reshape(call: Call) -> Inferred:
    """Infer Reshape; one -1 stands for what is left.

    Raises:
        ShapeError: If the elements do not come out even.
    """
    shape = require_min_rank(call, sole_shape(call), 1)
    target = _reshape_target(call.layer["target_shape"])
    return _rearranged_result(call, (shape[0], *_filled_target(shape[1:], target)))


def _reshape_target(value: Value) -> tuple[int | None, ...]:
    assert isinstance(value, tuple), value
    target = tuple(item if isinstance(item, int) else None for item in value)
    known = [extent for extent in target if extent is not None]
    if known.count(-1) > 1 or any(extent < -1 for extent in known):
        raise ShapeError(
            Code.RESHAPE,
            f"{target} leaves more than one extent open"
            if known.count(-1) > 1
            else f"{min(known)} is no extent",
            field="target_shape",
            help="use numbers of at least 0, and -1 at most once for what is left",
        )
    return target


def _filled_target(before: Shape, target: Shape) -> Shape:
    elements = product_if_known(*before)
    if elements is None or None in target:
        return tuple(None if extent == -1 else extent for extent in target)
    named = prod(extent for extent in target if extent is not None and extent != -1)
    if -1 not in target:
        if named != elements:
            raise _uneven_elements_error(before, elements, target, named)
        return target
    if named == 0 or elements % named:
        raise _uneven_elements_error(before, elements, target, named)
    return tuple(elements // named if extent == -1 else extent for extent in target)


def _uneven_elements_error(before: Shape, elements: int, target: Shape, named: int) -> ShapeError:
    plural = "a multiple of " if -1 in target else ""
    return ShapeError(
        Code.RESHAPE,
        f"{target} takes {plural}{named} elements, {before} has {elements}",
        field="target_shape",
        help=f"use extents whose product is {elements}; -1 stands for what is left",
    )


def infer_permute(call: Call) -> Inferred:
    """Infer Permute; `dims` counts axes from 1, the batch axis stays.

    Raises:
        ShapeError: If `dims` is no permutation of the input's axes.
    """
    shape = sole_shape(call)
    dims = integer_tuple(call.layer["dims"])
    if sorted(dims) != list(range(1, len(dims) + 1)):
        raise ShapeError(
            Code.AXIS,
            f"{dims} is no permutation of {tuple(range(1, len(dims) + 1))}",
            field="dims",
            help=f"name each axis from 1 to {len(dims)} once",
        )
    if len(dims) + 1 != len(shape):
        raise ShapeError(
            Code.RANK,
            f"{dims} permutes {counted(len(dims), 'axis')}, "
            f"{shape} has {len(shape) - 1} besides the batch",
            field="dims",
            help=f"name each axis from 1 to {len(shape) - 1} once",
        )
    return _rearranged_result(call, (shape[0], *(shape[axis] for axis in dims)))


def infer_repeat_vector(call: Call) -> Inferred:
    """Infer RepeatVector.

    Shapes:
        x: (batch, features)
        returns: (batch, n, features)
    """
    batch, features = require_rank(call, sole_shape(call), "batch, features")
    return _rearranged_result(call, (batch, integer_argument(call, "n"), features))


Pairs = tuple[tuple[int, int], ...]


def _margin_pairs(call: Call, field: str, rank: int) -> Pairs:
    """Return (before, after) for each spatial axis from the forms Keras takes."""
    value = call.layer[field]
    if isinstance(value, int):
        return ((value, value),) * rank
    assert isinstance(value, tuple), value
    if rank == 1 and all(isinstance(item, int) for item in value):
        value = (value,)
    pairs = tuple(extents_per_axis(item, 2) for item in value)
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs):
        raise ShapeError(
            Code.CONFLICT,
            f"`{call.layer.class_name}` takes a number or {counted(rank, 'pair')}, not {value}",
            field=field,
            help="give one number for all sides, or a pair [before, after] per axis",
        )
    return tuple((before, after) for before, after in pairs)


def infer_zero_padding(call: Call) -> Inferred:
    """Infer ZeroPadding1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial + before + after, channels)
    """
    rank = int(call.layer.class_name[-2])
    x = sole_image(call, rank)
    spatial = tuple(
        None if extent is None else extent + sum(pair)
        for extent, pair in zip(x.spatial, _margin_pairs(call, "padding", rank), strict=True)
    )
    return _rearranged_result(call, x.shape_with(spatial, x.channels))


def infer_cropping(call: Call) -> Inferred:
    """Infer Cropping1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial - before - after, channels)

    Raises:
        ShapeError: If nothing is left of an axis.
    """
    rank = int(call.layer.class_name[-2])
    pairs = _margin_pairs(call, "cropping", rank)
    if rank == 1:
        batch, steps, features = require_rank(call, sole_shape(call), "batch, steps, features")
        return _rearranged_result(call, (batch, _cropped_extent(steps, pairs[0]), features))
    x = sole_image(call, rank)
    spatial = tuple(_cropped_extent(n, pair) for n, pair in zip(x.spatial, pairs, strict=True))
    return _rearranged_result(call, x.shape_with(spatial, x.channels))


def _cropped_extent(extent: Dim, pair: tuple[int, int]) -> Dim:
    if extent is None:
        return None
    if sum(pair) >= extent:
        raise ShapeError(
            Code.WINDOW,
            f"cropping {pair[0]} and {pair[1]} leaves nothing of an extent of {extent}",
            field="cropping",
            help=f"crop at most {extent - 1} in all",
        )
    return extent - sum(pair)


def infer_up_sampling(call: Call) -> Inferred:
    """Infer UpSampling1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial * size, channels)
    """
    rank = int(call.layer.class_name[-2])
    sizes = per_axis(call, "size", rank)
    if rank == 1:
        batch, steps, features = require_rank(call, sole_shape(call), "batch, steps, features")
        return _rearranged_result(call, (batch, product_if_known(steps, sizes[0]), features))
    x = sole_image(call, rank)
    spatial = tuple(product_if_known(n, factor) for n, factor in zip(x.spatial, sizes, strict=True))
    out = x.shape_with(spatial, x.channels)
    smooth = rank == 2 and call.layer["interpolation"] != "nearest"
    dtype = autocast_dtype(call, sole_input(call).dtype)
    return one_output(out, dtype, extra=sample_elements(out) if smooth else 0)
