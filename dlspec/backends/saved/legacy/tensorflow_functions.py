"""TensorFlow functions in functional models of tf.keras 2.4 and later -> functions of keras.ops.

Source: tf_keras 2.21, `layers/core/tf_op_layer.py`; names and arguments of the functions from the
documentation of TensorFlow 2 and of keras.ops.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Function:
    """A function of keras.ops, or a layer: how arguments are called, and which must be as said."""

    name: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    only_at: Mapping[str, object] = field(default_factory=dict)


_TWO = {"y": "x2"}
_OVER = {"axis": "axis", "keepdims": "keepdims"}
_UNARY = (
    "abs", "exp", "log", "sqrt", "rsqrt", "square", "sin", "cos", "tan", "floor", "ceil", "round",
    "sign", "sigmoid", "tanh", "negative", "reciprocal", "erf", "log1p", "expm1",
)  # fmt: skip
_ACTIVATIONS = ("relu", "relu6", "selu", "softplus", "softsign", "silu", "sigmoid", "tanh")
_BINARY = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "truediv": "true_divide",
    "divide": "divide",
    "floordiv": "floor_divide",
    "pow": "power",
    "maximum": "maximum",
    "minimum": "minimum",
    "equal": "equal",
    "not_equal": "not_equal",
    "greater": "greater",
    "greater_equal": "greater_equal",
    "less": "less",
    "less_equal": "less_equal",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
}
_OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "pow": "power",
    "gt": "greater",
    "ge": "greater_equal",
    "lt": "less",
    "le": "less_equal",
    "eq": "equal",
    "ne": "not_equal",
}
_REDUCTIONS = {"mean": "mean", "sum": "sum", "max": "max", "min": "min", "prod": "prod",
               "std": "std", "variance": "var", "any": "any", "all": "all",
               "logsumexp": "logsumexp"}  # fmt: skip

FUNCTIONS: Mapping[str, Function] = {
    **{f"math.{name}": Function(name) for name in _UNARY},
    **{f"nn.{name}": Function(name) for name in _ACTIVATIONS},
    **{f"math.{old}": Function(new, _TWO) for old, new in _BINARY.items()},
    **{f"__operators__.{old}": Function(new, _TWO) for old, new in _OPERATORS.items()},
    **{f"math.reduce_{old}": Function(new, _OVER) for old, new in _REDUCTIONS.items()},
    "nn.swish": Function("silu", {}, {"beta": 1.0}),
    "nn.silu": Function("silu", {}, {"beta": 1.0}),
    "nn.gelu": Function("gelu", {"approximate": "approximate"}),
    "nn.elu": Function("elu"),
    "nn.leaky_relu": Function("leaky_relu", {"alpha": "negative_slope"}),
    "nn.softmax": Function("softmax", {"axis": "axis"}),
    "nn.log_softmax": Function("log_softmax", {"axis": "axis"}),
    "reshape": Function("reshape", {"shape": "newshape"}),
    "expand_dims": Function("expand_dims", {"axis": "axis"}),
    "squeeze": Function("squeeze", {"axis": "axis"}),
    "compat.v1.squeeze": Function("squeeze", {"axis": "axis"}),
    "transpose": Function("transpose", {"perm": "axes"}, {"conjugate": False}),
    "compat.v1.transpose": Function("transpose", {"perm": "axes"}, {"conjugate": False}),
    "concat": Function("concatenate", {"axis": "axis"}),
    "stack": Function("stack", {"axis": "axis"}),
    "tile": Function("tile", {"multiples": "repeats"}),
    "repeat": Function("repeat", {"repeats": "repeats", "axis": "axis"}),
    "reverse": Function("flip", {"axis": "axis"}),
    "cast": Function("cast", {"dtype": "dtype"}),
    "stop_gradient": Function("stop_gradient"),
    "zeros_like": Function("zeros_like"),
    "ones_like": Function("ones_like"),
    "clip_by_value": Function("clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "linalg.matmul": Function(
        "matmul",
        {"b": "x2"},
        {
            "transpose_a": False,
            "transpose_b": False,
            "adjoint_a": False,
            "adjoint_b": False,
            "a_is_sparse": False,
            "b_is_sparse": False,
            "output_type": None,
        },
    ),
    "gather": Function("take", {"indices": "indices", "axis": "axis"}, {"batch_dims": 0}),
    "math.argmax": Function("argmax", {"axis": "axis"}),
    "math.argmin": Function("argmin", {"axis": "axis"}),
    "nn.l2_normalize": Function("normalize", {"axis": "axis"}, {"epsilon": 1e-12}),
    "math.l2_normalize": Function("normalize", {"axis": "axis"}, {"epsilon": 1e-12}),
    "where": Function("where", {"x": "x1", "y": "x2"}),
    "abs": Function("abs"),
    "split": Function("split", {"num_or_size_splits": "indices_or_sections", "axis": "axis"}),
    "unstack": Function("unstack", {"num": "num", "axis": "axis"}),
    "pad": Function("pad", {"paddings": "pad_width"}, {"mode": "CONSTANT", "constant_values": 0}),
    "compat.v1.pad": Function(
        "pad", {"paddings": "pad_width"}, {"mode": "CONSTANT", "constant_values": 0}
    ),
    "cumsum": Function("cumsum", {"axis": "axis"}, {"exclusive": False, "reverse": False}),
    "math.cumsum": Function("cumsum", {"axis": "axis"}, {"exclusive": False, "reverse": False}),
    "nn.depth_to_space": Function(
        "depth_to_space", {"block_size": "block_size"}, {"data_format": "NHWC"}
    ),
    "nn.space_to_depth": Function(
        "space_to_depth", {"block_size": "block_size"}, {"data_format": "NHWC"}
    ),
    "identity": Function("Identity"),
    "math.logical_not": Function("logical_not"),
}
