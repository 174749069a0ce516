"""Runs of items that look alike, and what reads into and out of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dlspec.backends.rolling.items import (
    REPEAT,
    Formula,
    Item,
    Path,
    Program,
    Ref,
    Row,
    is_fixed,
    items_of,
    parameter_of,
    refs_read_by_item,
    rows_of,
)

LONGEST = 24
"""The most items of a run."""

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Items `start` to `end` of a row, and what they read from outside, in order."""

    row: Row
    start: int
    end: int
    outer: tuple[Ref, ...]

    @property
    def items(self) -> list[Item]:
        """Return the items of the run."""
        return self.row.items[self.start : self.end]

    @property
    def is_fed_by_flow(self) -> bool:
        """Return whether the run reads what flows into it and nothing else."""
        return self.outer == (self.row.flow(self.start),)


def runs_of(program: Program) -> dict[_Key, list[Run]]:
    """Return all runs by what they have in common; those of one key differ in arguments alone."""
    found: dict[_Key, list[Run]] = {}
    numbers: dict[str, int] = {}
    for frame in program.frame_rows():
        outside = program.read_outside if frame is program.main else ()
        read = Counter(ref.uid for item in items_of(frame.items) for ref in refs_read_by_item(item))
        read.update(ref.uid for ref in outside)
        for row in rows_of(frame):
            looks = [numbers.setdefault(fixed_item_text(i), len(numbers)) for i in row.items]
            for start in range(len(row.items)):
                for key, run in _runs_from_item(row, start, looks, read, program.kept):
                    found.setdefault(key, []).append(run)
    return found


def _runs_from_item(
    row: Row, start: int, looks: list[int], read: Counter[int], kept: frozenset[int]
) -> Iterator[tuple[_Key, Run]]:
    """Yield the runs that begin at an item and that nothing reads the inside of."""
    inner: dict[int, int] = {}
    outer: dict[Ref, int] = {}
    pattern: list[object] = []
    asked = answered = 0
    for end in range(start + 1, min(start + LONGEST, len(row.items)) + 1):
        last = row.items[end - 1]
        if any(i.uid in kept or i.layer is not None for i in items_of([last])):
            return
        pattern.append(("item", looks[end - 1]))
        for event in item_reads_and_uids(last):
            if isinstance(event, int):
                inner[event] = len(inner)
                asked += read[event]
            elif event.uid in inner:
                answered += 1
                pattern.append((inner[event.uid], event.pick))
            else:
                pattern.append(("in", outer.setdefault(event, len(outer))))
        # What reads the last item may stand outside.
        if asked - read[last.uid] == answered:
            yield tuple(pattern), Run(row, start, end, tuple(outer))


def item_reads_and_uids(item: Item) -> Iterator[int | Ref]:
    """Yield what an item and those inside it read, each with the item's uid behind its reads."""
    for row in item.rows():
        for inner in row.items:
            yield from item_reads_and_uids(inner)
    yield from refs_read_by_item(item)
    yield item.uid


def fixed_item_text(item: Item) -> str:
    """Return what no param can change of an item, as text."""
    fixed = sorted(f"{p}{leaf!r}" for p, leaf in item.args.items() if not is_variable(item, p))
    inner = [[fixed_item_text(i) for i in row.items] for row in item.rows()]
    loop = [f"{name}{values!r}" for name, values in item.variables.items()]
    own = (item.kind, item.head, item.form, item.main, item.keys, item.trainable)
    return f"{own}{fixed}{inner}{loop}"


def is_variable(item: Item, path: Path) -> bool:
    """Return whether a param can stand for an argument."""
    if path == REPEAT:
        return True
    if isinstance(item.args[path], Formula):
        return True
    if is_fixed(item.args[path]):
        return False
    return item.kind == "block" or parameter_of(item, path) is not None


def refs_read_by_name(item: Item, flow: Ref | None) -> list[Ref]:
    """Return what an entry must read by name where `flow` is what comes from the one above."""
    if item.branches is not None:
        first = [item.flow] if item.flow is not None else []
    elif item.main == 1 and item.form == "one":
        first = item.operands[:1]
    else:
        return list(item.operands)
    rest = item.operands[item.main :]
    return rest if first == [flow] or not first else [*first, *rest]


def needs_names(items: list[Item], flow: Ref | None) -> bool:
    """Return whether an item of a row, or one in its branches, reads anything by name."""
    for item in items:
        if refs_read_by_name(item, flow) or any(
            needs_names(r.items, r.start) for r in item.branches or ()
        ):
            return True
        flow = Ref(item.uid)
    return False
