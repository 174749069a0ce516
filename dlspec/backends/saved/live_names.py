"""What the layers of a saved model are called in the live one."""

import re
from collections.abc import Iterator

from dlspec.backends.saved.architecture import SavedGraph, SavedLayer
from dlspec.language.keras_names import snake_case

_NUMBER = re.compile(r"_?(\d*)\Z")


def live_names(graph: SavedGraph, *, rename: bool) -> dict[str, str]:
    """Return the name of each layer, such as Keras 3 takes.

    Args:
        rename: Whether `convolution2d_2`, which Keras 1 made for a layer without a name, becomes
            `conv2d_2`; a name that the model has already is not made twice.
    """
    taken = {layer.name for layer in graph.layers}
    names: dict[str, str] = {}
    for layer in graph.layers:
        # Keras 2 allowed `block/conv`; Keras 3 keeps the slash for its own paths.
        names[layer.name] = layer.name.replace("/", "_")
        wanted = _automatic_name_today(layer) if rename else None
        if wanted is not None and wanted not in taken:
            taken.add(wanted)
            names[layer.name] = wanted
    return names


def _automatic_name_today(layer: SavedLayer) -> str | None:
    """Return the automatic name of Keras 3 for an automatic name of older Keras."""
    if layer.kind != "layer":
        return None
    for base in _automatic_base_names(layer.place.class_name):
        number = _NUMBER.match(layer.name, len(base)) if layer.name.startswith(base) else None
        if number is not None:
            today = snake_case(layer.class_name)
            return f"{today}_{number[1]}" if number[1] else today
    return None


def _automatic_base_names(class_name: str) -> Iterator[str]:
    """Yield what a class was called by itself: `zeropadding2d` in Keras 1, `zero_padding2d` later.

    Source: the constructor of `Layer` in Keras 1.2.2 and 2.3.1.
    """
    yield class_name.lower()
    yield snake_case(class_name)
