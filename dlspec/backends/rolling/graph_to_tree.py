"""Graph -> tree: the order of the entries, and which of them stand in a merge's branches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dlspec.backends.rolling.items import (
    Item,
    Leaf,
    Program,
    Ref,
    Row,
    Slot,
    items_of,
    leaves_by_path,
    refs_read_by_item,
)
from dlspec.expand.flat import Use
from dlspec.language.catalogue import Object, find_entry
from dlspec.resolve.plan import Argument, Graph, Node, Op, Reference

# Deeper than this a person writes names.
_MOST_DEPTH = 2
# What a branch may hold when the branches do not begin at one tensor.
_SHORT = 4
_ARITHMETIC = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
_JOINS = ("Concatenate", "ops.concatenate")

_Slot = tuple[tuple[int, int], ...]
"""A place for items: the merges around it, outermost first, each with the branch's number."""


def tree_of_graph(graph: Graph, *, keeps_outputs: bool) -> Program:
    """Return the tree of a graph; inputs are `Ref(-1)`, `Ref(-2)`, ... in order.

    Args:
        keeps_outputs: Whether the names of the outputs mean something, so that they stay outside.
    """
    reader = _Reader(_node_numbers(graph), graph)
    items = [reader.item(node) for node in ordered_nodes(graph)]
    leaving = tuple(reader.ref_with_pick(reference) for _, reference in graph.outputs)
    start = Ref(-1) if len(graph.inputs) == 1 else None
    main = _Planter(items, _places_of_items(items, leaving)).row((), start)
    single = not keeps_outputs and graph.outputs_as == "single" and leaving[0].pick is None
    kept = frozenset() if single else frozenset(ref.uid for ref in leaving)
    return Program(main, {}, kept, leaving)


def items_in_order(graph: Graph) -> list[Item]:
    """Return the nodes of a graph as items without branches, in the order of a walk."""
    reader = _Reader(_node_numbers(graph), graph)
    return [reader.item(node) for node in ordered_nodes(graph)]


def _node_numbers(graph: Graph) -> dict[str, int]:
    numbers = {declared.name: -1 - i for i, declared in enumerate(graph.inputs)}
    return numbers | {node.name: i for i, node in enumerate(ordered_nodes(graph))}


def ordered_nodes(graph: Graph) -> list[Node]:
    """Return the nodes as a walk from the outputs meets them, each after those that it reads.

    Of several tensors the one that took most steps comes first, so that what only adjusts another
    stands right before the entry that wants it.
    """
    depths = _tensor_depths(graph)
    nodes = {node.name: node for node in graph.nodes}
    order: list[Node] = []
    seen = {declared.name for declared in graph.inputs}
    open_: list[tuple[Node, Iterator[Reference]]] = []

    def enter(name: str) -> None:
        if name not in seen:
            seen.add(name)
            wanted = sorted(references_of(nodes[name]), key=lambda found: -depths[found.node])
            open_.append((nodes[name], iter(wanted)))

    for _, output in graph.outputs:
        enter(output.node)
        while open_:
            node, remaining = open_[-1]
            reference = next(remaining, None)
            if reference is None:
                order.append(node)
                open_.pop()
            else:
                enter(reference.node)
    return order


def _tensor_depths(graph: Graph) -> dict[str, int]:
    """Return how many steps each tensor took; a graph's nodes stand behind what they read."""
    depths = {declared.name: 0 for declared in graph.inputs}
    for node in graph.nodes:
        depths[node.name] = 1 + max((depths[ref.node] for ref in references_of(node)), default=0)
    return depths


def references_of(node: Node) -> list[Reference]:
    """Return what a node reads, in order."""
    found: list[Reference] = []
    if isinstance(node.inputs, Reference):
        found.append(node.inputs)
    else:
        inputs = node.inputs
        found += inputs.values() if isinstance(inputs, Mapping) else inputs
    if not isinstance(node.operation, Object | Use):
        for value in (*node.operation.arguments, *node.operation.keywords.values()):
            found += _references_in_argument(value)
    for value in node.call.values():
        found += _references_in_argument(value)
    return found


def _references_in_argument(value: Argument) -> Iterator[Reference]:
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _references_in_argument(item)


