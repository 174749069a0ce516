"""Keras 0.3 and 1: the layer `Merge` with its modes -> the merge layers of Keras 3.

Source: `Merge.call` in keras/engine/topology.py of Keras 1.2.2, keras/legacy/layers.py of 2.3.1.
"""

from collections.abc import Mapping
from typing import Any

from dlspec.backends.saved.legacy.old_words import MERGES
from dlspec.backends.saved.legacy.renamed_arguments import Translated
from dlspec.backends.saved.saved_objects import Refusal
from dlspec.diagnostics.codes import Code

_COSINE = "`cos` of Keras 1 gave one more axis of length 1 than `Dot` does"


def merge_layer(config: Mapping[str, Any]) -> Translated:
    """Return the merge layer of a mode; a mode that is a function is refused."""
    mode = config.get("mode", "sum")
    if config.get("mode_type", "raw") != "raw" or not isinstance(mode, str) or mode not in MERGES:
        refused = Translated("Merge", {})
        if isinstance(mode, str) and config.get("mode_type", "raw") == "raw":
            refused.refuse(f"mode: {mode[:20]}")
        else:
            reason = "it merges by a Python function"
            refused.refusals.append(Refusal(Code.FORBIDDEN_CLASS, reason))
        return refused
    found = Translated(MERGES[mode], {})
    if mode == "concat":
        found.config["axis"] = config.get("concat_axis", -1)
    if mode in ("dot", "cos"):
        found.config["axes"] = _flat_dot_axes(config.get("dot_axes", -1))
    if mode == "cos":
        found.config["normalize"] = True
        found.notes.append(_COSINE)
    return found


def _flat_dot_axes(axes: Any) -> Any:  # noqa: ANN401 - a number, or a list of two
    """Return `[[1], [2]]` of Keras 0.3 and 1.0 as `[1, 2]`."""
    if isinstance(axes, list):
        return [axis[0] if isinstance(axis, list) and len(axis) == 1 else axis for axis in axes]
    return axes
