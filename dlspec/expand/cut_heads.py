"""A packaged architecture without its head: what stands before the node that `until` names."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dlspec.expand.flat import FlatNode, FlatOp, Input, Pointer, Use
from dlspec.syntax.substitution import Scope


@dataclass(slots=True)
class PartReads:
    """Which params each part of a model reads, until it is known which parts are left out."""

    scope: Scope
    _parts: list[tuple[set[str], set[str]]] = field(default_factory=list)

    @contextmanager
    def part(self) -> Iterator[set[str]]:
        """Keep what is read inside apart; the names that it makes go into the set given."""
        before, names = set(self.scope.read), set[str]()
        self.scope.read.clear()
        yield names
        self._parts.append((names, set(self.scope.read)))
        self.scope.read.clear()
        self.scope.read.update(before)

    def count_parts(self, kept: frozenset[str] | None) -> None:
        """Count as read what the parts read of which a name is kept, or that make none.

        Args:
            kept: None for all of them.
        """
        for names, read in self._parts:
            if kept is None or not names or names & kept:
                self.scope.read.update(read)


def names_leading_to(
    outputs: Sequence[tuple[str, Pointer]], nodes: Sequence[FlatNode]
) -> frozenset[str]:
    """Return the names of the nodes and inputs that outputs depend on."""
    by_name = {node.name: node for node in nodes}
    reached: set[str] = set()
    waiting = [pointer.node for _, pointer in outputs]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(_names_read_by(by_name[name]) if name in by_name else ())
    return frozenset(reached)


def names_behind(
    kept: frozenset[str] | None, inputs: Sequence[Input], nodes: Sequence[FlatNode]
) -> frozenset[str]:
    """Return the names of nodes and inputs that are not kept; none where that is not known."""
    if kept is None:
        return frozenset()
    return frozenset((*(i.name for i in inputs), *(n.name for n in nodes))) - kept


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