@dataclass(slots=True)
class _Reader:
    """Turns nodes into items; `owners` says who called a layer that several items call."""

    numbers: Mapping[str, int]
    graph: Graph
    nodes: dict[str, Node] = field(init=False)
    shared: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = {node.name: node for node in self.graph.nodes}
        uses = [n for n in self.graph.nodes if isinstance(n.operation, Use)]
        self.shared = frozenset(self.owner(n) for n in uses if n.operation.of == "node")  # type: ignore[union-attr]  # a Use

    def owner(self, node: Node) -> str:
        """Return the node that first calls the layer of `node`."""
        operation = node.operation
        while isinstance(operation, Use) and operation.of == "node":
            node = self.nodes[operation.target]
            operation = node.operation
        return node.name

    def ref_with_pick(self, reference: Reference) -> Ref:
        """Return a reference with the name of its output; None for the first."""
        number = self.numbers[reference.node]
        if not reference.output:
            return Ref(number)
        outputs = self.nodes[reference.node].outputs
        # Of a function whose results only Keras knows, the position is all there is to say.
        known = reference.output < len(outputs)
        return Ref(number, outputs[reference.output][0] if known else str(reference.output))

    def item(self, node: Node) -> Item:
        """Return a node as an item without branches."""
        made = self._item_of_op_call(node) if _is_op(node) else self._item_of_layer_call(node)
        for name, value in node.call.items():
            made.args[("call", name)] = self._leaf_of_node_argument(value, made)
        made.trainable = node.trainable
        return made

    def _item_of_layer_call(self, node: Node) -> Item:
        owner = self.nodes[self.owner(node)]
        operation = owner.operation
        number = self.numbers[node.name]
        if isinstance(operation, Object):
            item = Item(
                "layer", operation.class_name, leaves_by_path(operation.arguments), [], number
            )
            item.entry = operation.entry
        else:
            assert isinstance(operation, Use)
            item = Item("use", "use", {("model",): operation.target}, [], number)
        if owner.name in self.shared:
            item.layer = self.numbers[owner.name]
        inputs = node.inputs
        if isinstance(inputs, Reference):
            item.operands = [self.ref_with_pick(inputs)]
        elif isinstance(inputs, Mapping):
            item.form, item.keys = "mapping", tuple(inputs)
            item.operands = [self.ref_with_pick(reference) for reference in inputs.values()]
        else:
            item.form = "list"
            item.operands = [self.ref_with_pick(reference) for reference in inputs]
        item.main = len(item.operands)
        return item

    def _item_of_op_call(self, node: Node) -> Item:
        made = node.operation
        assert not isinstance(made, Object | Use)
        item = Item("op", f"ops.{made.name}", {}, [], self.numbers[node.name], main=0)
        item.entry = find_entry("op", made.name)
        made = with_number_named(made)
        first = made.arguments[0] if made.arguments else None
        listed = first if len(made.arguments) == 1 and isinstance(first, tuple) else made.arguments
        plain = [value for value in listed if isinstance(value, Reference)]
        if listed and len(plain) == len(listed):
            item.form = "one" if listed == (first,) else "list"
            item.operands = [self.ref_with_pick(reference) for reference in plain]
            item.main = len(plain)
        else:
            for position, value in enumerate(made.arguments):
                item.args[("args", str(position))] = self._leaf_of_node_argument(value, item)
        for name, value in made.keywords.items():
            item.args |= self._keyword_leaves(name, value, item)
        return item

    def _keyword_leaves(
        self, name: str, value: Argument, item: Item
    ) -> dict[tuple[str, ...], Leaf]:
        if isinstance(value, Object):
            return leaves_by_path({name: value})
        return {(name,): self._leaf_of_node_argument(value, item)}

    def _leaf_of_node_argument(self, value: Argument, item: Item) -> Leaf:
        if isinstance(value, Reference):
            item.operands.append(self.ref_with_pick(value))
            return Slot(len(item.operands) - 1)
        if isinstance(value, tuple):
            return tuple(self._leaf_of_node_argument(inner, item) for inner in value)
        return value


def with_number_named(made: Op) -> Op:
    """Return a call of `x + 3` with the 3 as `x2`, so that `x` can be the entry above."""
    if made.name in _ARITHMETIC and len(made.arguments) == 2 and not made.keywords:
        first, second = made.arguments
        if isinstance(first, Reference) and isinstance(second, int | float):
            return Op(made.name, (first,), {"x2": second})
    return made


def _is_op(node: Node) -> bool:
    return not isinstance(node.operation, Object | Use)


