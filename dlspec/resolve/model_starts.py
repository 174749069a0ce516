"""The models of a spec that begin with earlier weights."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dlspec.expand.flat import FlatGraph
from dlspec.expand.zoo.published_weights import PublishedStart
from dlspec.syntax.moved_paths import path_from_folder


@dataclass(frozen=True, slots=True)
class ModelStart:
    """A model under `models` that begins with the weights of a run or of a file.

    `model` is its name, after those of the models around it: `encoder/stem`. `folder` is what a
    path under `weights` is relative to; `published` are the weights of Keras's own applications,
    `lifted` are those of the saved model which is taken, under the names of its spec.
    """

    model: str
    weights: str
    folder: str = field(compare=False)
    # What the graph and `weights` say already.
    published: PublishedStart | None = field(default=None, compare=False)
    lifted: bool = field(default=False, compare=False)


def model_starts(flat: FlatGraph, home: Path, around: str = "") -> Iterator[ModelStart]:
    """Yield the models of a graph that begin with weights, those inside another before it.

    Args:
        home: The folder of the spec; what it takes over from a file of another one it names
            from there.
    """
    for name, inner in flat.models.items():
        if name in flat.borrowed:
            continue
        yield from model_starts(inner, home, f"{around}{name}/")
        if inner.weights is not None:
            source = inner.weights.span.source
            folder, word = Path(source.path).parent, str(inner.weights.value)
            moved = word if source.taken else path_from_folder(word, folder, home)
            folder, word = (folder if moved == word else home), moved
            yield ModelStart(f"{around}{name}", word, str(folder), inner.published, inner.lifted)
