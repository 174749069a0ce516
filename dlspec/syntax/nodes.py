"""The tree of a text: scalars, sequences and mappings, each with its place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlspec.diagnostics.source import Span
from dlspec.syntax.scalars import Poison


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: None, bool, int, float or str."""

    value: bool | int | float | str | None
    span: Span
    quoted: bool = False

    def span_of_part(self, offset: int, length: int) -> Span:
        """Return the span of a part of a text value; all of the scalar where it was folded."""
        span = self.span
        # `text` is empty over several lines, and never holds what an escape stands for.
        start = span.text.find(str(self.value))
        return span if start < 0 else span.inside(start + offset, length)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    items: tuple["Node", ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping; the key is always text."""

    key: Scalar
    value: "Node"

    @property
    def name(self) -> str:
        """Return the key as text."""
        return str(self.key.value)


def names_beside(key: Scalar, entries: Iterable[Entry]) -> set[str]:
    """Return the names of those entries that stand in the file of `key`, not in what it extends."""
    return {entry.name for entry in entries if entry.key.span.source is key.span.source}


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping with distinct text keys, in the text's order."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, name: str) -> "Node | None":
        """Return the value under `name`, or None when the key is absent."""
        return next((e.value for e in self.entries if e.name == name), None)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries in the text's order."""
        return iter(self.entries)


Node = Scalar | Sequence | Mapping


def count_nodes(node: Node | None) -> int:
    """Return how many nodes a tree holds, itself counted."""
    match node:
        case Sequence():
            return 1 + sum(map(count_nodes, node.items))
        case Mapping():
            return 1 + sum(count_nodes(entry.value) for entry in node.entries)
        case _:
            return 0 if node is None else 1


def is_poison_node(node: Node | None) -> bool:
    """Return whether a node stands for a value whose mistake is reported already."""
    return isinstance(node, Scalar) and isinstance(node.value, Poison)
