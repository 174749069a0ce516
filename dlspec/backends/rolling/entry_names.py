"""Which entries have a name, and which: those that are read by it, and those a person gave one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dlspec.backends.rolling.alike_runs import refs_read_by_name
from dlspec.backends.rolling.automatic_names import is_automatic
from dlspec.backends.rolling.items import INPUT, REPEAT, Item, Program, Ref, Row, items_of
from dlspec.expand.names import plain_head
from dlspec.language.keras_names import snake_case

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
INPUT_LETTERS = ("x", "y", "z")


@dataclass(slots=True)
class Names:
    """The names of one frame by uid; those in `shown` are written beside their entries."""

    inputs: Mapping[int, str]
    shown: dict[int, str] = field(default_factory=dict)

    def __getitem__(self, ref: Ref) -> str:
        """Return what an entry writes to read a tensor."""
        name = self.inputs.get(ref.uid) or self.shown[ref.uid]
        return name if ref.pick is None else f"{name}.{ref.pick}"


def main_names(
    program: Program,
    inputs: Mapping[int, str],
    original: Mapping[int, str],
    *,
    says_outputs: bool,
) -> Names:
    """Return the names of the outermost frame.

    Args:
        original: The names that the nodes had.
        says_outputs: Whether `outputs` names what leaves; the last entry leaves without a word.
    """
    names = Names(inputs)
    taken = set(inputs.values())
    first = first_calls(program)
    for item in _entries_expanded_once(program.main):
        # A layer that is called again has the name of its first call, whichever comes first here.
        name = original.get(item.uid if item.layer is None else item.layer, "")
        again = item.layer is not None and first[item.layer] != item.uid
        if again or item.kind in ("block", "for"):
            continue
        if _is_given(name, item) and name not in taken:
            names.shown[item.uid] = name
            taken.add(name)
    read = {
        *_uids_read_by_name(program.main),
        *first.values(),
        *(ref.uid for ref in program.read_outside if says_outputs),
    }
    _invent_entry_names(program.main, names, read, taken)
    return names


def block_names(row: Row, count: int) -> Names:
    """Return the names inside a block with `count` inputs."""
    inputs = {INPUT - number: INPUT_LETTERS[number] for number in range(count)}
    names = Names(inputs)
    _invent_entry_names(row, names, set(_uids_read_by_name(row)), set(inputs.values()))
    return names


def reads_input_by_name(row: Row) -> bool:
    """Return whether a block says where it reads its first input."""
    return any(uid == INPUT for uid in _uids_read_by_name(row))


def _entries_expanded_once(row: Row) -> Iterator[Item]:
    """Yield the entries that keep their names: those of the row that are expanded once."""
    return (item for item in row.items if REPEAT not in item.args)


def _is_given(name: str, item: Item) -> bool:
    """Return whether a person gave a name."""
    word = str(item.args[("model",)]) if item.kind == "use" else item.head
    return bool(_NAME.match(name)) and not is_automatic(name, word)


def _uids_read_by_name(row: Row) -> Iterator[int]:
    """Yield the uids that entries read by name."""
    return _uids_read_among_items(row.items, row.start)


def _uids_read_among_items(items: list[Item], flow: Ref | None) -> Iterator[int]:
    for item in items:
        yield from (ref.uid for ref in refs_read_by_name(item, flow))
        for inner in item.rows():
            yield from _uids_read_among_items(inner.items, inner.start)
        flow = Ref(item.uid)


def _in_text_order(row: Row) -> Iterator[Item]:
    yield from items_of(row.items)


def first_calls(program: Program) -> dict[int, int]:
    """Return for each layer that several entries call the uid of the first one in the text."""
    found: dict[int, int] = {}
    for item in _in_text_order(program.main):
        if item.layer is not None:
            found.setdefault(item.layer, item.uid)
    return found


def _invent_entry_names(row: Row, names: Names, read: set[int], taken: set[str]) -> None:
    for item in _in_text_order(row):
        if item.uid in read and item.uid not in names.shown:
            base = _base_of_entry_name(item)
            number = 1
            while (name := base if number == 1 else f"{base}_{number}") in taken:
                number += 1
            names.shown[item.uid] = name
            taken.add(name)


def _base_of_entry_name(item: Item) -> str:
    if item.kind == "for":
        return "stage"
    word = str(item.args[("model",)]) if item.kind == "use" else item.head
    base = snake_case(plain_head(word))
    if item.kind == "block":
        base = base.replace("re_lu", "relu")
    return base if _NAME.match(base) else f"n{base}"
