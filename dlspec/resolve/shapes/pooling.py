"""Pooling: windows, global, adaptive."""

from math import prod

from dlspec.resolve.shapes.call import Call, extents, flag, per_axis, sole, text
from dlspec.resolve.shapes.cost import one_output, size, times
from dlspec.resolve.shapes.result_dtypes import autocast, is_float
from dlspec.resolve.shapes.tensor import Inferred
from dlspec.resolve.shapes.window_extents import Windows, image, slide


def pooling(call: Call) -> Inferred:
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
    windows = Windows(sizes, strides, (1,) * rank, text(call, "padding").lower(), "pool_size")
    x = image(call, rank)
    out = x.with_(slide(x.spatial, windows), x.channels)
    return one_output(out, _dtype(call), extra=times(size(out), prod(sizes)))


def global_pooling(call: Call) -> Inferred:
    """Infer GlobalMaxPooling1D to 3D and GlobalAveragePooling1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, channels), or (batch, *ones, channels) with `keepdims`
    """
    rank = int(call.layer.class_name[-2])
    x = image(call, rank)
    out = x.with_((1,) * rank if flag(call, "keepdims") else (), x.channels)
    return one_output(out, _dtype(call), extra=times(*x.spatial, x.channels))


def adaptive_pooling(call: Call) -> Inferred:
    """Infer AdaptiveMaxPooling1D to 3D and AdaptiveAveragePooling1D to 3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *output_size, channels)
    """
    rank = int(call.layer.class_name[-2])
    x = image(call, rank)
    per_axis(call, "output_size", rank)
    out = x.with_(extents(call.layer["output_size"], rank), x.channels)
    return one_output(out, _dtype(call), extra=times(*x.spatial, x.channels))


def _dtype(call: Call) -> str | None:
    kept = autocast(call, sole(call).dtype)
    if "Max" in call.layer.class_name:
        return kept
    return call.dtype if is_float(kept) else None
