"""Parts of a plan as flat tables from path to value, and what differs between two of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from dlspec.language.catalogue import ListedObject, ModelRef, Object
from dlspec.language.expectations import Expectation
from dlspec.language.sections import Gate

Leaf = None | bool | int | float | str | tuple["Leaf", ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A value at a path.

    Attributes:
        by_default: Whether the spec leaves it to Keras.
        holds: Whether it stands for a mapping whose values follow, each at a path of its own.
    """

    value: Leaf
    by_default: bool = False
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None on a side where nothing stands at `path`.

    `was` is the path that it had before, of what is only called otherwise.
    """

    path: str
    before: Written | None
    after: Written | None
    was: str | None = None


Table = Mapping[str, Written]
_HOLDER = Written(value=True, holds=True)
# As git shortens a digest: enough to tell two apart.
_SHOWN_DIGITS = 12


def leaf_table(path: str, value: object) -> dict[str, Written]:
    """Return every single value inside a part of a plan, by its dotted path.

    Args:
        path: Where the value stands; "" for the whole.
    """
    return dict(_leaves_below(path, value))


def table_changes(before: Table, after: Table) -> tuple[Change, ...]:
    """Return what differs, in the order of the text; a default against nothing is no change."""
    found = []
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path), after.get(path)
        given = [side for side in (old, new) if side is not None and not side.by_default]
        if old != new and given:
            found.append(Change(path, old, new))
    return tuple(found)


def renamed_changes(before: Table, after: Table, was: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what differs, with what is only called otherwise.

    Args:
        was: The old path of each one of `after` that had another; what is below it moved with it.
    """
    moved = _moved_table(before, was)
    changed = {change.path: change for change in table_changes(moved, after)}
    for path, old in was.items():
        if old in before and path in after:
            changed[path] = Change(path, before[old], after[path], old)
    return tuple(changed[path] for path in dict.fromkeys((*moved, *after)) if path in changed)


def _moved_table(table: Table, was: Mapping[str, str]) -> dict[str, Written]:
    found = {}
    for path, side in table.items():
        for new, old in was.items():
            if path == old or path.startswith(f"{old}."):
                found[new + path.removeprefix(old)] = side
                break
        else:
            found[path] = side
    return found


def _leaves_below(path: str, value: object) -> Iterator[tuple[str, Written]]:  # noqa: C901 - one case per form
    match value:
        case None:
            return
        case Object():
            yield path, Written(value.class_name)
            yield from argument_leaves(path, value)
        case ModelRef(name=name):
            yield path, Written(f"model {name}")
        case bool() | int() | float() | str():
            yield path, Written(value)
        case tuple():
            yield from _list_leaves(path, value)
        case Mapping():
            yield path, _HOLDER
            for name, inner in value.items():
                yield from _leaves_below(_path_under(path, str(name)), inner)
        case _:
            assert is_dataclass(value), value
            yield path, _HOLDER
            for field in fields(value):
                if field.compare:
                    yield from _leaves_below(
                        _path_under(path, field.name.rstrip("_")), getattr(value, field.name)
                    )


def argument_leaves(path: str, made: Object) -> Iterator[tuple[str, Written]]:
    """Yield what a class is given and, marked so, what is set where nothing is given.

    Of a layer of the project's own, the beginning of its code's digest comes with it.
    """
    for name, inner in made.arguments.items():
        if inner is None:
            yield _path_under(path, name), Written(None)
        yield from _leaves_below(_path_under(path, name), inner)
    if isinstance(made, ListedObject):
        yield _path_under(path, "code"), Written(made.code[:_SHOWN_DIGITS])
    entry = made.entry
    for parameter in entry.parameters if entry else ():
        if not parameter.required and parameter.name not in made.arguments:
            default = _leaf_value(parameter.default)
            yield _path_under(path, parameter.name), Written(default, by_default=True)


def _list_leaves(path: str, items: tuple[object, ...]) -> Iterator[tuple[str, Written]]:
    if all(isinstance(item, Gate) for item in items):
        for gate in items:
            assert isinstance(gate, Gate)
            text = f"{gate.comparison} {gate.threshold:g}"
            yield _path_under(path, gate.metric), Written(text)
    elif any(isinstance(item, Object) and item.arguments for item in items):
        yield from _object_leaves(path, items)
    elif any(isinstance(item, Expectation) for item in items):
        yield path, _HOLDER
        for number, item in enumerate(items):
            below = path if len(items) == 1 else _path_under(path, str(number))
            yield from _leaves_below(below, item)
    else:
        yield path, Written(_leaf_value(items))


def _object_leaves(path: str, items: tuple[object, ...]) -> Iterator[tuple[str, Written]]:
    """Yield objects under their class, so that one added above the others moves none of them."""
    counts: dict[str, int] = {}
    for item in items:
        name = item.class_name if isinstance(item, Object) else str(_leaf_value(item))
        counts[name] = counts.get(name, 0) + 1
        own = _path_under(path, name if counts[name] == 1 else f"{name}_{counts[name]}")
        if isinstance(item, Object):
            yield own, _HOLDER
            yield from argument_leaves(own, item)
        else:
            yield own, Written(_leaf_value(item))


def _leaf_value(value: object) -> Leaf:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Object():
            return value.class_name
        case ModelRef(name=name):
            return f"model {name}"
        case tuple() | list():
            return tuple(_leaf_value(item) for item in value)
        case _:
            return str(value)


def _path_under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
