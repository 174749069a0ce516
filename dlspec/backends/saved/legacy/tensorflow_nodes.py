"""Nodes of TensorFlow graphs in functional models of tf.keras 2.0 to 2.3 -> functions of keras.ops.

Source: `TensorFlowOpLayer` in `engine/base_layer.py` of tf_keras 2.21; operands and attributes of
the nodes from TensorFlow's `core/ops` definitions, defaults included.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlspec.backends.saved.architecture import Call
from dlspec.backends.saved.keras3_models import Numbers
from dlspec.backends.saved.legacy.values import shortened_float32_numbers

_DTYPES = {
    "DT_HALF": "float16", "DT_BFLOAT16": "bfloat16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64",
    "DT_BOOL": "bool", "DT_UINT8": "uint8", "DT_INT8": "int8", "DT_INT16": "int16",
    "DT_INT32": "int32", "DT_INT64": "int64",
}  # fmt: skip
_SAME_OPERANDS = {
    "Abs": "abs", "Add": "add", "AddV2": "add", "BiasAdd": "add", "Sub": "subtract",
    "Mul": "multiply", "RealDiv": "true_divide", "Div": "true_divide", "FloorDiv": "floor_divide",
    "Pow": "power", "Maximum": "maximum", "Minimum": "minimum", "Neg": "negative", "Exp": "exp",
    "Expm1": "expm1", "Log": "log", "Log1p": "log1p", "Sqrt": "sqrt", "Rsqrt": "rsqrt",
    "Square": "square", "Sin": "sin", "Cos": "cos", "Tan": "tan", "Floor": "floor",
    "Ceil": "ceil", "Round": "round", "Rint": "round", "Sign": "sign", "Erf": "erf",
    "Reciprocal": "reciprocal", "Inv": "reciprocal", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "Softplus": "softplus",
    "Softsign": "softsign", "Softmax": "softmax", "LogSoftmax": "log_softmax", "Equal": "equal",
    "NotEqual": "not_equal", "Greater": "greater", "GreaterEqual": "greater_equal",
    "Less": "less", "LessEqual": "less_equal", "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or", "LogicalNot": "logical_not", "StopGradient": "stop_gradient",
    "Identity": "Identity", "ZerosLike": "zeros_like", "OnesLike": "ones_like",
    "Select": "where", "SelectV2": "where", "ClipByValue": "clip",
}  # fmt: skip
_REDUCTIONS = {
    "Mean": "mean", "Sum": "sum", "Max": "max", "Min": "min", "Prod": "prod", "All": "all",
    "Any": "any",
}  # fmt: skip


# A function of keras.ops, what it takes by position, and by name.
_Operation = tuple[str, Sequence[Any], dict[str, Any]]


class _UnsayableNode(Exception):  # noqa: N818 - not an error of ours: the reason goes to the reader
    """Why a node has no plain equal."""


@dataclass(frozen=True, slots=True)
class _Node:
    """One node: its operands, tensors and constants in order, and its attributes."""

    op: str
    operands: Sequence[Any]
    attributes: Mapping[str, Any]

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - a value of a node
        """Return an attribute, written as JSON writes a protocol buffer."""
        value = self.attributes.get(name)
        return _attribute_value(value) if value else default

    def as_tensor(self, operand: Any, *, of: str = "T") -> Any:  # noqa: ANN401 - a tensor or a constant
        """Return an operand, numbers in lists as an array of the dtype that an attribute names."""
        if not isinstance(operand, list):
            return operand
        return Numbers(operand, _DTYPES.get(self.attribute(of), "float32"))

    def require(self, **expected: object) -> None:
        """Refuse an attribute that keras.ops does not have, unless it says what is done anyway."""
        for name, value in expected.items():
            found = self.attribute(name, value)
            if found != value:
                raise _UnsayableNode(f"`tf.{self.op}` is called with `{name}: {found}`")


def node_as_operation(config: Mapping[str, Any], call: Call) -> tuple[str, Call] | str:
    """Return the function of keras.ops, or the layer, and its call; or why that cannot be.

    Args:
        call: The call that the file tells, whose tensors lack the constants.
    """
    try:
        node = _read_node(config, call)
        name, arguments, keywords = _operation_of(node)
    except _UnsayableNode as error:
        return str(error)
    return name, Call(tuple(arguments), keywords)


def _read_node(config: Mapping[str, Any], call: Call) -> _Node:
    said = config.get("node_def")
    try:
        definition: Any = json.loads(said) if isinstance(said, str) else said
        given = config.get("constants") or {}
        constants = {int(key): _constant_value(value) for key, value in given.items()}
        op, attributes = definition["op"], definition.get("attr", {})
        count = sum(not name.startswith("^") for name in definition.get("input", ()))
    except (ValueError, TypeError, LookupError, AttributeError):
        raise _UnsayableNode("its `node_def` cannot be read") from None
    first = call.args[0] if call.args else []
    tensors = iter(first if isinstance(first, list) else [first])
    operands = [constants[at] if at in constants else next(tensors, None) for at in range(count)]
    if any(operand is None for operand in operands) or next(tensors, None) is not None:
        raise _UnsayableNode("its `node_def` reads other tensors than its call")
    return _Node(str(op), operands, attributes)


def _constant_value(value: Any) -> Any:  # noqa: ANN401 - a number, or nested lists of numbers
    # Late releases of tf.keras 2 wrap what earlier ones wrote as lists.
    said = value["config"]["value"] if isinstance(value, Mapping) else value
    return shortened_float32_numbers(said)


def _attribute_value(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a value of a node
    kind, content = next(iter(value.items()))
    match kind:
        case "list":
            items = [(key, item) for key, items in content.items() for item in items]
            return [_attribute_value({key: item}) for key, item in items]
        case "i":
            return int(content)
        case "s":
            return base64.b64decode(content).decode("utf-8", "replace")
    return shortened_float32_numbers(content)


def _operation_of(node: _Node) -> _Operation:
    if node.op in _SAME_OPERANDS:
        return _SAME_OPERANDS[node.op], [node.as_tensor(one) for one in node.operands], {}
    if node.op in _REDUCTIONS:
        tensor, axis = node.operands
        keeps = node.attribute("keep_dims", default=False)
        return _REDUCTIONS[node.op], [tensor], {"axis": axis, "keepdims": keeps}
    if node.op in _OTHERS:
        return _OTHERS[node.op](node)
    raise _UnsayableNode(f"it is `tf.{node.op}`, for which keras.ops has no plain equal")


def _with_axis(name: str, keyword: str = "axis") -> Callable[[_Node], _Operation]:
    """Return what takes the second operand of a node as a keyword."""

    def read(node: _Node) -> _Operation:
        tensor, axis = node.operands
        return name, [tensor], {keyword: axis}

    return read


def _joined(node: _Node) -> _Operation:
    *tensors, axis = node.operands
    return "concatenate", [tensors], {"axis": axis}


def _packed(node: _Node) -> _Operation:
    return "stack", [list(node.operands)], {"axis": node.attribute("axis", 0)}


def _summed(node: _Node) -> _Operation:
    if len(node.operands) != 2:
        raise _UnsayableNode("it is `tf.AddN` of more than two tensors")
    return "add", node.operands, {}


def _squeezed(node: _Node) -> _Operation:
    axes = node.attribute("squeeze_dims", [])
    if not axes:
        return "squeeze", node.operands, {}
    return "squeeze", node.operands, {"axis": axes[0] if len(axes) == 1 else axes}


def _cast(node: _Node) -> _Operation:
    dtype = _DTYPES.get(node.attribute("DstT"))
    if dtype is None:
        raise _UnsayableNode(f"it casts to `{node.attribute('DstT')}`")
    return "cast", node.operands, {"dtype": dtype}


def _product(node: _Node) -> _Operation:
    node.require(transpose_a=False, transpose_b=False, adj_x=False, adj_y=False)
    return "matmul", node.operands, {}


def _leaky(node: _Node) -> _Operation:
    # Of TensorFlow's definition of the node.
    slope = node.attribute("alpha", 0.2)
    return "leaky_relu", node.operands, {"negative_slope": slope}


def _gathered(node: _Node) -> _Operation:
    node.require(batch_dims=0)
    tensor, indices, *axis = node.operands
    return (
        "take",
        [tensor, node.as_tensor(indices, of="Tindices")],
        {"axis": axis[0] if axis else 0},
    )


def _padded(node: _Node) -> _Operation:
    tensor, widths, *value = node.operands
    keywords = {"constant_values": value[0]} if value else {}
    return "pad", [tensor, widths], keywords


def _mirrored(node: _Node) -> _Operation:
    return "pad", node.operands, {"mode": str(node.attribute("mode")).lower()}


def _blocks_of(name: str) -> Callable[[_Node], _Operation]:
    def read(node: _Node) -> _Operation:
        node.require(data_format="NHWC")
        keywords = {"block_size": node.attribute("block_size"), "data_format": "channels_last"}
        return name, node.operands, keywords

    return read


def _parts(node: _Node) -> _Operation:
    axis, tensor = node.operands
    return "split", [tensor, node.attribute("num_split")], {"axis": axis}


def _unpacked(node: _Node) -> _Operation:
    keywords = {"num": node.attribute("num"), "axis": node.attribute("axis", 0)}
    return "unstack", node.operands, keywords


def _summed_up(node: _Node) -> _Operation:
    node.require(exclusive=False, reverse=False)
    tensor, axis = node.operands
    return "cumsum", [tensor], {"axis": axis}


def _by_letters(node: _Node) -> _Operation:
    return "einsum", [node.attribute("equation"), *node.operands], {}


def _resized(interpolation: str) -> Callable[[_Node], _Operation]:
    def read(node: _Node) -> _Operation:
        if not node.attribute("half_pixel_centers", default=False):
            raise _UnsayableNode(f"`tf.{node.op}` counts pixels from their corners")
        node.require(align_corners=False)
        tensor, size = node.operands
        return "image.resize", [tensor, size], {"interpolation": interpolation}

    return read


def _sliced(node: _Node) -> _Operation:
    """Return a strided slice; its masks are numbers whose bits stand for its entries."""
    tensor, *bounds = node.operands
    if not all(isinstance(bound, list) for bound in bounds):
        raise _UnsayableNode("it is a slice whose bounds are computed")
    names = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    masks = {name: node.attribute(f"{name}_mask", 0) for name in names}
    key: list[Any] = []
    for at, (begin, end, step) in enumerate(zip(*bounds, strict=True)):
        bit = 1 << at
        if masks["ellipsis"] & bit:
            key.append(...)
        elif masks["new_axis"] & bit:
            key.append(None)
        elif masks["shrink_axis"] & bit:
            key.append(begin)
        else:
            first = None if masks["begin"] & bit else begin
            last = None if masks["end"] & bit else end
            key.append(slice(first, last, None if step == 1 else step))
    return "get_item", [tensor, tuple(key)], {}


_OTHERS: Mapping[str, Callable[[_Node], _Operation]] = {
    "AddN": _summed,
    "ArgMax": _with_axis("argmax"),
    "ArgMin": _with_axis("argmin"),
    "BatchMatMul": _product,
    "BatchMatMulV2": _product,
    "Cast": _cast,
    "ConcatV2": _joined,
    "Cumsum": _summed_up,
    "DepthToSpace": _blocks_of("depth_to_space"),
    "Einsum": _by_letters,
    "ExpandDims": _with_axis("expand_dims"),
    "GatherV2": _gathered,
    "LeakyRelu": _leaky,
    "MatMul": _product,
    "MirrorPad": _mirrored,
    "Pack": _packed,
    "Pad": _padded,
    "PadV2": _padded,
    "Reshape": _with_axis("reshape", "newshape"),
    "ResizeBilinear": _resized("bilinear"),
    "ResizeNearestNeighbor": _resized("nearest"),
    "ReverseV2": _with_axis("flip"),
    "SpaceToDepth": _blocks_of("space_to_depth"),
    "Split": _parts,
    "Squeeze": _squeezed,
    "StridedSlice": _sliced,
    "Tile": _with_axis("tile", "repeats"),
    "Transpose": _with_axis("transpose", "axes"),
    "Unpack": _unpacked,
}
