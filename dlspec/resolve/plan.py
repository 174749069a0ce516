"""The Plan: everything that later stages need to know of a spec, frozen and complete."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Literal

from dlspec.diagnostics.source import Span
from dlspec.expand.flat import Input, Use
from dlspec.language.catalogue import Object, Value
from dlspec.language.draws import DRAW_OF, DrawKind
from dlspec.language.kinds import Form
from dlspec.language.loss_records import aligns_steps
from dlspec.language.prediction import Prediction
from dlspec.language.sections import Data, Evaluation, Retraining, Runtime, Training
from dlspec.language.tensors import Tensor
from dlspec.resolve.model_starts import ModelStart
from dlspec.resolve.shapes.tensor import Weight

# A field that trained runs are older than: where a spec does not use it, no digest says so.
YOUNGER = {"younger": True}


@dataclass(frozen=True, slots=True)
class Reference:
    """One tensor of a graph: the output number `output` of an input or a node."""

    node: str
    output: int = 0


@dataclass(frozen=True, slots=True)
class Op:
    """A call of a keras.ops function; `arguments` mix literals and references, in order."""

    name: str
    arguments: tuple["Argument", ...]
    keywords: Mapping[str, "Argument"]


Argument = Value | Reference | tuple[Reference, ...]


NodeInputs = Reference | tuple[Reference, ...] | Mapping[str, Reference]


@dataclass(frozen=True, slots=True)
class Node:
    """One call in a graph, in the order of execution.

    `outputs` names what comes out: `out`, then states or scores; a tensor whose shape is None is
    known only once Keras has built it. `weights`, `flops` and `macs` are None in that case too.
    `place` is where the text names the layer; None in a graph that no text wrote.
    """

    name: str
    operation: Object | Use | Op
    inputs: NodeInputs
    call: Mapping[str, Argument]
    outputs: tuple[tuple[str, Tensor], ...]
    weights: tuple[Weight, ...] | None
    flops: int | None
    trainable: bool = True
    place: Span | None = field(default=None, compare=False, repr=False)
    macs: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Graph:
    """A model: inputs, nodes in order of execution, outputs by name, and the models it calls.

    `borrowed` are those of `models` that the graph around it declares: their weights are shared.
    """

    name: str
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, Reference], ...]
    inputs_as: Form
    outputs_as: Form
    models: Mapping[str, "Graph"]
    borrowed: tuple[str, ...] = field(default=(), metadata=YOUNGER)
    # Rules ask for each of ten thousand nodes by its name.
    _by_name: Mapping[str, Input | Node] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Keep inputs and nodes by their names; of two of one name the first counts."""
        named: dict[str, Input | Node] = {node.name: node for node in reversed(self.nodes)}
        named |= {declared.name: declared for declared in reversed(self.inputs)}
        object.__setattr__(self, "_by_name", named)

    def node(self, name: str) -> Node:
        """Return the node called `name`; KeyError when there is none."""
        found = self._by_name[name]
        if not isinstance(found, Node):
            raise KeyError(name)
        return found

    def tensor(self, reference: Reference) -> Tensor:
        """Return the tensor that `reference` points at."""
        declared = self._by_name.get(reference.node)
        if isinstance(declared, Input):
            return Tensor(declared.shape, declared.dtype)
        outputs = self.node(reference.node).outputs
        known = reference.output < len(outputs)
        return outputs[reference.output][1] if known else Tensor(None, None)


@dataclass(frozen=True, slots=True)
class LossGraph:
    """A loss that the spec declares, on the tensors of one output.

    `graph` has the inputs `target` and `prediction` and one output, a number for each sample.
    `from_logits` says whether it takes its prediction for logits; None where the target is an
    amount, of which nothing is probable.
    """

    graph: Graph
    from_logits: bool | None


@dataclass(frozen=True, slots=True)
class Objective:
    """A model as it is trained, with all that is minimised beside its losses and all that draws.

    `graph` is the model's with the entries that lead to terms alone; after the model's inputs its
    own hold the targets that those read, `target.<name>`. `terms` holds the entries that are
    minimised, with their weights.
    """

    graph: Graph
    terms: tuple[tuple[str, Reference, float], ...]


@dataclass(frozen=True, slots=True)
class WeightsOf:
    """Weights that a turn moves: those of a model under `models`, or of a node of the graph."""

    of: Literal["model", "node"]
    name: str


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """One of the turns of each training step.

    `moves` are whose weights it moves, `terms` what it minimises, with `loss` also the losses of
    all outputs that have one. It moves them `steps` times in a row.
    """

    name: str
    moves: tuple[WeightsOf, ...]
    terms: tuple[tuple[str, float], ...]
    loss: bool
    optimizer: Object
    steps: int


@dataclass(frozen=True, slots=True)
class LayerVectors:
    """An embedding whose rows begin with the vectors of a file, found by their words.

    `models` are the models around it, the outermost first; `feature` is the input of the data
    whose vocabulary its rows stand for. `folder` is what the path `file` is relative to.
    """

    layer: str
    models: tuple[str, ...]
    file: str
    feature: str
    folder: str = field(compare=False)

    @property
    def path(self) -> str:
        """Return the name of the layer after those of the models around it."""
        return ".".join((*self.models, self.layer))


