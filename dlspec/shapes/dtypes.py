"""Which dtype comes out: Keras's autocast, and what integers become."""

import re

from dlspec.catalogue import Object
from dlspec.diagnostics import Code
from dlspec.shapes.call import Call
from dlspec.shapes.tensor import ShapeError, Tensor

DTYPES = (
    "bool", "bfloat16", "float16", "float32", "float64", "int8", "int16", "int32", "int64",
    "string", "uint8", "uint16", "uint32",
)  # fmt: skip
# Those that no input can have, and the policies of layers.
_OTHERS = ("complex64", "complex128", "float8_e4m3fn", "float8_e5m2", "uint64")
POLICIES = ("mixed_bfloat16", "mixed_float16")
_QUANTIZED = re.compile(
    r"(int8|float8|int4(/-?\d+)?|(gptq|awq)/\d+/-?\d+)_from_"
    r"(float16|float32|float64|bfloat16|mixed_float16|mixed_bfloat16)"
)


def is_dtype(name: str, *, policy: bool) -> bool:
    """Return whether Keras has a dtype, or with `policy` a dtype policy, of this name."""
    if name in DTYPES or name in _OTHERS:
        return True
    return policy and (name in POLICIES or _QUANTIZED.fullmatch(name) is not None)


_FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})


def is_float(dtype: str | None) -> bool:
    """Return whether a dtype is floating; an unknown one is taken to be."""
    return dtype is None or dtype in _FLOATS


def compute_dtype(layer: Object, default: str) -> str | None:
    """Return what a layer computes in: its own `dtype`, a name or a policy, before `default`.

    None for a quantized policy, such as `int8_from_float32`, whose weights only Keras knows.
    """
    own = layer.arguments.get("dtype")
    policy = own if isinstance(own, str) else default
    return None if "_from_" in policy else policy.removeprefix("mixed_")


def autocast(call: Call, dtype: str | None) -> str | None:
    """Return an input's dtype as the layer's call sees it: floats become the compute dtype."""
    return call.dtype if dtype in _FLOATS else dtype


def promote(call: Call, tensors: tuple[Tensor, ...]) -> str | None:
    """Return the dtype of an elementwise result; None for a mix of integer types."""
    if any(tensor.dtype in _FLOATS for tensor in tensors):
        return call.dtype
    dtypes = {tensor.dtype for tensor in tensors}
    return dtypes.pop() if len(dtypes) == 1 else None


def refuse_strings(call: Call, tensors: tuple[Tensor, ...]) -> None:
    """Refuse text where numbers are needed.

    Raises:
        ShapeError: If one of the tensors holds strings.
    """
    if any(tensor.dtype == "string" for tensor in tensors):
        raise ShapeError(
            Code.DTYPE,
            f"`{call.layer.class_name}` computes with numbers, not with strings",
            help="turn strings into ids first, with `StringLookup` or `TextVectorization`",
        )
