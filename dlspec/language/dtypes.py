"""The dtypes and dtype policies that Keras knows, by name."""

import re

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
