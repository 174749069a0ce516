"""Which nodes and inputs lead to an output; those that do not are reported."""

from collections.abc import Iterator

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.expand.flat import FlatGraph, Use
from dlspec.resolve.plan import Graph, Node, Op, Reference
from dlspec.syntax.scalars import Poison

_HELPS = {
    "model": "name it in `outputs` or in a later `from`, or leave it out",
    "loss": "name it in a later `from` or `args`, or leave it out",
}


def references_within(value: object) -> Iterator[Reference]:
    """Yield every reference inside the inputs or arguments of a node."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from references_within(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references_within(item)


def tensors_read_by(node: Node) -> Iterator[Reference]:
    """Yield the tensors that a node reads."""
    yield from references_within(node.inputs)
    yield from references_within(node.call)
    if isinstance(node.operation, Op):
        yield from references_within(node.operation.arguments)
        yield from references_within(node.operation.keywords)


def sources_of(node: Node) -> Iterator[str]:
    """Yield the names of the nodes and inputs that a node reads, a layer it uses again included."""
    yield from (reference.node for reference in tensors_read_by(node))
    if isinstance(node.operation, Use) and node.operation.of == "node":
        yield node.operation.target


def report_dead(graph: Graph, flat: FlatGraph, reporter: Reporter) -> None:
    """Report every node and input that reaches no output of the graph."""
    by_name = {node.name: node for node in graph.nodes}
    reached: set[str] = set()
    waiting = [reference.node for _, reference in graph.outputs]
    assert not isinstance(flat.terms, Poison)
    waiting += [pointer.node for _, pointer in flat.terms]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(sources_of(by_name[name]) if name in by_name else ())
    for node in flat.nodes:
        if node.name not in reached:
            with reporter.with_trail(*node.trail):
                reporter.error(
                    Code.DEAD_NODE,
                    node.head,
                    f"`{node.name}` reaches no output",
                    label=f"nothing that leaves the {flat.of} depends on it",
                    help=_HELPS[flat.of],
                )
    for name, place in flat.input_places.items():
        if name not in reached:
            reporter.error(
                Code.DEAD_NODE,
                place,
                f"the input `{name}` reaches no output",
                label="nothing that leaves the model depends on it",
                help="use it in a `from`, or leave it out",
            )
