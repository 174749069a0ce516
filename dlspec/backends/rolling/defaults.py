"""Arguments that most entries of a class share become the file's `defaults`."""

from collections import Counter
from collections.abc import Iterator, Mapping

from dlspec.backends.rolling.items import (
    Formula,
    Item,
    Leaf,
    Path,
    Program,
    Slot,
    items_of,
    parameter_of,
)

# With one, every argument is a default: 822 lines for 785; with six, 781 but 1,055 letters more.
_LEAST = 3
# At half 778 lines, but most of the entries differ from what stands above them; with 1.0, what all
# share, 787.
_SHARE = 0.75

Subtree = dict[Path, Leaf]
"""An argument by path, with those of the object that it may be."""

Defaults = dict[str, dict[str, Subtree]]


def hoisted_defaults(program: Program) -> Defaults:
    """Return the arguments that are said once for all entries of a class."""
    entries: dict[str, list[Item]] = {}
    for item in _layer_items(program):
        entries.setdefault(item.head, []).append(item)
    found: Defaults = {}
    for head, items in sorted(entries.items()):
        for name in sorted({path[0] for item in items for path in item.args}):
            parameter = parameter_of(items[0], (name,))
            value = _shared_subtree(name, items) if parameter and not parameter.required else None
            if value is not None:
                found.setdefault(head, {})[name] = value
    return found


def argument_subtree(args: Mapping[Path, Leaf], name: str) -> Subtree:
    """Return an argument with those of the object that it is."""
    return {path: leaf for path, leaf in args.items() if path[0] == name}


def same_subtree(one: Subtree, other: Subtree) -> bool:
    """Return whether two arguments are equal, whatever their order."""
    return _subtree_key(one) == _subtree_key(other)


def _subtree_key(tree: Subtree) -> str:
    return repr(sorted(tree.items(), key=lambda pair: pair[0]))


def _layer_items(program: Program) -> Iterator[Item]:
    for frame in program.frame_rows():
        yield from (item for item in items_of(frame.items) if item.kind == "layer")


def _shared_subtree(name: str, items: list[Item]) -> Subtree | None:
    """Return the value that enough entries give an argument, None when there is none."""
    trees = [tree for item in items if (tree := argument_subtree(item.args, name))]
    plain = [tree for tree in trees if not any(map(_is_bound_to_place, tree.values()))]
    if not plain:
        return None
    key, count = Counter(map(_subtree_key, plain)).most_common(1)[0]
    tree = next(tree for tree in plain if _subtree_key(tree) == key)
    # A long one is worth a line of its own where a short one is not.
    least = _LEAST if len(tree) == 1 else _LEAST - 1
    if count < least or count < _SHARE * len(items):
        return None
    return tree


def _is_bound_to_place(leaf: Leaf) -> bool:
    """Return whether a value means something in its own place only."""
    if isinstance(leaf, tuple):
        return any(map(_is_bound_to_place, leaf))
    return isinstance(leaf, Formula | Slot)
