"""What a file of weights holds: layers by name, arrays by shape; the numbers stay in the file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# `keras`: groups by attribute, as Keras 3 writes `.weights.h5`; `legacy`: a flat list per layer,
# as Keras 1 and 2 wrote `.h5` and Keras 3 still does.
Layout = Literal["keras", "legacy"]
Shape = tuple[int, ...]


class WeightsError(Exception):
    """A file of weights that cannot be used.

    Attributes:
        message: What is wrong, one clause.
        help: What to do about it, a statement.
    """

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Part:
    """One array of a layer.

    Attributes:
        key: What tells it from the layer's other arrays.
        dtype: As numpy calls it, or `bfloat16`.
        path: Where it lies in its file; the index among the weights for a model in memory.
    """

    key: str
    shape: Shape
    dtype: str
    path: str


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """One layer with its arrays.

    Attributes:
        name: Its name, after those of the models and wrappers that hold it, joined by `/`.
        place: Where the file keeps it; equal for layers at the same place of equal models.
    """

    name: str
    place: str
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Return how many numbers the layer has."""
        total = 0
        for part in self.parts:
            count = 1
            for extent in part.shape:
                count *= extent
            total += count
        return total


@dataclass(frozen=True, slots=True)
class Stored:
    """The layers with weights in a file.

    Attributes:
        ordered: Whether `layers` stand in the order of the model; else by their place.
        named: Whether the file says how its layers are called.
    """

    file: Path
    layout: Layout
    layers: tuple[StoredLayer, ...]
    ordered: bool
    named: bool = True


def legacy_layers(group: str, parts: Iterable[tuple[str, Shape, str, str]]) -> list[StoredLayer]:
    """Split the flat list of one layer's arrays, for a model is a layer too.

    Args:
        group: The name of the layer.
        parts: The path of each variable, its shape, its dtype and where it is.
    """
    layers: dict[str, list[Part]] = {}
    for variable, shape, dtype, path in parts:
        *scopes, base = variable.removesuffix(":0").split("/")
        # A layer's own arrays carry its name first; those of a model's layers carry theirs.
        inner = "" if not scopes or scopes[0] == group else f"/{scopes[0]}"
        found = layers.setdefault(f"{group}{inner}", [])
        base = re.sub(r"_\d+\Z", "", base)
        turn = sum(part.key.partition(":")[0] == base for part in found)
        found.append(Part(f"{base}:{turn}", shape, dtype, path))
    return [StoredLayer(name, name, tuple(found)) for name, found in layers.items()]


def in_order(layers: Sequence[StoredLayer], places: Sequence[str]) -> tuple[StoredLayer, ...]:
    """Return layers in the order of their places; what has none comes last."""
    rank = {place: i for i, place in enumerate(places)}
    return tuple(sorted(layers, key=lambda layer: rank.get(layer.place, len(rank))))


def snake_case_class_name(name: str) -> str:
    """Return a class name as Keras writes it into places."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