@dataclass(frozen=True, slots=True)
class Plan:
    """A spec that compiles. Sections that the spec leaves out are None.

    `losses` holds the graph of each output whose loss the spec declares; `objective` what is
    trained, None where it is what predicts: without terms, turns, followers and draws. `graph` is
    what predicts. `turns` holds what takes turns in each training step, nothing where all weights
    are moved at once; `starts` the models that begin with earlier weights, `vectors` the embeddings
    that begin with those of words.
    """

    name: str
    description: str
    tags: Mapping[str, str]
    owners: tuple[str, ...]
    params: Mapping[str, object]
    graph: Graph
    data: Data | None
    training: Training | None
    evaluation: Evaluation | None
    retraining: Retraining | None
    runtime: Runtime
    prediction: Prediction | None = None
    losses: Mapping[str, LossGraph] = field(default_factory=dict)
    objective: Objective | None = None
    turns: tuple[PlannedTurn, ...] = ()
    starts: tuple[ModelStart, ...] = ()
    vectors: tuple[LayerVectors, ...] = ()

    @property
    def learned(self) -> tuple[str, ...]:
        """Return the outputs that have targets; beside terms an output may have none."""
        names = tuple(name for name, _ in self.graph.outputs)
        if self.objective is None or not self.objective.terms or self.data is None:
            return names
        return tuple(name for name in names if name in self.data.model_targets)

    @property
    def augmented(self) -> Mapping[str, tuple[Object, ...]]:
        """Return the layers that vary each input that is varied in training."""
        inputs = tuple(declared.name for declared in self.graph.inputs)
        return self.training.augmented(inputs) if self.training is not None else {}

    @property
    def aligned(self) -> tuple[str, ...]:
        """Return the outputs whose steps the loss aligns with a sequence of ids."""
        loss = self.training.loss if self.training is not None else None
        return tuple(name for name in self.learned if aligns_steps(loss, name))


def drawing(node: Node) -> DrawKind | None:
    """Return how a node draws at random; None where it does not."""
    return DRAW_OF.get(node.operation.name) if isinstance(node.operation, Op) else None


def draws_within(graph: Graph) -> bool:
    """Tell whether a graph, or a model that it holds, draws at random."""
    return any(drawing(node) is not None for node in walk_graph_nodes(graph))


def walk_graph_nodes(graph: Graph) -> Iterator[Node]:
    """Yield the nodes of a graph and of the models it holds; each model's nodes once."""
    yield from graph.nodes
    for inner in graph.models.values():
        yield from _walk_own_nodes(inner)


def _walk_own_nodes(graph: Graph) -> Iterator[Node]:
    yield from graph.nodes
    for _, inner in own_models(graph):
        yield from _walk_own_nodes(inner)


def own_models(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """Yield the models that a graph declares itself, by name."""
    yield from ((n, inner) for n, inner in graph.models.items() if n not in graph.borrowed)


def models_reached(name: str, graph: Graph) -> frozenset[str]:
    """Return the name of a model that a graph holds, and those of the graph's that it uses."""
    found, waiting = {name}, [name]
    while waiting:
        new = [n for n in graph.models[waiting.pop()].borrowed if n not in found]
        found.update(new)
        waiting += new
    return frozenset(found)


def weights_of(graph: Graph) -> Iterator[Weight]:
    """Yield the weights of a graph in its order: an inner model's where it is first used."""
    yield from _weights_unlike(graph, set(), {name: name for name in graph.models}, "")


def _weights_unlike(
    graph: Graph, used: set[str], owned: Mapping[str, str], path: str
) -> Iterator[Weight]:
    """Yield weights of models that are not used yet.

    Args:
        owned: The models of the graph around by name -> what they are called in `used`.
    """
    names = {n: owned[n] if n in graph.borrowed else f"{path}/{n}" for n in graph.models}
    for node in graph.nodes:
        own, made = node.weights or (), node.operation
        if isinstance(made, Use) and made.of == "model" and names[made.target] not in used:
            name = names[made.target]
            used.add(name)
            own = tuple(_weights_unlike(graph.models[made.target], used, names, name))
        yield from own if node.trainable else (replace(w, trainable=False) for w in own)


def canonical_data(value: object) -> object:
    """Return a value of a plan as JSON data: equal plans give equal data, whatever their text.

    A record is a mapping from its keys as the language spells them; they tell it from any other
    record, so no class of ours is named and a renamed class changes no digest.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name.rstrip("_"): canonical_data(getattr(value, f.name))
            for f in fields(value)
            if f.compare and (not f.metadata.get("younger") or getattr(value, f.name))
        }
    if isinstance(value, Mapping):
        return {str(name): canonical_data(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [canonical_data(inner) for inner in value]
    assert value is None or isinstance(value, bool | int | float | str), value
    return value


def canonical_digest(value: object) -> str:
    """Return the SHA-256 of a value's canonical form, as 64 hexadecimal digits."""
    text = json.dumps(canonical_data(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
