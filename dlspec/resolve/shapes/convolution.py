"""Convolutions: plain, depthwise, separable, transposed."""

from math import gcd, prod

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Dim, Shape
from dlspec.resolve.shapes.call import (
    Call,
    flag_argument,
    integer_argument,
    optional_integer_argument,
    per_axis,
    require_known_extent,
)
from dlspec.resolve.shapes.cost import (
    activation_cost,
    one_output,
    product_if_known,
    sample_elements,
    sum_if_known,
)
from dlspec.resolve.shapes.divisors import divisor_help, is_divisor
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight
from dlspec.resolve.shapes.window_extents import (
    Image,
    Windows,
    kernel_windows,
    require_one_of_stride_and_dilation,
    slide_windows,
    sole_image,
)


def infer_convolution(call: Call) -> Inferred:
    """Infer Conv1D, Conv2D and Conv3D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial', filters)

    Raises:
        ShapeError: If the rank does not fit, `groups` divides neither channels nor filters, or no
            window fits.
    """
    rank = _convolution_rank(call)
    windows = kernel_windows(call, rank)
    require_one_of_stride_and_dilation(windows)
    filters, groups = integer_argument(call, "filters"), integer_argument(call, "groups")
    x = sole_image(call, rank)
    channels = _input_channels(call, x)
    shared = gcd(filters, channels)
    _require_divides(groups, filters, shared, what="filters")
    _require_divides(groups, channels, shared, what="input channels")
    out = x.shape_with(slide_windows(x.spatial, windows), filters)
    kernel = (*windows.sizes, channels // groups, filters)
    lora = optional_integer_argument(call, "lora_rank")
    weights = (Weight("kernel", kernel, trainable=not lora), *_filter_bias(call, filters))
    if lora:
        a = Weight("lora_kernel_a", (*kernel[:-1], lora))
        weights = (*weights, a, Weight("lora_kernel_b", (lora, filters)))
    macs = product_if_known(sample_elements(out), prod(kernel[:-1]))
    return _convolution_result(call, out, weights, macs)


def infer_depthwise_convolution(call: Call) -> Inferred:
    """Infer DepthwiseConv1D and DepthwiseConv2D.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial', channels * depth_multiplier)
    """
    rank = _convolution_rank(call)
    x = sole_image(call, rank)
    windows = kernel_windows(call, rank)
    channels, multiplier = _input_channels(call, x), integer_argument(call, "depth_multiplier")
    out = x.shape_with(slide_windows(x.spatial, windows), channels * multiplier)
    kernel = Weight("kernel", (*windows.sizes, channels, multiplier))
    weights = (kernel, *_filter_bias(call, channels * multiplier))
    return _convolution_result(
        call, out, weights, product_if_known(sample_elements(out), prod(windows.sizes))
    )


def infer_separable_convolution(call: Call) -> Inferred:
    """Infer SeparableConv1D and SeparableConv2D: a depthwise, then a 1x1 convolution.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial', filters)
    """
    rank = _convolution_rank(call)
    x = sole_image(call, rank)
    windows = kernel_windows(call, rank)
    channels, multiplier = _input_channels(call, x), integer_argument(call, "depth_multiplier")
    filters, wide = integer_argument(call, "filters"), channels * multiplier
    spatial = slide_windows(x.spatial, windows)
    weights = (
        Weight("depthwise_kernel", (*windows.sizes, channels, multiplier)),
        Weight("pointwise_kernel", (*(1,) * rank, wide, filters)),
        *_filter_bias(call, filters),
    )
    macs = product_if_known(*spatial, wide, prod(windows.sizes) + filters)
    return _convolution_result(call, x.shape_with(spatial, filters), weights, macs)


def infer_transposed_convolution(call: Call) -> Inferred:
    """Infer Conv1DTranspose, Conv2DTranspose and Conv3DTranspose.

    Shapes:
        x: (batch, *spatial, channels)
        returns: (batch, *spatial', filters)

    Raises:
        ShapeError: If `output_padding` reaches the stride.
    """
    rank = _convolution_rank(call)
    windows = kernel_windows(call, rank)
    require_one_of_stride_and_dilation(windows)
    padding = _output_padding(call, windows)
    x = sole_image(call, rank)
    channels, filters = _input_channels(call, x), integer_argument(call, "filters")
    out = x.shape_with(_spread_spatial(x.spatial, windows, padding), filters)
    weights = (Weight("kernel", (*windows.sizes, filters, channels)), *_filter_bias(call, filters))
    macs = product_if_known(*x.spatial, channels, filters, prod(windows.sizes))
    return _convolution_result(call, out, weights, macs)


def _output_padding(call: Call, windows: Windows) -> tuple[int | None, ...]:
    if call.layer["output_padding"] is None:
        return (None,) * len(windows.sizes)
    padding = per_axis(call, "output_padding", len(windows.sizes))
    for amount, stride in zip(padding, windows.strides, strict=True):
        if amount >= stride:
            raise ShapeError(
                Code.CONFLICT,
                f"an output_padding of {amount} is not below the stride of {stride}",
                field="output_padding",
                help=f"use an output_padding of at most {stride - 1}",
            )
    return padding


def _spread_spatial(spatial: Shape, windows: Windows, padding: tuple[int | None, ...]) -> Shape:
    parts = zip(spatial, windows.sizes, windows.strides, windows.dilations, padding, strict=True)
    return tuple(
        _spread_extent(
            extent,
            reach=(size - 1) * dilation + 1,
            stride=stride,
            more=more,
            same=windows.padding == "same",
        )
        for extent, size, stride, dilation, more in parts
    )


def _spread_extent(extent: Dim, *, reach: int, stride: int, more: int | None, same: bool) -> Dim:
    if extent is None:
        return None
    if same:
        return extent * stride if more is None else (extent - 1) * stride + reach % 2 + more
    return (extent - 1) * stride + reach + (max(reach, stride) - reach if more is None else more)


def _convolution_rank(call: Call) -> int:
    name = call.layer.class_name.removesuffix("Transpose")
    return int(name[-2])


def _input_channels(call: Call, x: Image) -> int:
    return require_known_extent(call, x.channels, what="the number of channels")


def _filter_bias(call: Call, filters: int) -> tuple[Weight, ...]:
    return (Weight("bias", (filters,)),) if flag_argument(call, "use_bias") else ()


def _convolution_result(
    call: Call, out: Shape, weights: tuple[Weight, ...], macs: int | None
) -> Inferred:
    biased = int(flag_argument(call, "use_bias"))
    extra = sum_if_known(product_if_known(biased, sample_elements(out)), activation_cost(call, out))
    return one_output(out, call.dtype, weights=weights, macs=macs, extra=extra)


def _require_divides(groups: int, number: int, shared: int, *, what: str) -> None:
    if is_divisor(groups, number):
        return
    raise ShapeError(
        Code.CHANNELS,
        f"{groups} groups do not divide {number} {what}",
        field="groups",
        help=divisor_help("groups", groups, number, shared=shared),
    )
