"""`extends`: one spec laid over another, every value keeping the place it was written."""

from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related, Reporter
from dlspec.diagnostics.source import Source
from dlspec.syntax.nodes import Entry, Node, Scalar
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.parse import parse
from dlspec.syntax.spec_files import read_source

# What identifies a file is its own, never inherited.
_OWN = ("extends",)


def overlay_on_base(tree: MappingNode, path: str, reporter: Reporter) -> MappingNode:
    """Return `tree` laid over the spec it extends, and that one over what it extends in turn.

    Maps merge; lists, scalars and a class with its arguments replace.

    Args:
        path: The file of `tree`, to which `extends` is relative.
    """
    return _overlay_on_base_chain(tree, Path(path), reporter, (_resolved_path(Path(path)),))


def _overlay_on_base_chain(
    tree: MappingNode, path: Path, reporter: Reporter, opened: tuple[Path, ...]
) -> MappingNode:
    word = tree.get("extends")
    if not isinstance(word, Scalar) or not isinstance(word.value, str):
        return tree
    base = path.parent / word.value
    if _resolved_path(base) in opened:
        reporter.error(
            Code.RECURSION,
            word.span,
            f"`{path.name}` extends itself",
            label=" -> ".join(p.name for p in (*opened, base)),
            help="name another spec, or leave `extends` out",
        )
        return tree
    source = _read_base_source(base, word, reporter)
    with reporter.with_trail(Related(word.span, f"`{word.value}` is extended here")):
        below = parse(source, reporter) if source else None
        if below is None:
            return tree
        below = _overlay_on_base_chain(below, base, reporter, (*opened, _resolved_path(base)))
    return _merge_spec_mappings(_without_own_keys(below), tree)


def _read_base_source(base: Path, word: Scalar, reporter: Reporter) -> Source | None:
    if not base.is_file():
        reporter.error(
            Code.REFERENCE_NOT_FOUND,
            word.span,
            f"there is no file `{word.value}` to extend",
            label=f"looked for {base}",
            help="write a path relative to this file",
        )
        return None
    return read_source(base, reporter)


def _resolved_path(path: Path) -> Path:
    return path.resolve()


def _without_own_keys(tree: MappingNode) -> MappingNode:
    return MappingNode(tuple(e for e in tree.entries if e.name not in _OWN), tree.span)


def _merge_spec_mappings(below: MappingNode, above: MappingNode) -> MappingNode:
    over = {entry.name: entry for entry in above.entries}
    entries = [_merge_spec_entry(entry, over.get(entry.name)) for entry in below.entries]
    known = {entry.name for entry in below.entries}
    new = [entry for entry in above.entries if entry.name not in known]
    return MappingNode((*entries, *new), above.span)


def _merge_spec_entry(below: Entry, over: Entry | None) -> Entry:
    return Entry(over.key, _merge_spec_value(below.value, over.value)) if over else below


def _merge_spec_value(below: Node, above: Node) -> Node:
    both = isinstance(below, MappingNode) and isinstance(above, MappingNode)
    if both and not _names_class(below) and not _names_class(above):
        assert isinstance(below, MappingNode)
        assert isinstance(above, MappingNode)
        return _merge_spec_mappings(below, above)
    return above


def _names_class(node: Node) -> bool:
    """Tell `{Adam: {...}}`, which is replaced, from a map of keys, which is merged."""
    one = isinstance(node, MappingNode) and len(node.entries) == 1
    return one and isinstance(node, MappingNode) and node.entries[0].name[:1].isupper()
