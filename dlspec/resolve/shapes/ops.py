"""What functions of keras.ops make of tensors: which rule belongs to which function."""

from collections.abc import Callable, Mapping, Sequence

from dlspec.language.catalogue import Parameter, find_entry
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes import op_arithmetic as arithmetic
from dlspec.resolve.shapes import op_crossentropies as crossentropies
from dlspec.resolve.shapes import op_draws as draws
from dlspec.resolve.shapes import op_images as images
from dlspec.resolve.shapes import op_layout as layout
from dlspec.resolve.shapes.op_arguments import TENSORS, Asked, UnknownError, constant_tensor
from dlspec.resolve.shapes.op_index import infer_get_item_op
from dlspec.resolve.shapes.op_refusals import refuse_axes, refuse_parts, refuse_string_operands

Rule = Callable[[Asked], Tensor]

_FAMILIES: tuple[tuple[Rule, str], ...] = (
    (
        arithmetic.infer_elementwise_op,
        "abs absolute negative square sign relu relu6 stop_gradient copy flip roll clip",
    ),
    (
        arithmetic.infer_elementwise_float_op,
        "exp expm1 log log1p log2 log10 sqrt sin cos tan sinh cosh tanh arcsin arccos arctan "
        "arcsinh arccosh arctanh reciprocal",
    ),
    (
        arithmetic.infer_activation_op,
        "sigmoid silu swish gelu elu selu celu softplus softsign softmax log_softmax log_sigmoid "
        "leaky_relu hard_sigmoid hard_silu hard_tanh erf rsqrt normalize",
    ),
    (arithmetic.infer_elementwise_bool_op, "isnan isinf isfinite logical_not signbit"),
    (arithmetic.infer_binary_op, "add subtract multiply maximum minimum power"),
    (arithmetic.infer_binary_float_op, "divide true_divide"),
    (
        arithmetic.infer_comparison_op,
        "equal not_equal greater greater_equal less less_equal logical_and logical_or logical_xor",
    ),
    (arithmetic.infer_reduction_op, "max min amax amin"),
    (arithmetic.infer_sum_reduction_op, "sum prod"),
    (arithmetic.infer_float_reduction_op, "mean std var"),
    (arithmetic.infer_float_axis_reduction_op, "logsumexp"),
    (crossentropies.infer_binary_crossentropy_op, "binary_crossentropy"),
    (crossentropies.infer_categorical_crossentropy_op, "categorical_crossentropy"),
    (crossentropies.infer_sparse_crossentropy_op, "sparse_categorical_crossentropy"),
    (arithmetic.infer_bool_reduction_op, "any all"),
    (arithmetic.infer_index_reduction_op, "argmax argmin"),
    (arithmetic.infer_filled_like_op, "ones_like zeros_like"),
    (arithmetic.infer_cumulative_op, "cumsum cumprod"),
    (arithmetic.infer_matmul_op, "matmul"),
    (arithmetic.infer_where_op, "where"),
    (layout.infer_concatenate_op, "concatenate"),
    (layout.infer_stack_op, "stack"),
    (layout.infer_reshape_op, "reshape"),
    (layout.infer_transpose_op, "transpose"),
    (layout.infer_expand_dims_op, "expand_dims"),
    (layout.infer_squeeze_op, "squeeze"),
    (layout.infer_swapaxes_op, "swapaxes"),
    (layout.infer_cast_op, "cast"),
    (layout.infer_one_hot_op, "one_hot"),
    (layout.infer_take_op, "take"),
    (layout.infer_broadcast_to_op, "broadcast_to"),
    (infer_get_item_op, "get_item"),
    (
        draws.infer_draw_op,
        "random.normal random.truncated_normal random.uniform random.gamma random.beta "
        "random.binomial",
    ),
    (draws.infer_whole_draw_op, "random.randint"),
    (draws.infer_class_draw_op, "random.categorical"),
    (draws.infer_shuffle_op, "random.shuffle"),
    (images.infer_resize_op, "image.resize"),
    (images.infer_grayscale_op, "image.rgb_to_grayscale"),
    (images.infer_colour_space_op, "image.rgb_to_hsv image.hsv_to_rgb"),
    (images.infer_pad_images_op, "image.pad_images"),
    (images.infer_crop_images_op, "image.crop_images"),
    (images.infer_sobel_edges_op, "image.sobel_edges"),
    (images.infer_same_size_op, "image.gaussian_blur image.elastic_transform"),
)
RULES: Mapping[str, Rule] = {name: rule for rule, names in _FAMILIES for name in names.split()}


def _operand_with_arrays(parameter: Parameter, value: object) -> object:
    """Return an operand with the arrays that written numbers stand for; one number stays one."""
    if parameter.type == "tensors" and isinstance(value, tuple | list):
        return tuple(_array_or_literal(item, parameter.name) for item in value)
    return _array_or_literal(value, parameter.name)


def _array_or_literal(value: object, field: str) -> object:
    made = constant_tensor(value, field=field) if isinstance(value, tuple | list) else None
    return value if made is None else made


def infer_op(
    name: str, arguments: Sequence[object], keywords: Mapping[str, object] | None = None
) -> Tensor | None:
    """Return what `keras.ops.<name>` makes of its arguments; None when only Keras knows.

    Args:
        name: A function of keras.ops.
        arguments: Tensors, tuples of tensors and literals, in the function's order.
        keywords: The same by name.

    Raises:
        ShapeError: If the tensors do not fit each other or the literals; `field` is a parameter.
    """
    entry, rule = find_entry("op", name), RULES.get(name)
    if entry is None or len(arguments) > len(entry.parameters):
        return None
    named: dict[str, object] = {parameter.name: parameter.default for parameter in entry.parameters}
    named |= dict(zip(named, arguments, strict=False)) | dict(keywords or {})
    named |= {
        p.name: _operand_with_arrays(p, named[p.name])
        for p in entry.parameters
        if p.type in TENSORS
    }
    refuse_axes(name, named)
    refuse_parts(name, named)
    if rule is None:
        return None
    if rule.__module__ == arithmetic.__name__ and rule is not arithmetic.infer_where_op:
        refuse_string_operands(name, named)
    try:
        return rule(Asked(name, named))
    except UnknownError:
        return None
