"""Layers that resize, crop and vary images, and the private layers of Keras's applications."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.tensors import Dim, may_be_equal
from dlspec.resolve.shapes.call import (
    Call,
    integer_argument,
    known_shape,
    require_rank,
    several_inputs,
    sole_input,
    sole_shape,
)
from dlspec.resolve.shapes.cost import one_output, product_if_known, sample_elements
from dlspec.resolve.shapes.result_dtypes import autocast_dtype, is_float
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight
from dlspec.resolve.shapes.window_extents import sole_image

# Keras's colour operations take RGB alone.
_COLOURS = 3


def infer_resized_images(call: Call) -> Inferred:
    """Infer Resizing, CenterCrop and RandomCrop.

    Shapes:
        x: (batch, height, width, channels)
        returns: (batch, height', width', channels)
    """
    x = sole_image(call, 2)
    spatial = (integer_argument(call, "height"), integer_argument(call, "width"))
    resizes = call.layer.class_name == "Resizing"
    dtype = autocast_dtype(call, sole_input(call).dtype) if resizes else call.dtype
    return one_output(x.shape_with(spatial, x.channels), dtype)


def infer_varied_images(call: Call) -> Inferred:
    """Infer a layer that varies images without changing their size.

    Shapes:
        x: (batch, height, width, channels)
        returns: the same

    Raises:
        ShapeError: If there are no four axes, or no three channels where colours are mixed.
    """
    shape = sole_shape(call)
    first = "data_format" in call.layer.arguments and (
        call.layer.arguments["data_format"] == "channels_first"
    )
    order = "channels, height, width" if first else "height, width, channels"
    shape = require_rank(call, shape, f"batch, {order}")
    if call.layer.class_name == "RandomColorDegeneration":
        _require_colour_channels(call, shape[1 if first else -1])
    # Some of these layers cast integers back, some do not.
    return one_output(shape, call.dtype if is_float(sole_input(call).dtype) else None)


def _require_colour_channels(call: Call, channels: Dim) -> None:
    if channels not in (None, _COLOURS):
        raise ShapeError(
            Code.CHANNELS,
            f"`{call.layer.class_name}` takes 3 channels, not {channels}",
            help="give it images of three channels",
        )


def infer_layer_scale(call: Call) -> Inferred:
    """Infer LayerScale, a private layer of ConvNeXt: one factor per channel."""
    shape = sole_shape(call)
    width = integer_argument(call, "projection_dim")
    if shape[-1] not in (None, width, 1):
        raise ShapeError(
            Code.CHANNELS,
            f"{counted(width, 'factor')} {agreed(width, 'do')} not fit "
            f"{counted(shape[-1], 'channel')}",
            field="projection_dim",
            help=f"use `projection_dim: {shape[-1]}`",
        )
    out = (*shape[:-1], width)
    # Keras gives this variable no name, so it is called after its kind.
    return one_output(
        out, call.dtype, weights=(Weight("variable", (width,)),), extra=sample_elements(out)
    )


def infer_scaled_sum(call: Call) -> Inferred:
    """Infer CustomScaleLayer, a private layer of InceptionResNetV2: `a + scale * b`."""
    first, last = (known_shape(tensor) for tensor in several_inputs(call, 2, 2))
    if not may_be_equal(first, last):
        raise ShapeError(
            Code.MERGE,
            f"extents do not fit: {first}, {last}",
            help="bring both inputs to one shape",
        )
    return one_output(first, call.dtype, extra=product_if_known(2, sample_elements(first)))
