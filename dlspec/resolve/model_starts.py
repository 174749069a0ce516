"""The models of a spec that begin with earlier weights."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dlspec.expand.flat import FlatGraph


@dataclass(frozen=True, slots=True)
class ModelStart:
    """A model under `models` that begins with the weights of a run or of a file.

    `model` is its name, after those of the models around it: `encoder/stem`. `folder` is what a
    path under `weights` is relative to.
    """

    model: str
    weights: str
    folder: str = field(compare=False)


def model_starts(flat: FlatGraph, around: str = "") -> Iterator[ModelStart]:
    """Yield the models of a graph that begin with weights, those inside another before it."""
    for name, inner in flat.models.items():
        yield from model_starts(inner, f"{around}{name}/")
        if inner.weights is not None:
            folder = Path(inner.weights.span.source.path).parent
            yield ModelStart(f"{around}{name}", str(inner.weights.value), str(folder))
