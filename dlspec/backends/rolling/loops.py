"""Entries that come again at once become `repeat` and `for`."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from dlspec.backends.rolling.alike_runs import LONGEST, Run, needs_names, refs_read_by_name, runs_of
from dlspec.backends.rolling.blocks import substitute_refs, write_formulas
from dlspec.backends.rolling.differences import Params, is_bound, params_of, value_of
from dlspec.backends.rolling.items import (
    REPEAT,
    Block,
    Formula,
    Item,
    Leaf,
    Program,
    Ref,
    Row,
    items_of,
    rows_of,
)
from dlspec.backends.rolling.sizes import DECLARATION, row_size, values_size

# `- for: {}` and `do:`. At half no line less, at double 820: seven of eight models lose their loop.
_OVERHEAD = 35
# At half no loop more, at double 805 lines.
_LEAST = 15
# Three are enough for the models measured; with two ResNet50 takes five lines more.
_MOST_VARIABLES = 5
# A line and a half of values. No model measured fills 80; with 60, 790 lines for 785.
_MOST_WIDTH = 160
# What a person writes one by one. VGG16 needs two: without, it takes five lines more.
_MOST_UNFOLDED = 4

_Index = dict[tuple[int, int, int], tuple[tuple[object, ...], Run]]


def _runs_by_place(program: Program) -> _Index:
    return {
        (id(run.row), run.start, run.end): (key, run)
        for key, runs in runs_of(program).items()
        for run in runs
    }


# -- repeat --------------------------------------------------------------------------------------


def fold_repeats(program: Program) -> None:
    """Let equal entries in a row become one with `repeat`."""
    index = _runs_by_place(program)
    for frame in program.frame_rows():
        for row in list(rows_of(frame)):
            for place in range(len(row.items) - 1, 0, -1):
                if _is_repeat_of_previous(row, place, index, program.blocks):
                    _join_with_previous(row, place)


def _is_repeat_of_previous(row: Row, place: int, index: _Index, blocks: dict[str, Block]) -> bool:
    """Return whether an item is the one before it again, and alone in reading that."""
    first = index.get((id(row), place - 1, place))
    second = index.get((id(row), place, place + 1))
    if first is None or second is None or (id(row), place - 1, place + 1) not in index:
        return False
    one, other = row.items[place - 1], row.items[place]
    if first[0] != second[0] or one.kind == "for" or len(first[1].outer) != 1:
        return False
    if second[1].outer != (Ref(one.uid),) or refs_read_by_name(other, Ref(one.uid)):
        return False
    counts = [value_of(item, REPEAT, blocks) for item in (one, other)]
    if any(isinstance(turns, Formula) for turns in counts):
        return False
    if any(needs_names(branch.items, branch.start) for branch in one.branches or ()):
        return False
    inside = zip(items_of([one]), items_of([other]), strict=True)
    return all(_have_equal_arguments(a, b, blocks, top=a is one) for a, b in inside)


def _have_equal_arguments(one: Item, other: Item, blocks: dict[str, Block], *, top: bool) -> bool:
    paths = {*one.args, *other.args} - ({REPEAT} if top else set())
    return all(
        repr(value_of(one, path, blocks)) == repr(value_of(other, path, blocks)) for path in paths
    )


def _join_with_previous(row: Row, place: int) -> None:
    """Let the item at a place stand for the one before it as well."""
    one, other = row.items[place - 1], row.items[place]
    source = row.flow(place - 1) if one.operands == [] else _source_of_item(one)
    assert source is not None
    substitute_refs([other], {Ref(one.uid): source})
    turns = _turns_of(one) + _turns_of(other)
    other.args.pop(REPEAT, None)
    other.args[REPEAT] = turns
    del row.items[place - 1]


def _turns_of(item: Item) -> int:
    turns = item.args.get(REPEAT, 1)
    assert isinstance(turns, int)
    return turns


def _source_of_item(item: Item) -> Ref | None:
    return item.flow if item.branches is not None else item.operands[0]


def unfold_repeats(program: Program) -> None:
    """Write repeated calls beside other calls of their block one by one, for a `for` to take."""
    used = {item.uid for frame in program.frame_rows() for item in items_of(frame.items)}
    fresh = count(max(used, default=0) + 1)
    for frame in program.frame_rows():
        for row in list(rows_of(frame)):
            for place in range(len(row.items) - 1, -1, -1):
                item = row.items[place]
                beside = [*row.items[max(place - 1, 0) : place], *row.items[place + 1 : place + 2]]
                if item.kind == "block" and any(other.head == item.head for other in beside):
                    row.items[place : place + 1] = _unfolded_calls(item, fresh)


def _unfolded_calls(item: Item, fresh: Iterator[int]) -> list[Item]:
    turns = item.args.get(REPEAT, 1)
    if not isinstance(turns, int) or turns > _MOST_UNFOLDED or item.main != 1:
        return [item]
    args = {path: leaf for path, leaf in item.args.items() if path != REPEAT}
    source, copies = item.operands[0], []
    for turn in range(turns):
        uid = item.uid if turn == turns - 1 else next(fresh)
        copies.append(Item("block", item.head, dict(args), [source], uid))
        source = Ref(uid)
    return copies


# -- for -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Loop:
    runs: list[Run]
    params: Params
    saving: int


def fold_loop(program: Program) -> bool:
    """Make a `for` of the turns that save most text; return whether there were any."""
    index = _runs_by_place(program)
    best: _Loop | None = None
    for frame, taken in _frames_with_taken_names(program):
        for row in rows_of(frame):
            for runs in _turn_chains(row, index):
                loop = _loop_candidate(runs, program, taken)
                if loop and loop.saving >= _LEAST and (not best or loop.saving > best.saving):
                    best = loop
    if best is None:
        return False
    _fold_turns(best)
    return True


def _frames_with_taken_names(program: Program) -> Iterator[tuple[Row, frozenset[str]]]:
    yield program.main, frozenset()
    for block in program.blocks.values():
        yield block.row, frozenset({*block.params, *block.defaults})


def _turn_chains(row: Row, index: _Index) -> Iterator[list[Run]]:
    """Yield the longest chains of runs of one look, each fed by the one before it alone."""
    size = len(row.items)
    for length in range(1, min(size // 2, LONGEST - 1) + 1):
        for start in range(size - 2 * length + 1):
            runs = _chain_of_runs(row, start, length, index)
            if len(runs) > 1:
                yield runs


def _chain_of_runs(row: Row, start: int, length: int, index: _Index) -> list[Run]:
    found = index.get((id(row), start, start + length))
    if found is None or len(found[1].outer) != 1:
        return []
    key, run = found
    if any(item.kind == "for" for item in items_of(run.items)):
        return []
    if needs_names(run.items, run.outer[0]):
        return []
    runs = [run]
    while True:
        place = start + len(runs) * length
        following = index.get((id(row), place, place + length))
        # The run that begins one item earlier is closed only if nothing else reads that item.
        joint = (id(row), place - 1, place + length) in index
        if following is None or not joint or following[0] != key:
            return runs
        if not following[1].is_fed_by_flow:
            return runs
        runs.append(following[1])


def _loop_candidate(runs: list[Run], program: Program, taken: frozenset[str]) -> _Loop | None:
    params = params_of(
        [run.items for run in runs], program.blocks, formulas_differ=False, taken=taken
    )
    if not 0 < len(params.values) <= _MOST_VARIABLES:
        return None
    if len(runs) == 2 and any(
        is_bound(leaf) for column in params.values.values() for leaf in column
    ):
        # Two entries read better than their params in a list.
        return None
    cost = sum(values_size(name, values) for name, values in params.values.items())
    if cost > _MOST_WIDTH:
        return None
    saving = sum(row_size(run.items) for run in runs[1:]) - _OVERHEAD - cost
    heads = [item.head for item in runs[0].items if item.kind == "block"]
    # A block that only the turns call is written in the loop itself afterwards.
    saving += sum(DECLARATION for head in heads if _num_block_calls(program, head) == len(runs))
    return _Loop(runs, params, saving)


def _num_block_calls(program: Program, head: str) -> int:
    return sum(
        item.head == head for frame in program.frame_rows() for item in items_of(frame.items)
    )


def _fold_turns(loop: _Loop) -> None:
    first, last = loop.runs[0], loop.runs[-1]
    row, end, uid = first.row, last.end, last.items[-1].uid
    body = list(first.items)
    write_formulas(body, loop.params)
    values: dict[str, list[Leaf]] = dict(loop.params.values)
    inner = Row(body, first.outer[0])
    row.items[first.start : end] = [
        Item("for", "for", {}, [first.outer[0]], uid, body=inner, variables=values)
    ]
