"""Normalization layers."""

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Shape
from dlspec.resolve.shapes.call import (
    Call,
    distinct_axes,
    flag_argument,
    integer_argument,
    require_known_extent,
    resolve_axis,
    sole_shape,
)
from dlspec.resolve.shapes.cost import (
    AFFINE,
    STATISTICS,
    one_output,
    product_if_known,
    sample_elements,
)
from dlspec.resolve.shapes.divisors import divisor_help, is_divisor
from dlspec.resolve.shapes.tensor import Inferred, ShapeError, Weight


def infer_batch_normalization(call: Call) -> Inferred:
    """Infer BatchNormalization as it runs outside training: a scale and a shift.

    Shapes:
        x: (batch, ..., channels)
        returns: the same
    """
    shape = sole_shape(call)
    channels = _normalized_extent(call, shape, integer_argument(call, "axis"))
    names = ["moving_mean", "moving_variance"]
    if flag_argument(call, "renorm"):
        names += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    moving = tuple(Weight(name, (channels,), trainable=False) for name in names)
    weights = (*_scale_and_center_weights(call, (channels,)), *moving)
    return one_output(
        shape, call.dtype, weights=weights, extra=product_if_known(AFFINE, sample_elements(shape))
    )


def infer_layer_normalization(call: Call) -> Inferred:
    """Infer LayerNormalization over one or several axes."""
    shape = sole_shape(call)
    axes = _sorted_axes(call, shape)
    weights: tuple[Weight, ...] = ()
    if flag_argument(call, "scale") or flag_argument(call, "center"):
        weights = _scale_and_center_weights(
            call, tuple(_normalized_extent(call, shape, axis) for axis in axes)
        )
    return _normalized_result(call, shape, weights)


def infer_rms_normalization(call: Call) -> Inferred:
    """Infer RMSNormalization over the last axes.

    Raises:
        ShapeError: If it is over others: Keras lays its scale along the last ones all the same.
    """
    shape = sole_shape(call)
    axes = _sorted_axes(call, shape)
    extents = tuple(_normalized_extent(call, shape, axis) for axis in axes)
    last = range(len(shape) - len(axes), len(shape))
    if [axis % len(shape) for axis in axes] != list(last):
        raise ShapeError(
            Code.AXIS,
            f"`RMSNormalization` scales the last axes of {shape}, not {axes}",
            field="axis",
            help="move the axes to the end with `Permute`, or use `LayerNormalization`",
        )
    return _normalized_result(call, shape, (Weight("scale", extents),))


def infer_unit_normalization(call: Call) -> Inferred:
    """Infer UnitNormalization, which has no weights."""
    shape = sole_shape(call)
    _sorted_axes(call, shape)
    return _normalized_result(call, shape, ())


def infer_group_normalization(call: Call) -> Inferred:
    """Infer GroupNormalization; -1 groups normalize each channel by itself.

    Raises:
        ShapeError: If the groups do not divide the channels.
    """
    shape = sole_shape(call)
    channels = _normalized_extent(call, shape, integer_argument(call, "axis"))
    groups = integer_argument(call, "groups")
    if groups != -1 and not is_divisor(groups, channels):
        raise ShapeError(
            Code.CHANNELS,
            f"{groups} groups do not divide {channels} channels",
            field="groups" if "groups" in call.layer.arguments else None,
            help=divisor_help("groups", groups, channels),
        )
    return _normalized_result(call, shape, _scale_and_center_weights(call, (channels,)))


def _normalized_result(call: Call, shape: Shape, weights: tuple[Weight, ...]) -> Inferred:
    return one_output(
        shape,
        call.dtype,
        weights=weights,
        extra=product_if_known(STATISTICS, sample_elements(shape)),
    )


def _scale_and_center_weights(call: Call, shape: tuple[int, ...]) -> tuple[Weight, ...]:
    gamma = (Weight("gamma", shape),) if flag_argument(call, "scale") else ()
    return (*gamma, *((Weight("beta", shape),) if flag_argument(call, "center") else ()))


def _normalized_extent(call: Call, shape: Shape, axis: int) -> int:
    extent = shape[resolve_axis(call, axis, shape)]
    return require_known_extent(call, extent, what=f"the extent of axis {axis}")


def _sorted_axes(call: Call, shape: Shape) -> tuple[int, ...]:
    """Return the axes in the order in which Keras lays out their weights."""
    return tuple(sorted(distinct_axes(call, shape)))
