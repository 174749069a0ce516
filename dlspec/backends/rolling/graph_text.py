"""The rolled tree as YAML data and as the lines of a spec."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlspec.backends.rolling.alike_runs import refs_read_by_name
from dlspec.backends.rolling.argument_forms import Taken, in_short
from dlspec.backends.rolling.defaults import Defaults, Subtree, argument_subtree, same_subtree
from dlspec.backends.rolling.differences import parameter_order
from dlspec.backends.rolling.entry_names import Names
from dlspec.backends.rolling.items import (
    REPEAT,
    Block,
    ClassMark,
    Formula,
    Item,
    Leaf,
    Path,
    Ref,
    Row,
    Slot,
    default_of,
)
from dlspec.backends.spec_text import written_value
from dlspec.decode.catalogue_objects import WHOLE_LISTS
from dlspec.language.catalogue import ClassEntry
from dlspec.syntax.flow_text import BARE, flow_text, scalar_text

# As wide as the lines of this project's code; 1,073 lines at half for 785, 635 at double.
WIDTH = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as YAML data; rows inside are lists of entries."""

    head: str
    argument: Any
    beside: Mapping[str, Any]
    branches: "Sequence[Sequence[Entry]] | None" = None
    body: "Sequence[Entry] | None" = None

    def data(self) -> Any:  # noqa: ANN401 - YAML data
        """Return the entry in flow style's form."""
        inner: dict[str, Any] = {}
        if self.branches is not None:
            inner["branches"] = [[entry.data() for entry in row] for row in self.branches]
        if self.body is not None:
            inner["do"] = [entry.data() for entry in self.body]
        if not inner and not self.beside:
            return self.head if self.argument is None else {self.head: self.argument}
        argument = BARE if self.argument is None else self.argument
        return {self.head: argument, **inner, **self.beside}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the entries of one frame."""

    names: Names
    blocks: Mapping[str, Block]
    defaults: Defaults
    first_calls: Mapping[int, int]

    def row(self, row: Row) -> list[Entry]:
        """Return the entries of a row."""
        entries, flow = [], row.start
        for item in row.items:
            entries.append(self._entry_of_item(item, flow))
            flow = Ref(item.uid)
        return entries

    def _entry_of_item(self, item: Item, flow: Ref | None) -> Entry:
        beside: dict[str, Any] = {}
        if item.uid in self.names.shown:
            beside["name"] = self.names.shown[item.uid]
        source = self._entry_source(item, flow)
        if source is not None:
            beside["from"] = source
        call = {
            p[1]: self._leaf_data(leaf, item) for p, leaf in item.args.items() if p[0] == "call"
        }
        if call:
            beside["call"] = call
        if REPEAT in item.args:
            beside["repeat"] = self._leaf_data(item.args[REPEAT], item)
        first = item.layer is None or self.first_calls[item.layer] == item.uid
        if not item.trainable and first:
            beside["trainable"] = False
        head, argument = self._head_and_argument(item) if first else ("use", self._layer_name(item))
        branches = None if item.branches is None else [self.row(row) for row in item.branches]
        body = None if item.body is None else self.row(item.body)
        return Entry(head, argument, beside, branches, body)

    def _layer_name(self, item: Item) -> str:
        assert item.layer is not None
        return self.names[Ref(self.first_calls[item.layer])]

    def _entry_source(self, item: Item, flow: Ref | None) -> Any:  # noqa: ANN401 - YAML data
        main = item.operands[: item.main]
        if item.branches is not None:
            return None if item.flow in (None, flow) else self.names[item.flow]
        if item.form == "mapping":
            return {key: self.names[ref] for key, ref in zip(item.keys, main, strict=True)}
        if item.form == "list":
            return [self.names[ref] for ref in main]
        return (
            self.names[main[0]]
            if main and main[0] in refs_read_by_name(item, flow)[:1] and main[0] != flow
            else None
        )

    def _head_and_argument(self, item: Item) -> tuple[str, Any]:
        own = {p: leaf for p, leaf in item.args.items() if p[0] != "call" and p != REPEAT}
        match item.kind:
            case "use":
                return "use", item.args[("model",)]
            case "for":
                return "for", {
                    n: [self._leaf_data(v, item) for v in vs] for n, vs in item.variables.items()
                }
            case "block":
                return item.head, self._block_arguments(item, own)
            case "op":
                return item.head, self._op_arguments(item, own)
            case "layer":
                return item.head, self._class_arguments(
                    item, item.entry, self.defaults.get(item.head, {}), own
                )

    def _block_arguments(self, item: Item, own: Mapping[Path, Leaf]) -> Any:  # noqa: ANN401 - YAML data
        block = self.blocks[item.head]
        given = [
            Taken(
                name,
                self._leaf_data(own[(name,)], item),
                required=True,
                type=_TYPES.get(kind, "any"),
            )
            for name, kind in _declared_block_params(block)
            if (name,) in own
        ]
        order = parameter_order(item, self.blocks)
        leading = [t for t, name in zip(given, order, strict=False) if t.name == name]
        return in_short(leading[:3] or [], given)

    def _op_arguments(self, item: Item, own: Mapping[Path, Leaf]) -> Any:  # noqa: ANN401 - YAML data
        positions = [self._leaf_data(leaf, item) for p, leaf in own.items() if p[0] == "args"]
        named = {p: leaf for p, leaf in own.items() if p[0] != "args"}
        order = parameter_order(item, self.blocks)
        written = {
            name: self._nested_argument(name, named, item)
            for name in sorted({p[0] for p in named}, key=order.index)
        }
        if not positions and len(written) == 1 and _stands_for_all(item, next(iter(written))):
            return next(iter(written.values()))
        return ({"args": positions} if positions else {}) | written or None

    def _class_arguments(
        self,
        item: Item,
        entry: ClassEntry | None,
        common: Mapping[str, Subtree],
        own: Mapping[Path, Leaf],
    ) -> Any:  # noqa: ANN401 - YAML data
        """Return the arguments of a class in their shortest form, its defaults for the file out."""
        assert entry is not None
        given = []
        for parameter in entry.parameters:
            if (parameter.name,) in own:
                usual = common.get(parameter.name)
                if usual and same_subtree(usual, argument_subtree(own, parameter.name)):
                    continue
                value = self._nested_argument(parameter.name, own, item)
            elif parameter.name in common:
                value = written_value(default_of(parameter))
            else:
                continue
            given.append(
                Taken(parameter.name, value, required=parameter.required, type=parameter.type)
            )
        leading: list[Taken] = []
        for taken, parameter in zip(given, entry.parameters, strict=False):
            if taken.name != parameter.name or (leading and not parameter.required):
                break
            leading.append(taken)
        return in_short(leading, given)

    def class_defaults(self, head: str, entry: ClassEntry) -> dict[str, Any]:
        """Return the defaults of a class for the file."""
        nobody = Item("layer", head, {}, [], 0, entry=entry)
        return {
            name: self._nested_argument(name, tree, nobody)
            for name, tree in self.defaults[head].items()
        }

    def _nested_argument(self, name: str, own: Mapping[Path, Leaf], item: Item) -> Any:  # noqa: ANN401 - YAML data
        leaf = own[(name,)]
        if not isinstance(leaf, ClassMark):
            return self._leaf_data(leaf, item)
        inner = {p[1:]: value for p, value in own.items() if p[0] == name and len(p) > 1}
        argument = self._class_arguments(item, leaf.entry, {}, inner)
        return leaf.name if argument is None else {leaf.name: argument}

    def _leaf_data(self, leaf: Leaf, item: Item) -> Any:  # noqa: ANN401 - YAML data
        match leaf:
            case Formula():
                return str(leaf)
            case Slot(operand=number):
                return self.names[item.operands[number]]
            case tuple():
                return [self._leaf_data(inner, item) for inner in leaf]
            case _:
                return written_value(leaf)  # type: ignore[arg-type]  # a plain value by now


def _stands_for_all(item: Item, name: str) -> bool:
    """Return whether one argument of a function may be written alone, as a list whole."""
    assert item.entry is not None
    literals = [p for p in item.entry.parameters if p.type not in ("tensor", "tensors")]
    return bool(literals) and literals[0].name == name and literals[0].type in WHOLE_LISTS


_TYPES = {"list": "list", "any": "any"}


def _declared_block_params(block: Block) -> Iterator[tuple[str, str]]:
    yield from block.params.items()
    for name in block.defaults:
        yield name, "any"


# -- lines ---------------------------------------------------------------------------------------


def row_lines(entries: Sequence[Entry], indent: int) -> Iterator[str]:
    """Yield the lines of entries, one a line where they fit."""
    for entry in entries:
        first, *rest = _entry_lines(entry, indent + 2)
        yield f"{' ' * indent}- {first}"
        yield from rest


def _entry_lines(entry: Entry, indent: int) -> list[str]:
    data = entry.data()
    if entry.body is None and (entry.branches is None or _is_short(entry, indent)):
        return _flow_lines(data, indent)
    argument = "" if entry.argument is None else f" {_one_line(entry.argument)}"
    lines = [f"{scalar_text(entry.head)}:{argument}"]
    if indent + len(lines[0]) > WIDTH:
        value = flow_text(entry.argument, indent=indent + len(entry.head) + 2, width=WIDTH)
        lines = f"{scalar_text(entry.head)}: {value}".split("\n")
    start = " " * indent
    if entry.branches is not None:
        lines.append(f"{start}branches:")
        for row in entry.branches:
            lines += _branch_lines(row, indent + 2)
    lines += [f"{start}{key}: {_one_line(value)}" for key, value in entry.beside.items()]
    if entry.body is not None:
        lines.append(f"{start}do:")
        lines += row_lines(entry.body, indent + 2)
    return lines


def _branch_lines(row: Sequence[Entry], indent: int) -> Iterator[str]:
    text = _one_line([entry.data() for entry in row])
    if indent + 2 + len(text) <= WIDTH and not any(entry.branches for entry in row):
        yield f"{' ' * indent}- {text}"
        return
    first, *rest = row_lines(row, indent + 2)
    yield f"{' ' * indent}- {first.lstrip()}"
    yield from rest


def _is_short(entry: Entry, indent: int) -> bool:
    """Return whether an entry with branches reads well on one line."""
    nested = any(inner.branches for row in entry.branches or () for inner in row)
    return not nested and indent + len(_one_line(entry.data())) <= WIDTH - 5


def _flow_lines(data: Any, indent: int) -> list[str]:  # noqa: ANN401 - YAML data
    if isinstance(data, Mapping) and len(data) == 1:
        [(head, argument)] = data.items()
        prefix = f"{scalar_text(head)}: "
        text = prefix + flow_text(argument, indent=indent + len(prefix), width=WIDTH)
    else:
        text = flow_text(data, indent=indent, width=WIDTH)
    return text.split("\n")


def _one_line(value: Any) -> str:  # noqa: ANN401 - YAML data
    return flow_text(value, indent=0, width=100_000)
