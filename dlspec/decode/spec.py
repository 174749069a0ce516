"""What one file says, as typed records: the result of decoding, before the graph is expanded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dlspec.diagnostics.source import Span
from dlspec.language.prediction import Prediction
from dlspec.language.sections import Data, Evaluation, Retraining, Runtime, Training
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar


@dataclass(frozen=True, slots=True)
class EntrySpec:
    """One entry of a graph as written; arguments stay nodes until names have values."""

    kind: Literal["layer", "use", "op", "for", "weight"]
    word: Scalar
    argument: Node | None
    span: Span
    name: Scalar | None = None
    source: Node | None = None
    call: MappingNode | None = None
    repeat: Node | None = None
    condition: Node | None = None
    trainable: Node | None = None
    weights: Node | None = None
    branches: "tuple[tuple[EntrySpec, ...], ...] | None" = None
    body: "tuple[EntrySpec, ...]" = ()


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One declared input of a model, extents not yet evaluated."""

    name: Scalar
    shape: Node
    dtype: Node | None = None
    sparse: Node | None = None
    batch: Node | None = None


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """One declared block: `params` maps a name to a type name's text or to a default.

    `inputs` are a name for each tensor, or one name for all that come in, however many.
    """

    name: Scalar
    params: MappingNode | None
    inputs: tuple[Scalar, ...] | Scalar | None
    entries: tuple[EntrySpec, ...]
    outputs: Node | None = None


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """A model as written: `model` itself or an entry of `models`, or where it is taken from.

    `zoo` names a packaged architecture, `spec` the file of another spec, `file` a saved Keras
    model. `weights` is of an entry of `models`: the run or the file whose weights it begins with.
    """

    span: Span
    inputs: tuple[InputSpec, ...] = ()
    entries: tuple[EntrySpec, ...] = ()
    outputs: Node | None = None
    inputs_as: Literal["list", "mapping"] | None = None
    defaults: MappingNode | None = None
    blocks: Mapping[str, BlockSpec] = field(default_factory=dict)
    models: "Mapping[str, GraphSpec]" = field(default_factory=dict)
    zoo: Scalar | None = None
    spec: Scalar | None = None
    file: Scalar | None = None
    weights: Scalar | None = None
    arguments: MappingNode | None = None
    until: Scalar | None = None
    trainable: Node | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where each value and each key of the sections was written, by dotted path."""

    values: Mapping[str, Span]
    keys: Mapping[str, Span]
    whole: Span

    def value(self, path: str) -> Span:
        """Return the place of the value at `path`, or of the nearest part that is written."""
        return self._nearest_written_place(self.values, path)

    def key(self, path: str) -> Span:
        """Return the place of the key at `path`, or of the nearest part that is written."""
        return self._nearest_written_place(self.keys, path)

    def _nearest_written_place(self, places: Mapping[str, Span], path: str) -> Span:
        while path:
            if path in places:
                return places[path]
            path = path.rpartition(".")[0]
        return self.whole


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A whole spec, typed and in range; a section is None when it is not written."""

    name: str
    description: str
    tags: Mapping[str, str]
    owners: tuple[str, ...]
    params: Mapping[str, object]
    model: GraphSpec
    data: Data | None
    training: Training | None
    evaluation: Evaluation | None
    prediction: Prediction | None
    retraining: Retraining | None
    runtime: Runtime
    places: Places
    losses: Mapping[str, BlockSpec] = field(default_factory=dict)
