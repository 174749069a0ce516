"""Channels and spatial axes, and how many windows fit along them."""

from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Value
from dlspec.language.tensors import Dim, Shape
from dlspec.resolve.shapes.call import Call, per_axis, require_rank, sole_shape, text_argument
from dlspec.resolve.shapes.tensor import ShapeError

_SPATIAL = {
    1: "steps",
    2: "height, width",
    3: "depth, height, width",
}


@dataclass(frozen=True, slots=True)
class Image:
    """A shape taken apart: spatial axes and channels, wherever `data_format` puts them."""

    batch: Dim
    spatial: Shape
    channels: Dim
    channels_first: bool

    def shape_with(self, spatial: Shape, channels: Dim) -> Shape:
        """Return the shape of other spatial axes and channels in the same order."""
        if self.channels_first:
            return (self.batch, channels, *spatial)
        return (self.batch, *spatial, channels)


def sole_image(call: Call, rank: int) -> Image:
    """Return the sole input taken apart into `rank` spatial axes and channels.

    Raises:
        ShapeError: If it has another number of axes.
    """
    return image_of(call, sole_shape(call), rank)


def image_of(call: Call, shape: Shape, rank: int) -> Image:
    """Return a shape taken apart into `rank` spatial axes and channels.

    Raises:
        ShapeError: If it has another number of axes.
    """
    first = is_channels_first(call.layer["data_format"])
    names = f"channels, {_SPATIAL[rank]}" if first else f"{_SPATIAL[rank]}, channels"
    shape = require_rank(call, shape, f"batch, {names}")
    if first:
        return Image(shape[0], shape[2:], shape[1], True)  # noqa: FBT003 - the record's last field
    return Image(shape[0], shape[1:-1], shape[-1], False)  # noqa: FBT003 - the record's last field


def is_channels_first(data_format: Value) -> bool:
    """Return whether `data_format` puts channels before space; None is Keras's `channels_last`."""
    return data_format == "channels_first"


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows that slide over spatial axes; `field` names their size, `kernel_size` or `pool_size`.

    Each tuple has one entry per spatial axis.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str
    field: str


def kernel_windows(call: Call, rank: int) -> Windows:
    """Return the windows of a convolution.

    Raises:
        ShapeError: If it both strides and dilates, which no backend does.
    """
    return Windows(
        per_axis(call, "kernel_size", rank),
        per_axis(call, "strides", rank),
        per_axis(call, "dilation_rate", rank),
        text_argument(call, "padding").lower(),
        "kernel_size",
    )


def require_one_of_stride_and_dilation(windows: Windows) -> None:
    """Refuse a convolution that both strides and dilates.

    Raises:
        ShapeError: If a stride and a dilation exceed 1.
    """
    if max(windows.strides) > 1 and max(windows.dilations) > 1:
        raise ShapeError(
            Code.CONFLICT,
            f"a dilation of {max(windows.dilations)} does not go with "
            f"a stride of {max(windows.strides)}",
            field="dilation_rate",
            help="use `strides: 1` with a dilation, or `dilation_rate: 1` with a stride",
        )


def slide_windows(spatial: Shape, windows: Windows) -> Shape:
    """Return how many windows fit along each axis.

    Raises:
        ShapeError: If none fits along one of them.
    """
    counts = []
    parts = zip(spatial, windows.sizes, windows.strides, windows.dilations, strict=True)
    for extent, size, stride, dilation in parts:
        count = window_extent(
            extent, size=(size - 1) * dilation + 1, stride=stride, padding=windows.padding
        )
        if count is not None and extent is not None and count <= 0:
            raise _does_not_fit(extent, size, dilation, windows.field)
        counts.append(count)
    return tuple(counts)


def window_extent(extent: Dim, *, size: int, stride: int, padding: str) -> Dim:
    """Return how many windows of `size` fit along one axis.

    Args:
        extent: Length of the axis; None if known only at run time.
        size: Window length, dilation included; at least 1.
        stride: Distance between window starts; at least 1.
        padding: "valid" pads nothing; "same" and "causal" pad so that `ceil(extent / stride)` fit.

    Returns:
        The output length; 0 or less when no window fits; None when `extent` is None.

    Source: tf.nn, "Notes on padding", www.tensorflow.org/api_docs/python/tf/nn.
    """
    if extent is None:
        return None
    if padding == "valid":
        return (extent - size) // stride + 1
    return -(-extent // stride)


def _does_not_fit(extent: int, size: int, dilation: int, field: str) -> ShapeError:
    reach = (size - 1) * dilation + 1
    spread = f" ({size} spread by a dilation of {dilation})" if dilation > 1 else ""
    largest = (extent - 1) // dilation + 1
    smaller = f", or a {field} of at most {largest}" if largest >= 1 else ""
    return ShapeError(
        Code.WINDOW,
        f"a window of {reach}{spread} does not fit an extent of {extent}",
        field=field,
        help=f"use `padding: same`{smaller}",
    )
