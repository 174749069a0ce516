"""Whether two graphs are one graph under other names."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from dlspec.backends.rolling.automatic_names import is_automatic_input
from dlspec.backends.rolling.graph_to_tree import ordered_nodes, with_number_named
from dlspec.backends.rolling.items import default_of, shortened_extents
from dlspec.expand.flat import Input, Use
from dlspec.language import catalogue
from dlspec.language.catalogue import Object
from dlspec.resolve.plan import Argument, Graph, Node, Reference, own_models


def same_graph(one: Graph, other: Graph, *, named: bool = True) -> bool:
    """Return whether two graphs are equal but for the names of their nodes.

    Args:
        named: Whether the inputs must have the same names as well, those that Keras gave apart.
    """
    return comparable_graph(one, named=named) == comparable_graph(other, named=named)


def comparable_graph(
    graph: Graph,
    *,
    named: bool = True,
    around: Mapping[str, object] = MappingProxyType({}),
    depth: int = 0,
) -> tuple[object, ...]:
    """Return a graph as data that is equal for equal graphs, whatever the nodes are called.

    Args:
        around: What the graph around it says of its models; `depth` is how many are around.
    """
    by_name = graph.inputs_as == "mapping"
    models = {name: around[name] for name in graph.borrowed if name in around}
    for name, inner in own_models(graph):
        # Which it is tells models that share weights from equal ones.
        which = f"{depth}:{len(models)}" if _is_borrowed(name, graph) else ""
        models[name] = which, comparable_graph(inner, around=models, depth=depth + 1)
    order = ordered_nodes(graph)
    numbers = {declared.name: -1 - i for i, declared in enumerate(graph.inputs)}
    numbers |= {node.name: i for i, node in enumerate(order)}
    layers: dict[str, int] = {}
    nodes = []
    owners = {node.name: node for node in graph.nodes}
    for node in order:
        owner = node
        while isinstance(owner.operation, Use) and owner.operation.of == "node":
            owner = owners[owner.operation.target]
        layer = layers.setdefault(owner.name, len(layers))
        inputs = node.inputs
        nodes.append(
            (
                _comparable_operation(owner, models, numbers),
                layer,
                _comparable_inputs(inputs, numbers),
                {name: _comparable_argument(value, numbers) for name, value in node.call.items()},
                owner.trainable,
            )
        )
    return (
        graph.inputs if by_name else tuple(_nameless_input(i, named=named) for i in graph.inputs),
        tuple(map(_node_digest, nodes)),
        tuple(_numbered_reference(reference, numbers) for _, reference in graph.outputs),
        tuple(name for name, _ in graph.outputs) if graph.outputs_as == "mapping" else (),
        graph.inputs_as,
        graph.outputs_as,
    )


def _is_borrowed(name: str, graph: Graph) -> bool:
    return any(name in inner.borrowed for _, inner in own_models(graph))


def _nameless_input(declared: Input, *, named: bool) -> Input:
    given = named and not is_automatic_input(declared.name)
    return declared if given else replace(declared, name="")


def _node_digest(node: object) -> str:
    """Return a digest: a model in a model in a model would be quoted once more at each level."""
    return hashlib.sha256(repr(node).encode()).hexdigest()


def _comparable_inputs(inputs: object, numbers: Mapping[str, int]) -> object:
    if isinstance(inputs, Mapping):
        return sorted((name, _numbered_reference(ref, numbers)) for name, ref in inputs.items())
    if isinstance(inputs, Reference):
        return _numbered_reference(inputs, numbers)
    assert isinstance(inputs, tuple)
    return [_numbered_reference(reference, numbers) for reference in inputs]


def _numbered_reference(reference: Reference, numbers: Mapping[str, int]) -> tuple[int, int]:
    return numbers[reference.node], reference.output


def _comparable_operation(
    node: Node, models: Mapping[str, object], numbers: Mapping[str, int]
) -> object:
    operation = node.operation
    if isinstance(operation, Object):
        return _comparable_value(operation, models)
    if isinstance(operation, Use):
        return "model", models[operation.target]
    operation = with_number_named(operation)
    arguments = [_comparable_argument(value, numbers) for value in operation.arguments]
    keywords = {
        name: _comparable_argument(value, numbers) for name, value in operation.keywords.items()
    }
    return operation.name, arguments, sorted(keywords.items())


def _comparable_argument(value: Argument, numbers: Mapping[str, int]) -> object:
    if isinstance(value, Reference):
        return ("tensor", *_numbered_reference(value, numbers))
    if isinstance(value, tuple):
        return [_comparable_argument(item, numbers) for item in value]
    return value


def _comparable_value(value: object, models: Mapping[str, object]) -> object:
    """Return a value with defaults left out and equal extents as one."""
    if isinstance(value, catalogue.ModelRef):
        return "model", models[value.name]
    if isinstance(value, tuple):
        return [_comparable_value(item, models) for item in value]
    if not isinstance(value, Object):
        return value
    entry = value.entry
    arguments = {}
    for name, given in value.arguments.items():
        parameter = entry.parameter_named(name) if entry else None
        if parameter and parameter.type in ("extents", "padding_extents"):
            given = shortened_extents(given)
        if parameter and not parameter.required and repr(default_of(parameter)) == repr(given):
            continue
        arguments[name] = _comparable_value(given, models)
    return value.entry_kind, value.class_name, sorted(arguments.items())
