"""The tree that is rolled up: rows of items, whose branches are rows again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dlspec.language.catalogue import ClassEntry, Kind, ModelRef, Object, Parameter, Value

Path = tuple[str, ...]
"""Where an argument stands: its name, behind those of the objects around it."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor: the item, input (from 0 down) or place that gives it, and which output."""

    uid: int
    pick: str | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression over one param or loop variable: `$name`, `$name * 4`, `$name // 4`."""

    name: str
    sign: str = ""
    factor: int = 1

    def __str__(self) -> str:
        """Return the expression as a spec has it."""
        return f"${self.name} {self.sign} {self.factor}" if self.sign else f"${self.name}"


@dataclass(frozen=True, slots=True)
class ClassMark:
    """Stands at the path of an argument that is an object: the class, whose arguments follow."""

    kind: Kind
    name: str
    entry: ClassEntry | None = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands where an argument is a tensor: the number of the operand."""

    operand: int


Leaf = Value | Formula | ClassMark | Slot | tuple["Leaf", ...]
"""One argument; a list may hold formulas and operands."""


@dataclass(slots=True, eq=False)
class Row:
    """Items in order; `start` is what flows into the first one, None where nothing does."""

    items: list["Item"]
    start: Ref | None = None

    def flow(self, position: int) -> Ref | None:
        """Return what flows into the item at a position."""
        return Ref(self.items[position - 1].uid) if position else self.start


@dataclass(slots=True, eq=False)
class Item:
    """One entry: a layer, a function, a use, a block's call, or a `for`.

    Attributes:
        kind: What the head is.
        head: The class, `ops.x`, `use`, a block's name, or `for`.
        args: What is said of it by path; `repeat` under its own path.
        operands: What it reads; the first `main` through `from`, the others through slots.
    form: How the main operands come: one, a list, or a mapping with these `keys`.
        uid: Stands for its output; of a run that was rolled up, the last item's.
        branches: A row for each main operand, empty where the operand is the flow itself.
        flow: What flows into the branches.
        body: The rows of a `for`: one, in its variables.
        layer: The layer it calls where several items call one; such an item stays as it is.
        entry: What the head takes, when it is a class or a function of Keras.
    """

    kind: Literal["layer", "op", "use", "block", "for"]
    head: str
    args: dict[Path, Leaf]
    operands: list[Ref]
    uid: int
    main: int = 1
    form: Literal["one", "list", "mapping"] = "one"
    keys: tuple[str, ...] = ()
    trainable: bool = True
    branches: list[Row] | None = None
    flow: Ref | None = None
    body: Row | None = None
    variables: dict[str, list[Leaf]] = field(default_factory=dict)
    layer: int | None = None
    entry: ClassEntry | None = None

    def rows(self) -> list[Row]:
        """Return the rows inside."""
        return [*(self.branches or ()), *([self.body] if self.body else ())]


@dataclass(slots=True, eq=False)
class Block:
    """A declared block; a param without a default has the name of a type.

    Attributes:
        params: The name of a type for each param that must be given.
        defaults: The value of each other param.
        inputs: How many tensors come in; they are `Ref(INPUT - k)` inside.
    """

    name: str
    params: dict[str, str]
    defaults: dict[str, Leaf]
    inputs: int
    row: Row


INPUT = -1_000_000
"""The uid of a block's first input inside it; the next ones are below."""

REPEAT: Path = ("repeat",)


@dataclass(slots=True, eq=False)
class Program:
    """A graph that is being rolled up; `kept` are items that must stay where their name shows."""

    main: Row
    blocks: dict[str, Block] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()
    read_outside: tuple[Ref, ...] = ()
    made: int = 0

    def frame_rows(self) -> Iterator[Row]:
        """Yield the outermost row of the graph and of each block."""
        yield self.main
        for block in self.blocks.values():
            yield block.row


def rows_of(row: Row) -> Iterator[Row]:
    """Yield a row and all rows inside it."""
    yield row
    for item in row.items:
        for inner in item.rows():
            yield from rows_of(inner)


def items_of(items: list[Item]) -> Iterator[Item]:
    """Yield items and all items inside them, those inside first."""
    for item in items:
        for inner in item.rows():
            yield from items_of(inner.items)
        yield item


def refs_read_by_item(item: Item) -> list[Ref]:
    """Return what an item itself reads from a name or from the flow, branches apart."""
    if item.body is not None:
        return [item.operands[0]]
    if item.branches is None:
        return list(item.operands)
    found = [item.flow] if item.flow is not None else []
    return [*found, *item.operands[item.main :]]


def leaves_by_path(arguments: Mapping[str, Value], prefix: Path = ()) -> dict[Path, Leaf]:
    """Return arguments by path; objects inside give a mark and their own arguments."""
    found: dict[Path, Leaf] = {}
    for name, value in arguments.items():
        path = (*prefix, name)
        if isinstance(value, Object):
            found[path] = ClassMark(value.entry_kind, value.class_name, value.entry)
            found |= leaves_by_path(value.arguments, path)
        else:
            found[path] = value
    return found


def is_fixed(leaf: Leaf) -> bool:
    """Return whether a leaf is structure, which no param can stand for."""
    if isinstance(leaf, tuple):
        return any(is_fixed(item) or isinstance(item, Object) for item in leaf)
    return isinstance(leaf, ClassMark | Slot | ModelRef | Object | Mapping)


def parameter_of(item: Item, path: Path) -> Parameter | None:
    """Return the catalogue's parameter of an argument; None where Keras has none."""
    entry = item.entry
    if len(path) > 1:
        mark = item.args.get(path[:-1])
        entry = mark.entry if isinstance(mark, ClassMark) else None
    return entry.parameter_named(path[-1]) if entry else None


def shortened_extents(value: Value) -> Value:
    """Return `3` for `[3, 3]` and for `[[3, 3], [3, 3]]`; another value stays."""
    if not isinstance(value, tuple) or not value:
        return value
    items = {repr(shortened_extents(item)) for item in value}
    return shortened_extents(value[0]) if len(items) == 1 else value


def default_of(parameter: Parameter) -> Value:
    """Return the default of a parameter in its shortest form."""
    if parameter.type in ("extents", "padding_extents"):
        return shortened_extents(parameter.default)
    return parameter.default
