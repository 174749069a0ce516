"""Keys of a section that stand at the top of a spec: told once, and read as if in their place."""

from collections.abc import Container, Iterable, Iterator, Mapping

from dlspec.decode.key_forms import may_hold
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.suggest import suggest
from dlspec.language.kinds import Key
from dlspec.syntax.nodes import Entry, Node, Scalar
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON
from dlspec.syntax.substitution import as_node


def with_keys_in_place(
    tree: MappingNode,
    known: Iterable[Key],
    sections: Mapping[str, Mapping[str, Key]],
    reporter: Reporter,
) -> MappingNode:
    """Return a spec with the keys at its top that belong to a section moved into that section.

    A key that the section has already stays where it is: one of the two is too many.

    Args:
        known: The keys that may stand at the top.
        sections: The keys of each section by name.
    """
    top = {key.name: key.required for key in known}
    missing = [name for name in top if tree.get(name) is None]
    moved: dict[str, list[Entry]] = {}
    left = []
    for entry in tree:
        meant = [] if entry.name in top else _sections_of(entry, tree, sections)
        # Where there is no `model`, `models` is a slip of it.
        if meant and suggest(entry.name, missing, work=reporter.work) is None:
            _report_misplaced(entry.key, meant, reporter)
            for name in meant:
                moved.setdefault(name, []).append(_as_meant(entry, meant))
        else:
            left.append(entry)
    needed = [name for name, required in top.items() if required]
    return MappingNode(tuple(_with_moved(left, moved, needed)), tree.span)


def _sections_of(
    entry: Entry, tree: MappingNode, sections: Mapping[str, Mapping[str, Key]]
) -> list[str]:
    """Return the sections that lack a key of this name; where several know it, those that fit."""
    knowing = [name for name, keys in sections.items() if entry.name in keys]
    lacking = [name for name in knowing if not _holds_key(tree.get(name), entry.name)]
    able = [name for name in lacking if may_hold(sections[name][entry.name].kind, entry.value)]
    if able:
        return [name for name in able if sections[name][entry.name].required] or able
    return [name for name in lacking if len(knowing) == 1 and tree.get(name) is not None]


def _holds_key(section: Node | None, key: str) -> bool:
    return isinstance(section, MappingNode) and section.get(key) is not None


def _report_misplaced(key: Scalar, sections: list[str], reporter: Reporter) -> None:
    either = " or ".join(f"`{name}`" for name in sections)
    reporter.error(
        Code.UNKNOWN_KEY,
        key.span,
        f"`{key.value}` stands at the top of the spec, not under {either}",
        label="it is a key of " + " and of ".join(f"`{name}`" for name in sections),
        help=f"write it under {either}",
    )


def _as_meant(entry: Entry, meant: list[str]) -> Entry:
    """Return an entry as a section reads it: not at all where it may belong to another."""
    return entry if len(meant) == 1 else Entry(entry.key, as_node(POISON, entry.value.span))


def _with_moved(
    left: list[Entry], moved: Mapping[str, list[Entry]], needed: Container[str]
) -> Iterator[Entry]:
    """Yield the entries of a spec, those of its sections with what is moved into them."""
    there = {entry.name for entry in left}
    for entry in left:
        if entry.name not in moved:
            yield entry
        elif isinstance(entry.value, MappingNode):
            inside = (*entry.value.entries, *moved[entry.name])
            yield Entry(entry.key, MappingNode(inside, entry.value.span))
        elif _is_left_empty(entry.value):
            yield Entry(entry.key, _section_of_entries(moved[entry.name]))
        else:
            yield entry  # it takes a mapping, which is reported
    for name, entries in moved.items():
        if name not in there:
            # What a section that may be left out needs beside these keys is not asked of them.
            span = entries[0].key.span
            value = _section_of_entries(entries) if name in needed else as_node(POISON, span)
            yield Entry(Scalar(name, span), value)


def _is_left_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _section_of_entries(entries: list[Entry]) -> MappingNode:
    return MappingNode(tuple(entries), entries[0].key.span)
