"""What differs between runs that look alike, as params: equal columns share one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from dlspec.backends.rolling.items import (
    REPEAT,
    Block,
    Formula,
    Item,
    Leaf,
    Path,
    default_of,
    items_of,
    parameter_of,
)

# Arguments that count the same thing: one may stand for the other, or be a multiple of it.
_WIDTHS = frozenset({"filters", "units", "key_dim", "embed_dim", "output_dim"})
# With 16, 788 lines for 785; with 32 as many as with 64 and with twice that.
_MOST_FACTOR = 64
# Columns with so many different values are not equal by chance.
_NO_CHANCE = 3
_SHORT_NAMES = {"repeat": "n"}
_TYPE_NAMES = ("int", "float", "bool", "str", "list", "any")
_TAKEN = frozenset(
    {"and", "ceil", "else", "floor", "if", "len", "max", "min", "not", "or", "round"}
)


@dataclass(slots=True)
class Params:
    """What runs of one look are called with.

    Attributes:
        values: The values of each param, one for each run.
        written: What stands for each argument that differs: number of the item, path, formula.
        words: The argument that each param is named after.
        taken: Names that no param may have.
    """

    values: dict[str, list[Leaf]] = field(default_factory=dict)
    written: list[tuple[int, Path, Leaf]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()


def params_of(
    runs: Sequence[list[Item]],
    blocks: Mapping[str, Block],
    *,
    formulas_differ: bool,
    taken: frozenset[str] = frozenset(),
) -> Params:
    """Return the params for which runs of one look become one.

    Args:
        formulas_differ: Whether a formula must become a param even where all runs have it.
        taken: Names that mean something else there.
    """
    found = Params(taken=taken)
    lists = []
    for number, same in enumerate(zip(*(items_of(items) for items in runs), strict=True)):
        for path in _argument_paths_in_order(same, blocks):
            column = [value_of(item, path, blocks) for item in same]
            if len(set(map(repr, column))) == 1 and not (formulas_differ and is_bound(column[0])):
                continue
            if all(isinstance(value, tuple) for value in column):
                lists.append((number, path, column))
            else:
                _add_param(found, number, path, column)
    # Lists come last: the width in them may be a param already.
    for number, path, column in lists:
        _add_list(found, number, path, column)
    return found


def is_bound(leaf: Leaf) -> bool:
    """Return whether a value reads a param."""
    if isinstance(leaf, tuple):
        return any(map(is_bound, leaf))
    return isinstance(leaf, Formula)


def _add_list(found: Params, number: int, path: Path, column: list[Leaf]) -> None:
    """Write a list with formulas in it where its items follow from params, else as a param."""
    items = _by_item(found, column)
    if items is None:
        _add_param(found, number, path, column)
    else:
        found.written.append((number, path, items))


def _by_item(found: Params, column: list[Leaf]) -> tuple[Leaf, ...] | None:
    tuples = [value for value in column if isinstance(value, tuple)]
    if len({len(value) for value in tuples}) != 1:
        return None
    written: list[Leaf] = []
    for items in zip(*tuples, strict=True):
        if len(set(map(repr, items))) == 1 and not isinstance(items[0], Formula):
            written.append(items[0])
            continue
        formulas = (
            _formula_between_columns(name, values, list(items))
            for name, values in found.values.items()
            if _is_width(found.words[name])
        )
        formula = next((f for f in formulas if f is not None and f.sign != "//"), None)
        if formula is None:
            return None
        written.append(formula)
    return tuple(written)


def _argument_paths_in_order(items: Sequence[Item], blocks: Mapping[str, Block]) -> list[Path]:
    """Return the paths of arguments that any of the items has, in the order of the parameters."""
    found = dict.fromkeys(path for item in items for path in item.args)
    order = parameter_order(items[0], blocks)
    places = {name: place for place, name in enumerate(order)}
    return sorted(found, key=lambda path: (places.get(path[0], len(places)), path))


def parameter_order(item: Item, blocks: Mapping[str, Block]) -> list[str]:
    """Return the names of what the head of an item takes, in order."""
    if item.kind == "block":
        return [*blocks[item.head].params, *blocks[item.head].defaults]
    return [p.name for p in item.entry.parameters] if item.entry else []


def value_of(item: Item, path: Path, blocks: Mapping[str, Block]) -> Leaf:
    """Return an argument of an item, or its default."""
    if path in item.args:
        return item.args[path]
    if path == REPEAT:
        return 1
    if item.kind == "block":
        return blocks[item.head].defaults[path[0]]
    parameter = parameter_of(item, path)
    assert parameter is not None, (item.head, path)
    return default_of(parameter)


def _add_param(found: Params, number: int, path: Path, column: list[Leaf]) -> None:
    word = path[-1]
    for name, values in found.values.items():
        if not _may_share_param(word, name, found, column):
            continue
        formula = _formula_between_columns(name, values, column)
        if formula is not None and formula.sign != "//":
            found.written.append((number, path, formula))
            return
        if formula is not None:
            _rebase_param(found, name, formula.factor)
            found.values[name] = column
            found.written.append((number, path, Formula(name)))
            return
    name = _free_param_name(_SHORT_NAMES.get(word, word), {*found.values, *found.taken})
    found.values[name] = column
    found.words[name] = word
    found.written.append((number, path, Formula(name)))


def _is_formula_of_param(leaf: Leaf, name: str) -> TypeGuard[Formula]:
    return isinstance(leaf, Formula) and leaf.name == name


def _rebase_param(found: Params, name: str, factor: int) -> None:
    """Let a param be what it is divided by a factor, so that formulas only multiply."""
    found.written = [
        (n, p, Formula(name, "*", f.factor * factor) if _is_formula_of_param(f, name) else f)
        for n, p, f in found.written
    ]


def _are_equal_columns(one: list[Leaf], other: list[Leaf]) -> bool:
    return list(map(repr, one)) == list(map(repr, other))


def _may_share_param(word: str, name: str, found: Params, column: list[Leaf]) -> bool:
    if len(set(map(repr, column))) >= _NO_CHANCE and _are_equal_columns(found.values[name], column):
        return True
    other = found.words[name]
    return _word_without_number(word) == _word_without_number(other) or (
        _is_width(word) and _is_width(other)
    )


def _word_without_number(word: str) -> str:
    return word.rstrip("0123456789").rstrip("_")


def _is_width(word: str) -> bool:
    return _word_without_number(word) in _WIDTHS


def _formula_between_columns(name: str, values: list[Leaf], column: list[Leaf]) -> Formula | None:
    """Return the formula that gives a column from a param's values."""
    if _are_equal_columns(values, column):
        return Formula(name)
    pairs = [(a, b) for a, b in zip(values, column, strict=True)]
    if not all(type(a) is int and type(b) is int and a > 0 and b > 0 for a, b in pairs):
        return None
    whole = [(a, b) for a, b in pairs if type(a) is int and type(b) is int]
    up = {b // a if b % a == 0 else 0 for a, b in whole}
    down = {a // b if a % b == 0 else 0 for a, b in whole}
    for sign, factors in (("*", up), ("//", down)):
        factor = factors.pop() if len(factors) == 1 else 0
        if 1 < factor <= _MOST_FACTOR:
            return Formula(name, sign, factor)
    return None


def _free_param_name(word: str, taken: set[str]) -> str:
    base = f"{word}_" if word in _TAKEN else word
    names = [base, *(f"{base}_{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def default_among(values: list[Leaf]) -> tuple[bool, Leaf]:
    """Return whether most runs have one value, and that value."""
    counts = Counter(repr(value) for value in values)
    text, count = counts.most_common(1)[0]
    value = next(value for value in values if repr(value) == text)
    most = count > len(values) / 2 and count > 1
    # A default that is the name of a type would be read as that type.
    return most and not isinstance(value, Formula) and value not in _TYPE_NAMES, value


def type_name(word: str, values: list[Leaf]) -> str:
    """Return the type name that the declaration of a param has.

    Args:
        word: The argument that it stands for, which tells where all values are formulas.
    """
    types = {_leaf_type_name(value) for value in values}
    if "" in types:
        return "int" if _is_width(word) or word in _SHORT_NAMES else "any"
    if types == {"int", "float"}:
        return "float"
    return types.pop() if len(types) == 1 else "any"


def _leaf_type_name(value: Leaf) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "str"
        case tuple():
            return "list"
        case Formula():
            return ""
        case _:
            return "any"
