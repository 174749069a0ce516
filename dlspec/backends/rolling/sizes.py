"""How long entries are as text, near enough to choose between two ways of writing them.

Lines told beside the numbers of this folder are those of `benchmarks/rolling_thresholds.py`: 785
for eight specs and eight networks of `keras.applications`, with the number as it is.
"""

from collections.abc import Iterable

from dlspec.backends.rolling.items import REPEAT, ClassMark, Item, Leaf

# What a line costs beside its characters: the eye's way to the next one.
_LINE = 12
# Without a keyword stand at most those: with one 776 lines, with four 794.
_PLAIN_POSITIONS = 2
# What declares a block beside its rows: `Block:`, `params:`, `graph:`. At half 809 lines, fewer
# loops in place of a block; at double 802, fewer blocks.
DECLARATION = 60


def row_size(items: Iterable[Item]) -> int:
    """Return the size of entries in a row."""
    return sum(map(item_size, items))


def item_size(item: Item) -> int:
    """Return the size of one entry with all inside it."""
    size = len(item.head) + _LINE
    for number, (path, leaf) in enumerate(item.args.items()):
        named = number >= _PLAIN_POSITIONS or path == REPEAT or len(path) > 1
        size += leaf_size(leaf) + 2 + (len(path[-1]) if named else 0)
    if item.branches is not None:
        size += _LINE + sum(4 + row_size(row.items) for row in item.branches)
    if item.body is not None:
        size += _LINE + row_size(item.body.items)
        size += sum(values_size(name, values) for name, values in item.variables.items())
    if item.main > 1 and item.branches is None:
        size += 10 * item.main
    return size


def values_size(name: str, values: Iterable[Leaf]) -> int:
    """Return the size of a list of values under a name."""
    return len(name) + 4 + sum(leaf_size(value) + 2 for value in values)


def leaf_size(leaf: Leaf) -> int:
    """Return the size of one argument's value."""
    return len(leaf.name) if isinstance(leaf, ClassMark) else len(str(leaf))
