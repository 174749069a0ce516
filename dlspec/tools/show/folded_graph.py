"""A graph with its blocks folded: what was written as one thing is drawn as one box."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dlspec.resolve.plan import Graph, Node
from dlspec.tools.show.words import arguments_of, node_class_name

# What `repeat` and `for` append to a name.
_NUMBER = re.compile(r"_?\d+$")


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes in a row that are one box; `times` counts the equal parts they consist of."""

    nodes: tuple[Node, ...]
    times: int = 1

    @property
    def name(self) -> str:
        """Return what the text calls it: an entry, or the first and the last of equal ones."""
        first, last = (_written_entry(node) for node in (self.nodes[0], self.nodes[-1]))
        return first if first == last else f"{first} to {last}"


def graph_groups(graph: Graph) -> list[Group]:
    """Return the nodes of a graph in groups: a block, and a row of equal blocks or layers.

    A group stands in one piece in the order of execution, so none is above and below another.
    """
    entries = (Group(tuple(nodes)) for _, nodes in groupby(graph.nodes, _written_entry))
    return [_merged_group(list(row)) for row in _rows_of_equals(entries)]


def _rows_of_equals(entries: Iterator[Group]) -> Iterator[Sequence[Group]]:
    for _, row in groupby(entries, lambda group: (_stem(group), _signature(group))):
        yield tuple(row)


def _merged_group(row: Sequence[Group]) -> Group:
    return Group(tuple(node for group in row for node in group.nodes), len(row))


def _written_entry(node: Node) -> str:
    return node.name.partition(".")[0]


def _stem(group: Group) -> str:
    return _NUMBER.sub("", _written_entry(group.nodes[0]))


def _signature(group: Group) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((node_class_name(node), arguments_of(node)) for node in group.nodes)
