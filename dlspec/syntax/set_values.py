"""`--set path=value`: values put into a tree at their paths, each keeping the place it was set."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import suggest
from dlspec.syntax import nodes
from dlspec.syntax.nodes import Entry, Node, Scalar
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.substitution import Scope, describe_node, mark_all_read


def set_values(tree: MappingNode, values: Mapping[str, Node], reporter: Reporter) -> MappingNode:
    """Return a tree with values in the place of what stands at their paths, or beside it.

    A path is keys and places joined by dots, `training.epochs`: a key of a mapping, which is made
    when it is not there; in a list a position from 0, or the `name` of an entry; below a class
    that is written without arguments its name, as in `training.optimizer.Adam.learning_rate`.

    Args:
        values: Each value by its path; its span says where the whole of it was set.
    """
    for path, value in values.items():
        changed = _Setter(path, value, reporter).below(tree, tuple(path.split(".")))
        assert isinstance(changed, MappingNode)
        tree = changed
    return tree


def without_orphaned_params(
    before: MappingNode, after: MappingNode, kept: Collection[str]
) -> MappingNode:
    """Return the tree `after` without the params that only what was replaced in `before` read.

    Args:
        kept: Params that are set themselves: that nothing reads those is a mistake.
    """
    were_read = _names_read(before)
    while True:
        params = after.get("params")
        if not isinstance(params, MappingNode):
            return after
        are_read = _names_read(after)
        left = tuple(
            e for e in params if e.name in are_read or e.name in kept or e.name not in were_read
        )
        if len(left) == len(params.entries):
            return after
        whole = (
            Entry(e.key, MappingNode(left, params.span)) if e.name == "params" else e for e in after
        )
        # A param that went may have been the only one to read another.
        after = MappingNode(tuple(whole), after.span)


def _names_read(tree: MappingNode) -> set[str]:
    params = tree.get("params")
    names = [entry.name for entry in params] if isinstance(params, MappingNode) else []
    scope = Scope(dict.fromkeys(names))
    mark_all_read(tree, scope)
    return scope.read


@dataclass(frozen=True, slots=True)
class _Setter:
    path: str
    value: Node
    reporter: Reporter

    def below(self, node: Node, rest: tuple[str, ...]) -> Node:
        """Return `node` with the value at the path `rest` below it."""
        if not rest:
            return self.value
        match node:
            case MappingNode():
                return self._below_mapping(node, rest)
            case nodes.Sequence():
                return self._below_list(node, rest)
            case Scalar(value=None):
                return self._below_mapping(MappingNode((), node.span), rest)
            case Scalar(value=str(word)) if word == rest[0]:
                named = Entry(node, Scalar(None, node.span))
                return self._below_mapping(MappingNode((named,), node.span), rest)
        self._report(
            rest,
            f"nothing stands below {describe_node(node)}",
            f"write `--set {self._before(rest)}=...` to replace it",
        )
        return node

    def _below_mapping(self, node: MappingNode, rest: tuple[str, ...]) -> Node:
        # A column or an entry may have dots in its name: the longest key that is there counts.
        for count in range(len(rest), 0, -1):
            name = ".".join(rest[:count])
            if node.get(name) is not None:
                changed = (
                    Entry(e.key, self.below(e.value, rest[count:])) if e.name == name else e
                    for e in node.entries
                )
                return MappingNode(tuple(changed), node.span)
        key = Scalar(rest[0], self._span_of(rest, 1))
        made = Entry(key, self.below(MappingNode((), key.span), rest[1:]))
        return MappingNode((*node.entries, made), node.span)

    def _below_list(self, node: nodes.Sequence, rest: tuple[str, ...]) -> Node:
        names = [_entry_name(item) for item in node.items]
        at = _position(rest[0], names)
        if at is None:
            near = suggest(rest[0], [name for name in names if name is not None])
            places = f"0 to {len(names) - 1}" if names else "none, for the list is empty"
            self._report(
                rest,
                f"no entry is called `{rest[0]}`, and the positions are {places}",
                f"write `{self._before(rest)}.{near}`" if near else None,
            )
            return node
        items = (
            self.below(item, rest[1:]) if i == at else item for i, item in enumerate(node.items)
        )
        return nodes.Sequence(tuple(items), node.span)

    def _report(self, rest: tuple[str, ...], fact: str, help_: str | None) -> None:
        self.reporter.error(
            Code.UNKNOWN_PARAM,
            self._span_of(rest, 1),
            f"there is nothing at `{self.path}` to set",
            label=fact,
            help=help_,
        )

    def _before(self, rest: tuple[str, ...]) -> str:
        return self.path.removesuffix(".".join(rest)).removesuffix(".")

    def _span_of(self, rest: tuple[str, ...], count: int) -> Span:
        """Return where the next part of the path stands; the path begins the source's text."""
        source = self.value.span.source
        offset = len(self.path) - len(".".join(rest))
        return Span(source, 1, 1, 1, 2).inside(offset, len(".".join(rest[:count])))


def _entry_name(item: Node) -> str | None:
    name = item.get("name") if isinstance(item, MappingNode) else None
    return name.value if isinstance(name, Scalar) and isinstance(name.value, str) else None


def _position(word: str, names: Sequence[str | None]) -> int | None:
    if word in names:
        return names.index(word)
    return int(word) if word.isdecimal() and int(word) < len(names) else None
