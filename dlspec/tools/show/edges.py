"""Which node reads which, and what the reading is called."""

from collections.abc import Iterator
from dataclasses import dataclass

from dlspec.resolve.plan import Graph, Node, Op, Reference


@dataclass(frozen=True, slots=True)
class Edge:
    """One tensor on its way; `keyword` is the argument it is given to, "" for a bare input."""

    source: Reference
    target: str
    keyword: str = ""


def edges_into(node: Node) -> tuple[Edge, ...]:
    """Return the tensors that a node reads, each reading once, in the text's order."""
    found = dict.fromkeys(
        Edge(reference, node.name, keyword) for reference, keyword in _readings_of_node(node)
    )
    bare = {edge.source for edge in found if not edge.keyword}
    # An op's tensors stand among its arguments too.
    repeats = bare if isinstance(node.operation, Op) else set()
    return tuple(edge for edge in found if not (edge.keyword and edge.source in repeats))


def is_chain(graph: Graph) -> bool:
    """Return whether every node reads exactly the one written before it."""
    if len(graph.inputs) != 1:
        return False
    above = graph.inputs[0].name
    for node in graph.nodes:
        if [edge.source for edge in edges_into(node)] != [Reference(above)]:
            return False
        above = node.name
    return True


def reference_text(reference: Reference, graph: Graph) -> str:
    """Return a tensor as a spec writes it: `conv`, or `encoder.h` for a further output."""
    output = output_name(reference, graph)
    return f"{reference.node}.{output}" if output else reference.node


def output_name(reference: Reference, graph: Graph) -> str:
    """Return the name of a further output, "" for the first one.

    One that only Keras knows to be there has its number, as the text has it.
    """
    if reference.output == 0:
        return ""
    outputs = graph.node(reference.node).outputs
    known = reference.output < len(outputs)
    return outputs[reference.output][0] if known else str(reference.output)


def _readings_of_node(node: Node) -> Iterator[tuple[Reference, str]]:
    if isinstance(node.inputs, Reference | tuple):
        yield from _references_inside(node.inputs, "")
    else:
        for keyword, reference in node.inputs.items():
            yield reference, keyword
    for keyword, argument in node.call.items():
        yield from _references_inside(argument, keyword)
    if isinstance(node.operation, Op):
        for argument in node.operation.arguments:
            yield from _references_inside(argument, "")
        for keyword, argument in node.operation.keywords.items():
            yield from _references_inside(argument, keyword)


def _references_inside(argument: object, keyword: str) -> Iterator[tuple[Reference, str]]:
    if isinstance(argument, Reference):
        yield argument, keyword
    elif isinstance(argument, tuple):
        for item in argument:
            yield from _references_inside(item, keyword)
