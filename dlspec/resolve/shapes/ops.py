"""What functions of keras.ops make of tensors: which rule belongs to which function."""

from collections.abc import Callable, Mapping, Sequence

from dlspec.language.catalogue import Parameter, find
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes import op_arithmetic as arithmetic
from dlspec.resolve.shapes import op_images as images
from dlspec.resolve.shapes import op_layout as layout
from dlspec.resolve.shapes.op_arguments import TENSORS, Asked, UnknownError, constant
from dlspec.resolve.shapes.op_index import get_item

Rule = Callable[[Asked], Tensor]

_FAMILIES: tuple[tuple[Rule, str], ...] = (
    (arithmetic.same, "abs absolute negative square sign relu relu6 stop_gradient copy flip roll"),
    (
        arithmetic.same_float,
        "exp expm1 log log1p log2 log10 sqrt rsqrt sin cos tan sinh cosh tanh arcsin arccos arctan "
        "arcsinh arccosh arctanh erf reciprocal",
    ),
    (
        arithmetic.activation,
        "sigmoid silu swish gelu elu selu celu softplus softsign softmax log_softmax log_sigmoid "
        "leaky_relu hard_sigmoid hard_silu hard_tanh",
    ),
    (arithmetic.same_bool, "isnan isinf isfinite logical_not signbit"),
    (arithmetic.binary, "add subtract multiply maximum minimum"),
    (arithmetic.binary_float, "divide true_divide"),
    (
        arithmetic.comparison,
        "equal not_equal greater greater_equal less less_equal logical_and logical_or logical_xor",
    ),
    (arithmetic.reduce, "max min amax amin"),
    (arithmetic.reduce_sum, "sum prod"),
    (arithmetic.reduce_float, "mean std var"),
    (arithmetic.reduce_bool, "any all"),
    (arithmetic.reduce_index, "argmax argmin"),
    (arithmetic.like, "ones_like zeros_like"),
    (arithmetic.cumulative, "cumsum cumprod"),
    (arithmetic.matmul, "matmul"),
    (arithmetic.where, "where"),
    (layout.concatenate, "concatenate"),
    (layout.stack, "stack"),
    (layout.reshape, "reshape"),
    (layout.transpose, "transpose"),
    (layout.expand_dims, "expand_dims"),
    (layout.squeeze, "squeeze"),
    (layout.swapaxes, "swapaxes"),
    (layout.cast, "cast"),
    (layout.one_hot, "one_hot"),
    (layout.take, "take"),
    (layout.broadcast_to, "broadcast_to"),
    (get_item, "get_item"),
    (images.resized, "image.resize"),
    (images.greyed, "image.rgb_to_grayscale"),
    (images.recoloured, "image.rgb_to_hsv image.hsv_to_rgb"),
    (images.padded, "image.pad_images"),
    (images.cropped, "image.crop_images"),
    (images.edged, "image.sobel_edges"),
    (images.unsized, "image.gaussian_blur image.elastic_transform"),
)
RULES: Mapping[str, Rule] = {name: rule for rule, names in _FAMILIES for name in names.split()}


def _operand(parameter: Parameter, value: object) -> object:
    """Return an operand with the arrays that written numbers stand for; one number stays one."""
    if parameter.type == "tensors" and isinstance(value, tuple | list):
        return tuple(_array(item, parameter.name) for item in value)
    return _array(value, parameter.name)


def _array(value: object, field: str) -> object:
    made = constant(value, field=field) if isinstance(value, tuple | list) else None
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
    entry, rule = find("op", name), RULES.get(name)
    if entry is None or rule is None or len(arguments) > len(entry.parameters):
        return None
    named: dict[str, object] = {parameter.name: parameter.default for parameter in entry.parameters}
    named |= dict(zip(named, arguments, strict=False)) | dict(keywords or {})
    named |= {p.name: _operand(p, named[p.name]) for p in entry.parameters if p.type in TENSORS}
    try:
        return rule(Asked(name, named))
    except UnknownError:
        return None
