"""Fragments that come again become blocks, the one that saves most first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlspec.backends.rolling.alike_runs import Run, needs_names, runs_of
from dlspec.backends.rolling.differences import Params, default_among, params_of, type_name
from dlspec.backends.rolling.entry_names import INPUT_LETTERS
from dlspec.backends.rolling.items import (
    INPUT,
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
from dlspec.backends.rolling.sizes import DECLARATION, leaf_size, row_size

# As long as `- Block: {filters: 64}`. At half 776 lines for 785, nine less for MobileNetV3Small; at
# double 798, thirteen more for ResNet50V2.
_CALL = 22
# A name in `from: [x, y]`. At half NASNetMobile takes three lines more, at double none less.
_INPUT = 14
# At half 783 lines, at double 800.
_LEAST = 50
# A fragment of this size, met twice in a row, is a block before what holds it.
_WORTHY = 45
# A pair that a block tears apart. At half 773 lines, with blocks that end between a convolution and
# its activation; at double 803.
_CUT = 50
# As many as there are letters for them; with one NASNetMobile takes 206 lines more.
_MOST_INPUTS = len(INPUT_LETTERS)
# With three 844 lines, with twelve 779: six lines less, 85 characters more, in MobileNetV3.
_MOST_PARAMS = 6
# What a person reads as one: the second of a pair belongs to the first.
_FOLLOWERS = ("Activation", "BatchNormalization", "ReLU", "LeakyReLU", "PReLU")
_WEIGHTED = ("Conv", "Dense", "Depthwise", "Separable")


@dataclass(frozen=True, slots=True)
class _Candidate:
    runs: list[Run]
    params: Params
    saving: int


def extract_blocks(program: Program) -> bool:
    """Make a block of the fragment that saves most text; return whether there was one."""
    found = runs_of(program)
    squares = _squares_by_row(found)
    ranked = sorted(_promising_runs(found, program.blocks), key=lambda found: -found[0])
    plain = [one for one in ranked if not any(_holds_square(run, squares) for run in one[1][:1])]
    best = _best_block_candidate(plain, program) or _best_block_candidate(ranked, program)
    if best is None:
        return False
    _extract_block(best, program)
    return True


_Squares = dict[int, list[tuple[int, int]]]


def _squares_by_row(found: Mapping[tuple[object, ...], list[Run]]) -> _Squares:
    """Return by row where a fragment stands twice in a row: it should be a block first."""
    squares: _Squares = {}
    for runs in found.values():
        if len(runs) < 2 or len(runs[0].outer) != 1:
            continue
        if row_size(runs[0].items) < _WORTHY or len(runs[0].items) == 1:
            continue
        ends = {(id(run.row), run.end) for run in runs}
        for run in runs:
            if (id(run.row), run.start) in ends and run.is_fed_by_flow:
                squares.setdefault(id(run.row), []).append((2 * run.start - run.end, run.end))
    return squares


def _holds_square(run: Run, squares: _Squares) -> bool:
    """Return whether a run, or a branch in it, has a fragment twice in a row."""
    here = squares.get(id(run.row), ())
    if any(run.start <= start and end <= run.end for start, end in here):
        return True
    return any(
        id(row) in squares for item in run.items for inner in item.rows() for row in rows_of(inner)
    )


def _best_block_candidate(
    ranked: list[tuple[int, list[Run]]], program: Program
) -> _Candidate | None:
    best: _Candidate | None = None
    for most, runs in ranked:
        if most < _LEAST or (best is not None and most <= best.saving):
            break
        candidate = _block_candidate(runs, program)
        if candidate and (best is None or candidate.saving > best.saving):
            best = candidate
    return best if best is not None and best.saving >= _LEAST else None


def _promising_runs(
    found: Mapping[tuple[object, ...], list[Run]], blocks: Mapping[str, Block]
) -> list[tuple[int, list[Run]]]:
    """Return disjoint runs of each look with what a block of them saves at most."""
    promising = []
    for runs in found.values():
        if len(runs) < 2 or not 0 < len(runs[0].outer) <= _MOST_INPUTS:
            continue
        if len(runs[0].items) == 1 and runs[0].items[0].branches is None:
            continue
        apart = _disjoint_runs(runs)
        if len(apart) < 2:
            continue
        sizes = [row_size(run.items) for run in apart]
        calls = (_CALL + _INPUT * (len(apart[0].outer) - 1)) * len(apart)
        most = sum(sizes) - min(sizes) - calls - DECLARATION - _charge_for_cuts(apart, blocks)
        promising.append((most, apart))
    return promising


def _disjoint_runs(runs: Sequence[Run]) -> list[Run]:
    ends: dict[int, int] = {}
    apart = []
    for run in runs:
        if run.start >= ends.get(id(run.row), 0):
            ends[id(run.row)] = run.end
            apart.append(run)
    return apart


def _charge_for_cuts(runs: Sequence[Run], blocks: Mapping[str, Block]) -> int:
    """Return a charge for each pair of entries that a person would not tear apart."""
    torn = 0
    for run in runs:
        items = run.row.items
        for place in (run.start, run.end):
            if 0 < place < len(items):
                torn += _belong_together(
                    _boundary_entry(items[place - 1], -1, blocks),
                    _boundary_entry(items[place], 0, blocks),
                )
    return torn * _CUT


def _boundary_entry(item: Item, place: int, blocks: Mapping[str, Block]) -> Item:
    """Return the first or last entry of what an item stands for."""
    while item.kind == "block":
        item = blocks[item.head].row.items[place]
    return item


def _belong_together(first: Item, second: Item) -> bool:
    follows = second.head in _FOLLOWERS
    weighted = first.head.startswith(_WEIGHTED) or first.head == "BatchNormalization"
    return follows and (weighted or first.branches is not None)


def _block_candidate(runs: list[Run], program: Program) -> _Candidate | None:
    params = params_of([run.items for run in runs], program.blocks, formulas_differ=True)
    if len(params.values) > _MOST_PARAMS:
        equal = _largest_equal_runs(runs)
        return _block_candidate(equal, program) if 1 < len(equal) < len(runs) else None
    saving = sum(row_size(run.items) for run in runs) - row_size(runs[0].items) - DECLARATION
    saving -= (_CALL + _INPUT * (len(runs[0].outer) - 1)) * len(runs) + _charge_for_cuts(
        runs, program.blocks
    )
    for name, values in params.values.items():
        usual, default = default_among(values)
        given = [v for v in values if not usual or repr(v) != repr(default)]
        saving -= len(name) + 8 + sum(leaf_size(value) + 2 for value in given)
    return _Candidate(runs, params, saving)


def _largest_equal_runs(runs: list[Run]) -> list[Run]:
    """Return the largest part of the runs that have the same arguments."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        written = [sorted(map(repr, item.args.items())) for item in items_of(run.items)]
        groups.setdefault(repr(written), []).append(run)
    return max(groups.values(), key=len)


