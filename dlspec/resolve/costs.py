"""What a node and a graph cost: parameters, FLOPs and activation bytes, as far as known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dlspec.expand.flat import Use
from dlspec.language.catalogue import ModelRef, Object
from dlspec.language.tensors import Tensor
from dlspec.resolve.plan import Graph, Node, models_reached

_BYTES = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "bfloat16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Costs of one node or of a graph; None stands for "known once built".

    Attributes:
        trainable: Parameters that training changes.
        frozen: Parameters that it does not, such as moving averages.
        flops: Operations for one sample.
        activations: Bytes of the outputs for one sample.
        unknown: How many nodes have parameters that are not known; the counts leave them out.
        macs: Multiply-adds of matrix products and convolutions for one sample.
        unknown_trainable: How many of the unknown nodes training may change.
    """

    trainable: int | None
    frozen: int | None
    flops: int | None
    activations: int | None
    unknown: int = 0
    macs: int | None = None
    unknown_trainable: int = 0

    @property
    def may_be_trained(self) -> bool:
        """Return whether there are parameters that training changes, or may be once built."""
        return bool(self.trainable or self.unknown_trainable)

    @property
    def parameters(self) -> int | None:
        """Return all parameters, trainable or not."""
        if self.trainable is None or self.frozen is None:
            return None
        return self.trainable + self.frozen


def node_cost(node: Node, graph: Graph) -> Cost:
    """Return what one call costs, its parameters included even where an earlier call made them."""
    inner = called_model(node, graph)
    if inner is not None:
        cost = graph_cost(inner)
        flops = cost.flops if node.flops is None else node.flops
        macs = cost.macs if node.macs is None else node.macs
        return _frozen_if(replace(cost, flops=flops, macs=macs), node)
    activations = _total_if_known(tensor_bytes(tensor) for _, tensor in node.outputs)
    if node.weights is None:
        return _frozen_if(Cost(None, None, node.flops, activations, 1, node.macs, 1), node)
    trainable = sum(weight.size for weight in node.weights if weight.trainable)
    frozen = sum(weight.size for weight in node.weights if not weight.trainable)
    return _frozen_if(Cost(trainable, frozen, node.flops, activations, macs=node.macs), node)


def graph_cost(graph: Graph) -> Cost:
    """Return the sum over a graph, in which a shared layer or model counts its parameters once.

    A sum of FLOPs or activations over a node that is not known is None; parameters are the sum of
    the known ones, and `unknown` says how many nodes that leaves out.
    """
    costs = [node_cost(node, graph) for node in graph.nodes]
    owned = _weights_cost(graph, shared=True)
    return replace(
        owned,
        flops=_total_if_known(cost.flops for cost in costs),
        activations=_total_if_known(cost.activations for cost in costs),
        macs=_total_if_known(cost.macs for cost in costs),
    )


def _weights_cost(graph: Graph, *, shared: bool) -> Cost:
    """Return what a graph has of parameters.

    Args:
        shared: Whether those count that it shares with the graph around it.
    """
    frozen = frozen_models(graph)
    # A layer that holds a model has the weights of that model and none else.
    owned = [
        node_cost(node, graph)
        for node in graph.nodes
        if owns_its_weights(node, graph) and not models_of(node)
    ]
    for name in _models_in_use(graph):
        if shared or name not in graph.borrowed:
            cost = _weights_cost(graph.models[name], shared=False)
            owned.append(_frozen_cost(cost) if name in frozen else cost)
    return Cost(
        sum(cost.trainable or 0 for cost in owned),
        sum(cost.frozen or 0 for cost in owned),
        None,
        None,
        sum(cost.unknown for cost in owned),
        None,
        sum(cost.unknown_trainable for cost in owned),
    )


def frozen_models(graph: Graph) -> frozenset[str]:
    """Return the models of a graph that are not trained.

    The weights of a model are the same at each of its uses, hence frozen at all where at one.
    """
    found = {
        reached
        for node in graph.nodes
        if not node.trainable
        for name in models_of(node)
        for reached in models_reached(name, graph)
    }
    for name in _models_in_use(graph):
        inner = graph.models[name]
        found |= frozen_models(inner) & {*inner.borrowed}
    return frozenset(found)


def _models_in_use(graph: Graph) -> frozenset[str]:
    """Return the models that the nodes of a graph call or hold, and those that these share."""
    names = {name for node in graph.nodes for name in models_of(node)}
    return frozenset(reached for name in names for reached in models_reached(name, graph))


def owns_its_weights(node: Node, graph: Graph) -> bool:
    """Return whether a node is the first to use its weights."""
    if isinstance(node.operation, Use) and node.operation.of == "node":
        return False
    models = models_of(node)
    if not models:
        return True
    earlier = graph.nodes[: graph.nodes.index(node)]
    return not any(models & models_of(other) for other in earlier)


def models_of(node: Node) -> frozenset[str]:
    """Return the names of the models that a node calls, itself or inside a wrapper."""
    if isinstance(node.operation, Use):
        return frozenset({node.operation.target} if node.operation.of == "model" else ())
    return (
        frozenset(_names_of_held_models(node.operation))
        if isinstance(node.operation, Object)
        else frozenset()
    )


def called_model(node: Node, graph: Graph) -> Graph | None:
    """Return the model that a node calls by `use`, or None when it does something else."""
    operation = node.operation
    if isinstance(operation, Use) and operation.of == "model":
        return graph.models[operation.target]
    return None


def tensor_bytes(tensor: Tensor) -> int | None:
    """Return the bytes of one sample, or None when an extent or the dtype is not known."""
    size = _BYTES.get(tensor.dtype or "")
    if tensor.shape is None or size is None:
        return None
    for extent in tensor.shape[1:]:
        if extent is None:
            return None
        size *= extent
    return size


def _names_of_held_models(value: object) -> Iterator[str]:
    if isinstance(value, ModelRef):
        yield value.name
    elif isinstance(value, Object):
        for inner in value.arguments.values():
            yield from _names_of_held_models(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _names_of_held_models(inner)


def _frozen_if(cost: Cost, node: Node) -> Cost:
    return cost if node.trainable else _frozen_cost(cost)


def _frozen_cost(cost: Cost) -> Cost:
    return replace(cost, trainable=0, frozen=cost.parameters, unknown_trainable=0)


def _total_if_known(values: Iterator[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total
