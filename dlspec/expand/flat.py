"""A graph after expansion: calls in a row, names resolved to full paths, places kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dlspec.diagnostics.findings import Related
from dlspec.diagnostics.source import Span
from dlspec.expand.written_vectors import WrittenVectors
from dlspec.expand.zoo.published_weights import PublishedStart
from dlspec.language.catalogue import Object, Value
from dlspec.language.kinds import Form
from dlspec.syntax.nodes import Scalar
from dlspec.syntax.scalars import Poison


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a graph; `shape` has the batch axis first."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class AskedTerms:
    """What a training asks of a model's graph beside its outputs.

    `targets` are what `target.<name>` means there, `places` the names of terms where they stand in
    the text. `followers` are models whose weights are not trained: they follow others. `heads` are
    the names of the targets, which outputs have too. `is_whole` says whether all terms could be
    read; where not, an entry may lead to one of those that could not.
    """

    targets: tuple[Input, ...]
    places: tuple[tuple[str, Span], ...]
    followers: frozenset[str] = frozenset()
    heads: tuple[str, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Use:
    """A second call of an earlier layer, or a call of a model declared under `models`."""

    target: str
    of: Literal["node", "model"]


@dataclass(frozen=True, slots=True)
class Pointer:
    """A tensor by name: the node, or input, and which of its outputs (`h`, `1`); None is the first.

    `span` is where the text names it.
    """

    node: str
    pick: str | None
    span: Span


Flow = Pointer | tuple[Pointer, ...] | Mapping[str, Pointer] | Poison
"""What runs from one entry to the next; poison where a reported mistake broke it."""

FlatArgument = Value | Pointer | tuple["FlatArgument", ...] | Poison


@dataclass(frozen=True, slots=True)
class FlatOp:
    """A keras.ops call whose operands are still names."""

    name: str
    arguments: tuple[FlatArgument, ...]
    keywords: Mapping[str, FlatArgument]


@dataclass(frozen=True, slots=True, eq=False)
class FlatNode:
    """One call with a full name, its checked arguments, and where each part was written."""

    name: str
    operation: Object | Use | FlatOp | Poison
    inputs: Flow
    call: Mapping[str, FlatArgument]
    trainable: bool
    head: Span
    places: Mapping[str, Span]
    trail: tuple[Related, ...]
    vectors: WrittenVectors | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FlatGraph:
    """A model as a row of calls; `outputs` is poison when a mistake hides what leaves it."""

    name: str
    inputs: tuple[Input, ...]
    input_places: Mapping[str, Span]
    input_shapes: Mapping[str, Span]
    nodes: tuple[FlatNode, ...]
    outputs: tuple[tuple[str, Pointer], ...] | Poison
    output_place: Span
    inputs_as: Form
    outputs_as: Form
    models: Mapping[str, "FlatGraph"]
    of: Literal["model", "loss"] = "model"
    # What entries that lead to terms alone may read, and the terms; poison where one is not found.
    targets: tuple[Input, ...] = ()
    terms: tuple[tuple[str, Pointer], ...] | Poison = ()
    # Where the text names the run or the file whose weights it begins with.
    weights: Scalar | None = None
    # Those of `models` that the graph around it declares, with which it shares their weights.
    borrowed: tuple[str, ...] = ()
    # Whether that is the saved model itself which is taken.
    lifted: bool = False
    # What `weights: imagenet` of a packaged architecture means.
    published: PublishedStart | None = None
    _by_name: Mapping[str, FlatNode] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the nodes by their names; of two of one name the first counts."""
        object.__setattr__(self, "_by_name", {node.name: node for node in reversed(self.nodes)})

    def node(self, name: str) -> FlatNode | None:
        """Return the node called `name`, or None for an input."""
        return self._by_name.get(name)
