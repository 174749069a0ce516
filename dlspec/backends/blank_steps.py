"""Logits for the loss `CTC` that say its blank at each step which a mask leaves out.

Keras's loss takes every step of the output, and refuses an output that carries a mask. A step whose
blank is certain is to the loss, and to every way of decoding, as if it were not there.
"""

from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

# Keras's `CTC` takes id 0, which fills targets up, for the blank.
_BLANK = 0
# exp of it is 0 in every precision, and float16 still holds it.
_IMPOSSIBLE = -1e4


def with_blank_steps(ends: Mapping[str, Any], aligned: Collection[str]) -> dict[str, Any]:
    """Return the outputs of a graph by name, those that `CTC` learns without their masks.

    Args:
        ends: Keras tensors.
        aligned: The outputs that the loss aligns with ids.
    """
    return {
        name: _with_certain_blank(end, name) if name in aligned else end
        for name, end in ends.items()
    }


def _with_certain_blank(logits: Any, name: str) -> Any:  # noqa: ANN401 - Keras tensors
    mask = getattr(logits, "_keras_mask", None)
    if mask is None or tuple(mask.shape) != tuple(logits.shape)[:-1]:
        return logits
    certain = np.full(logits.shape[-1], _IMPOSSIBLE, dtype=np.float32)
    certain[_BLANK] = 0.0
    steps = mask[..., None]
    steps._keras_history.operation.name = f"{name}_valid_steps"
    said = keras.ops.where(steps, logits, certain)
    said._keras_history.operation.name = f"{name}_or_blank"
    return said


def name_figures_as_before(model: keras.Model, ends: Mapping[str, Any]) -> None:
    """Let Keras name the figures of several outputs after their layers, blanks or not.

    Args:
        ends: The outputs as the layers of the graph give them.
    """
    if not isinstance(model.output, Mapping):
        model.output_names = [end._keras_history.operation.name for end in ends.values()]
