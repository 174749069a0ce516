"""Params in the order in which the text first reads them: `filters` stands before `filters_2`."""

import re
from collections.abc import Iterator, Mapping, Sequence

from dlspec.backends.rolling.differences import parameter_order
from dlspec.backends.rolling.items import REPEAT, Block, Formula, Item, Leaf, Program, Row, items_of

_NUMBER = re.compile(r"_(\d+)\Z")

_Blocks = Mapping[str, Block]


def order_params(program: Program) -> None:
    """Declare the params of blocks and the variables of loops in the order of their first use.

    The numbers behind names that are the same word follow that order as well. The blocks inside
    come first in `program.blocks`, so that the order of what they take is settled already.
    """
    for block in program.blocks.values():
        used = list(_names_read_by_formulas(block.row, program.blocks))
        needed, usual = (
            _names_by_first_use(block.params, used),
            _names_by_first_use(block.defaults, used),
        )
        names = _renumbered_names([*needed, *usual])
        block.params = {names[name]: block.params[name] for name in needed}
        block.defaults = {names[name]: block.defaults[name] for name in usual}
        _rename_formulas(block.row, names)
        for frame in program.frame_rows():
            for item in items_of(frame.items):
                if item.kind == "block" and item.head == block.name:
                    item.args = {(names.get(p[0], p[0]), *p[1:]): v for p, v in item.args.items()}
    for frame in program.frame_rows():
        for item in items_of(frame.items):
            if item.body is not None:
                _order_variables(item, program.blocks)


def _order_variables(item: Item, blocks: _Blocks) -> None:
    assert item.body is not None
    ordered = _names_by_first_use(item.variables, list(_names_read_by_formulas(item.body, blocks)))
    names = _renumbered_names(ordered)
    item.variables = {names[name]: item.variables[name] for name in ordered}
    _rename_formulas(item.body, names)


def _names_by_first_use(names: Mapping[str, object], used: Sequence[str]) -> list[str]:
    places = {name: place for place, name in reversed(list(enumerate(used)))}
    return sorted(names, key=lambda name: places.get(name, len(used)))


def _renumbered_names(names: Sequence[str]) -> dict[str, str]:
    """Return new names, the same ones again: those of one word go up in the order given."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_NUMBER.sub("", name), []).append(name)
    return {
        name: new
        for group in groups.values()
        for name, new in zip(group, sorted(group, key=_number_in_name), strict=True)
    }


def _number_in_name(name: str) -> int:
    found = _NUMBER.search(name)
    return int(found[1]) if found else 1


def _names_read_by_formulas(row: Row, blocks: _Blocks) -> Iterator[str]:
    """Yield the names that formulas read, in the order of the text."""
    for item in row.items:
        order = [name for name in parameter_order(item, blocks) if name != REPEAT[0]]
        places = {name: place for place, name in enumerate(order)}
        for path in sorted(item.args, key=lambda path: places.get(path[0], len(places))):
            yield from _formula_names_in_leaf(item.args[path])
        for values in item.variables.values():
            yield from _formula_names_in_leaf(tuple(values))
        for inner in item.rows():
            yield from _names_read_by_formulas(inner, blocks)


def _formula_names_in_leaf(leaf: Leaf) -> Iterator[str]:
    if isinstance(leaf, Formula):
        yield leaf.name
    elif isinstance(leaf, tuple):
        for item in leaf:
            yield from _formula_names_in_leaf(item)


def _rename_formulas(row: Row, names: Mapping[str, str]) -> None:
    for item in items_of(row.items):
        item.args = {path: _leaf_with_new_names(leaf, names) for path, leaf in item.args.items()}
        item.variables = {
            word: [_leaf_with_new_names(leaf, names) for leaf in values]
            for word, values in item.variables.items()
        }


def _leaf_with_new_names(leaf: Leaf, names: Mapping[str, str]) -> Leaf:
    if isinstance(leaf, tuple):
        return tuple(_leaf_with_new_names(item, names) for item in leaf)
    if isinstance(leaf, Formula):
        return Formula(names.get(leaf.name, leaf.name), leaf.sign, leaf.factor)
    return leaf