def _extract_block(found: _Candidate, program: Program) -> None:
    runs, params = found.runs, found.params
    body = list(runs[0].items)
    calls = [(run, _block_call_item(run)) for run in runs]
    # A name for the time being: what is in it changes with the blocks to come.
    name = f"B{program.made}"
    program.made += 1
    needed: dict[str, str] = {}
    defaults: dict[str, Leaf] = {}
    for param, values in params.values.items():
        usual, default = default_among(values)
        if usual:
            defaults[param] = default
        else:
            needed[param] = type_name(params.words[param], values)
        for (_, call), value in zip(calls, values, strict=True):
            if not usual or repr(value) != repr(default):
                call.args[(param,)] = value
    for run, call in sorted(calls, key=lambda found: -found[0].start):
        call.head = name
        call.args = _call_args_in_order(call.args, [*needed, *defaults])
        run.row.items[run.start : run.end] = [call]
    inside = {ref: Ref(INPUT - number) for number, ref in enumerate(runs[0].outer)}
    substitute_refs(body, inside)
    write_formulas(body, params)
    start = Ref(INPUT) if len(inside) == 1 else None
    program.blocks[name] = Block(name, needed, defaults, len(inside), Row(body, start))


def _call_args_in_order(
    args: Mapping[tuple[str, ...], Leaf], order: list[str]
) -> dict[tuple[str, ...], Leaf]:
    return {(name,): args[(name,)] for name in order if (name,) in args}


def _block_call_item(run: Run) -> Item:
    form = "one" if len(run.outer) == 1 else "list"
    last = run.items[-1]
    return Item("block", "", {}, list(run.outer), last.uid, main=len(run.outer), form=form)  # type: ignore[arg-type]  # one of the two