def _places_of_items(items: list[Item], leaving: tuple[Ref, ...]) -> list[_Slot]:
    """Return the place of each item: the innermost one around all that read it."""
    places: list[_Slot | None] = [None] * len(items)

    def read(uid: int, place: _Slot) -> None:
        if uid >= 0:
            before = places[uid]
            places[uid] = place if before is None else _common_place(before, place)

    for ref in leaving:
        read(ref.uid, ())
    for item in reversed(items):
        place = places[item.uid]
        assert place is not None
        merge = item.form == "list" and item.main > 1 and item.layer is None
        for number, operand in enumerate(item.operands):
            inside = merge and number < item.main and operand.pick is None
            read(operand.uid, (*place, (item.uid, number)) if inside else place)
    return [place or () for place in places]


def _common_place(one: _Slot, other: _Slot) -> _Slot:
    size = 0
    while size < min(len(one), len(other)) and one[size] == other[size]:
        size += 1
    return one[:size]


@dataclass(slots=True)
class _Planter:
    """Builds the rows from the places; a merge that is no good tree goes back to names."""

    items: list[Item]
    places: list[_Slot]
    inside: dict[_Slot, list[Item]] = field(init=False)

    def __post_init__(self) -> None:
        self.inside = {}
        for item, place in zip(self.items, self.places, strict=True):
            self.inside.setdefault(place, []).append(item)

    def row(self, place: _Slot, start: Ref | None) -> Row:
        """Return the row at a place."""
        found: list[Item] = []
        for item in self.inside.get(place, ()):
            found.append(item)
            if item.form == "list" and item.main > 1:
                branches = [
                    self.row((*place, (item.uid, number)), None) for number in range(item.main)
                ]
                if any(branch.items for branch in branches) and not _give_branches(item, branches):
                    inside = [inner for branch in branches for inner in branch.items]
                    found += (
                        _items_with_opened_merges(inside, item.head)
                        if _is_u(item, branches)
                        else inside
                    )
        # The order of the walk; what was taken out of branches finds its place again.
        found.sort(key=lambda item: item.uid)
        return Row(found, start)


def _give_branches(item: Item, branches: list[Row]) -> bool:
    """Give a merge its branches if a person would write them, and say whether."""
    bare = {op for op, b in zip(item.operands, branches, strict=False) if not b.items}
    if len(bare) > 1 or any(ref.pick is not None for ref in bare):
        return False
    outer = [_outer_reads(branch) for branch in branches if branch.items]
    everything = set().union(*outer)
    sources = everything | bare
    closed = len(sources) == 1 and all(ref.pick is None for ref in sources)
    short = sum(1 for b in branches for _ in items_of(b.items)) <= _SHORT
    if _is_u(item, branches):
        return False
    deep = 1 + max(_branch_depth(branch) for branch in branches)
    if deep > (_MOST_DEPTH if closed else 1) or not (closed or short):
        return False
    item.flow = next(iter(bare or sources)) if closed or bare else _first_read(branches)
    for branch in branches:
        branch.start = item.flow
    item.branches = branches
    return True


def _is_u(item: Item, branches: list[Row]) -> bool:
    """Return whether a merge takes a skip past others of its kind, as in a U-Net."""
    if item.head not in _JOINS or all(branch.items for branch in branches):
        return False
    inner = [i for branch in branches for i in items_of(branch.items) if i.head == item.head]
    return any(i.branches is None or not all(row.items for row in i.branches) for i in inner)


def _items_with_opened_merges(items: list[Item], head: str) -> list[Item]:
    """Return items with the merges of one kind written by name."""
    found = []
    for item in items:
        if item.head == head and item.branches is not None:
            for row in item.branches:
                found += _items_with_opened_merges(row.items, head)
            item.branches, item.flow = None, None
        found.append(item)
    return found


def _first_read(branches: list[Row]) -> Ref | None:
    first = next(branch.items[0] for branch in branches if branch.items)
    found = refs_read_by_item(first)
    return found[0] if found and found[0].pick is None else None


def _outer_reads(row: Row) -> set[Ref]:
    made = {item.uid for item in items_of(row.items)}
    return {
        ref
        for item in items_of(row.items)
        for ref in refs_read_by_item(item)
        if ref.uid not in made
    }


def _branch_depth(row: Row) -> int:
    return max(
        (1 + max(map(_branch_depth, i.branches)) for i in row.items if i.branches), default=0
    )
