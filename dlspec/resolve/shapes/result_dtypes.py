"""Which dtype comes out: Keras's autocast, and what integers become."""

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import Object
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes.call import Call
from dlspec.resolve.shapes.tensor import ShapeError

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


def autocast_dtype(call: Call, dtype: str | None) -> str | None:
    """Return an input's dtype as the layer's call sees it: floats become the compute dtype."""
    return call.dtype if dtype in _FLOATS else dtype


def promoted_dtype(call: Call, tensors: tuple[Tensor, ...]) -> str | None:
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
