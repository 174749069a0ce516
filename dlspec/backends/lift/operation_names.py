"""Which function of keras.ops makes an operation, told by the operation's class."""

from collections.abc import Mapping, Sequence
from typing import Any

from dlspec.language import catalogue
from dlspec.language.catalogue import ClassEntry
from dlspec.language.keras_names import snake_case

# Where the operation's class is not called after its function.
_FUNCTIONS = {
    "AllClose": "allclose", "BatchNorm": "batch_normalization", "CDist": "cdist", "IsIn": "isin",
    "LayerNorm": "layer_normalization", "RMSNorm": "rms_normalization",
    "SearchSorted": "searchsorted", "STFT": "stft", "ISTFT": "istft", "FFT": "fft", "FFT2": "fft2",
    "IFFT2": "ifft2", "RFFT": "rfft", "IRFFT": "irfft",
}  # fmt: skip
# Depth, height and width.
_VOLUME_RANK = 3


def function_name(class_name: str) -> str:
    """Return the name of the function that makes an operation, without the module it is in."""
    return _FUNCTIONS.get(class_name) or snake_case(class_name)


def function_of(class_name: str, config: Mapping[str, Any]) -> ClassEntry | None:
    """Return the function of keras.ops, or of keras.ops.image, that makes an operation.

    Args:
        config: What the operation says of itself; one class may stand for two functions.
    """
    name = function_name(class_name)
    if name == "extract_patches" and _is_of_volumes(config.get("size")):
        name = "extract_patches_3d"
    return catalogue.find_entry("op", name) or catalogue.find_entry("op", f"image.{name}")


def _is_of_volumes(size: object) -> bool:
    return isinstance(size, Sequence) and len(size) == _VOLUME_RANK
