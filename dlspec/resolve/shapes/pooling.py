"""Pooling: windows, global, adaptive."""

from math import prod

from dlspec.resolve.shapes.call import (
    Call,
    extents_per_axis,
    flag_argument,
    per_axis,
    sole_input,
    text_argument,
)
from dlspec.resolve.shapes.cost import one_output, product_if_known, sample_elements
from dlspec.resolve.shapes.result_dtypes import autocast_dtype, is_float
from dlspec.resolve.shapes.tensor import Inferred
from dlspec.resolve.shapes.window_extents import Windows, slide_windows, sole_image


def infer_pooling(call: Call) -> Inferred:
    """Infer MaxPooling1D to 3D and AveragePooling1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial', channels)

    Raises:
        ShapeError: If no window fits.
    """
    rank = int(call.layer.class_name[-2])
    sizes = per_axis(call, "pool_size", rank)
    strides = sizes if call.layer["strides"] is None else per_axis(call, "strides", rank)
    windows = Windows(
        sizes, strides, (1,) * rank, text_argument(call, "padding").lower(), "pool_size"
    )
    x = sole_image(call, rank)
    out = x.shape_with(slide_windows(x.spatial, windows), x.channels)
    return one_output(
        out, _pooled_dtype(call), extra=product_if_known(sample_elements(out), prod(sizes))
    )


def infer_global_pooling(call: Call) -> Inferred:
    """Infer GlobalMaxPooling1D to 3D and GlobalAveragePooling1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, channels), or (batch, *ones, channels) with `keepdims`
    """
    rank = int(call.layer.class_name[-2])
    x = sole_image(call, rank)
    out = x.shape_with((1,) * rank if flag_argument(call, "keepdims") else (), x.channels)
    return one_output(out, _pooled_dtype(call), extra=product_if_known(*x.spatial, x.channels))


def infer_adaptive_pooling(call: Call) -> Inferred:
    """Infer AdaptiveMaxPooling1D to 3D and AdaptiveAveragePooling1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *output_size, channels)
    """
    rank = int(call.layer.class_name[-2])
    x = sole_image(call, rank)
    per_axis(call, "output_size", rank)
    out = x.shape_with(extents_per_axis(call.layer["output_size"], rank), x.channels)
    return one_output(out, _pooled_dtype(call), extra=product_if_known(*x.spatial, x.channels))


def _pooled_dtype(call: Call) -> str | None:
    kept = autocast_dtype(call, sole_input(call).dtype)
    if "Max" in call.layer.class_name:
        return kept
    return call.dtype if is_float(kept) else None