def write_formulas(items: list[Item], params: Params) -> None:
    """Put the params into the items in the place of what differs."""
    inside = list(items_of(items))
    for number, path, formula in params.written:
        inside[number].args[path] = formula


def substitute_refs(items: list[Item], inside: Mapping[Ref, Ref]) -> None:
    """Let items read other tensors, all inside them included."""
    for item in items_of(items):
        item.operands = [inside.get(ref, ref) for ref in item.operands]
        item.flow = inside.get(item.flow, item.flow) if item.flow else None
        for row in item.rows():
            row.start = inside.get(row.start, row.start) if row.start else None


def inline_blocks(program: Program) -> bool:
    """Write a block that is called once at its call again; return whether there was one."""
    for block in program.blocks.values():
        calls = [
            (row, place)
            for frame in program.frame_rows()
            for row in rows_of(frame)
            for place, item in enumerate(row.items)
            if item.kind == "block" and item.head == block.name
        ]
        named = needs_names(block.row.items, block.row.start)
        if len(calls) != 1 or (named and calls[0][0] not in _rows_with_names(program)):
            continue
        if _inline_block_call(block, *calls[0], program):
            del program.blocks[block.name]
            return True
    return False


def _rows_with_names(program: Program) -> list[Row]:
    """Return the rows whose entries are expanded once, so that names in them are one each."""
    found = list(program.frame_rows())
    for row in found:
        found += [
            branch
            for item in row.items
            if REPEAT not in item.args
            for branch in item.branches or ()
        ]
    return found


def _inline_block_call(block: Block, row: Row, place: int, program: Program) -> bool:
    call = row.items[place]
    if REPEAT in call.args:
        return False
    given = {
        name: call.args.get((name,), block.defaults.get(name))
        for name in _param_names_of_block(block)
    }
    written: list[tuple[Item, tuple[str, ...], Leaf]] = []
    for item in items_of(block.row.items):
        for path, leaf in item.args.items():
            try:
                written.append((item, path, _leaf_with_given_params(leaf, given)))
            except _TooLongError:
                return False
    for item, path, value in written:
        item.args[path] = value
    outside = {Ref(INPUT - number): ref for number, ref in enumerate(call.operands)}
    body = _items_with_fresh_uids(block.row.items, call.uid, program)
    substitute_refs(body, outside)
    row.items[place : place + 1] = body
    return True


def _param_names_of_block(block: Block) -> list[str]:
    return [*block.params, *block.defaults]


class _TooLongError(ValueError):
    """A formula of a formula, which would need brackets."""


def _leaf_with_given_params(leaf: Leaf, given: Mapping[str, Leaf]) -> Leaf:
    if isinstance(leaf, tuple):
        return tuple(_leaf_with_given_params(item, given) for item in leaf)
    if isinstance(leaf, Formula) and leaf.name in given:
        return _formula_value(leaf, given[leaf.name])
    return leaf


def _formula_value(formula: Formula, given: Leaf) -> Leaf:
    """Return what a formula gives where its param has a value, or is a formula itself."""
    if not formula.sign:
        return given
    if isinstance(given, Formula):
        if given.sign and given.sign != formula.sign:
            raise _TooLongError
        return Formula(given.name, formula.sign, given.factor * formula.factor)
    assert isinstance(given, int)
    return given * formula.factor if formula.sign == "*" else given // formula.factor


def _items_with_fresh_uids(items: list[Item], last: int, program: Program) -> list[Item]:
    """Give items uids of their own: those of the fragment that they came from are gone."""
    used = {item.uid for frame in program.frame_rows() for item in items_of(frame.items)}
    free = max(used) + 1
    renamed = {}
    for item in items_of(items):
        renamed[item.uid] = free
        free += 1
    renamed[items[-1].uid] = last
    refs = {
        ref: Ref(renamed[ref.uid], ref.pick)
        for item in items_of(items)
        for ref in (*item.operands, *([item.flow] if item.flow else ()))
        if ref.uid in renamed
    }
    starts = {Ref(uid): Ref(new) for uid, new in renamed.items()}
    for item in items_of(items):
        item.uid = renamed[item.uid]
    substitute_refs(items, starts | refs)
    return items
