"""What an entry that makes no node holds: the names in it, the params it reads, its size."""

from collections.abc import Iterator

from dlspec.decode.spec import EntrySpec
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, Sequence, count_nodes
from dlspec.syntax.substitution import Scope, mark_all_read


def count_written_values(entry: EntrySpec) -> int:
    """Return how many values an entry and those inside it are written with."""
    own = (entry.argument, entry.source, entry.call, entry.repeat, entry.condition)
    inside = (*entry.body, *(item for branch in entry.branches or () for item in branch))
    return 1 + sum(map(count_nodes, own)) + sum(map(count_written_values, inside))


def mark_entry_read(entry: EntrySpec, scope: Scope) -> None:
    """Count the params of an entry that is left out this time as read."""
    for node in (entry.argument, entry.source, entry.call, entry.repeat, entry.trainable):
        mark_all_read(node, scope)
    inner = (*entry.body, *(item for branch in entry.branches or () for item in branch))
    for child in inner:
        mark_entry_read(child, scope)
        mark_all_read(child.condition, scope)


def named_in(entry: EntrySpec) -> Iterator[str]:
    """Yield the blocks, models and classes that an entry and those inside it name."""
    yield str(entry.word.value)
    yield from _strings_in_tree(entry.argument)
    for child in (*entry.body, *(item for branch in entry.branches or () for item in branch)):
        yield from named_in(child)


def _strings_in_tree(node: Node | None) -> Iterator[str]:
    match node:
        case Scalar(value=str(text)):
            yield text
        case Sequence():
            for item in node.items:
                yield from _strings_in_tree(item)
        case MappingNode():
            for entry in node:
                yield from _strings_in_tree(entry.value)
        case _:
            pass
