"""A tree as the text of a spec that is read back to an equal tree."""

from collections.abc import Iterator, Mapping

from dlspec.syntax.flow_text import WIDTH, flow_text, scalar_text
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.substitution import plain_value


def tree_text(tree: MappingNode) -> str:
    """Return a tree as YAML: a line for each key, what fits on one line in brackets."""
    value = plain_value(tree)
    assert isinstance(value, Mapping)
    return "".join(f"{line}\n" for line in _mapping_lines(value, 0))


def _mapping_lines(value: Mapping[str, object], indent: int) -> Iterator[str]:
    for name, inner in value.items():
        head = f"{' ' * indent}{scalar_text(name)}:"
        whole = flow_text(inner, indent=len(head) + 1)
        if "\n" not in whole and len(head) + 1 + len(whole) <= WIDTH:
            yield f"{head} {whole}"
        elif isinstance(inner, Mapping):
            yield head
            yield from _mapping_lines(inner, indent + 2)
        elif isinstance(inner, tuple):
            yield head
            for item in inner:
                yield f"{' ' * indent}  - {flow_text(item, indent=indent + 4)}"
        else:
            yield f"{head} {whole}"
