"""A packaged architecture without its head: what stands before the node that `until` names."""

from collections.abc import Iterator, Mapping, Sequence

from dlspec.expand.flat import FlatNode, FlatOp, Pointer, Use


def nodes_leading_to(
    outputs: Sequence[tuple[str, Pointer]], nodes: Sequence[FlatNode]
) -> tuple[FlatNode, ...]:
    """Return the nodes that outputs depend on, in their order."""
    by_name = {node.name: node for node in nodes}
    reached: set[str] = set()
    waiting = [pointer.node for _, pointer in outputs]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(_names_read_by(by_name[name]) if name in by_name else ())
    return tuple(node for node in nodes if node.name in reached)


def _names_read_by(node: FlatNode) -> Iterator[str]:
    yield from _names_within(node.inputs)
    yield from _names_within(node.call)
    match node.operation:
        case FlatOp():
            yield from _names_within(node.operation.arguments)
            yield from _names_within(node.operation.keywords)
        case Use(of="node"):
            yield node.operation.target


def _names_within(value: object) -> Iterator[str]:
    if isinstance(value, Pointer):
        yield value.node
    elif isinstance(value, tuple):
        for item in value:
            yield from _names_within(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _names_within(item)
