"""Rows of entries: `from`, `if`, `repeat`, `for`, branches and blocks, down to single calls."""

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from contextlib import contextmanager
from dataclasses import dataclass

from dlspec.decode.catalogue_objects import checked_arguments
from dlspec.decode.spec import BlockSpec, EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related
from dlspec.diagnostics.source import Span
from dlspec.expand.block_tensors import bind_block_inputs, block_outputs
from dlspec.expand.flat import Flow, Pointer
from dlspec.expand.graph_nodes import (
    MOST_NODES,
    MOST_STEPS,
    Expansion,
    Place,
    make_node,
    poison_entry,
    require_flow,
    trainable_of,
)
from dlspec.expand.left_out import mark_entry_read, named_in
from dlspec.expand.loop_variables import loop_values, report_unread_variables
from dlspec.expand.names import Frame
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, Sequence
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import (
    Scope,
    mark_all_read,
    plain_value,
    scalar_help,
    substitute_expressions,
)

# Rows inside rows, five calls of Python each: half of the thousand that Python allows.
_MOST_DEPTH = 100
# A block without entries costs several times what an entry does: a frame, a scope, its arguments.
_BLOCK_STEPS = 20
# Around a named loop each name inside is one more text: 280,000 of them took 1.3 s of CPU and are
# refused; 9,500 layers in five named loops, 48,000 of them, are not.
_NAME_STEPS = 6


@dataclass(slots=True)
class Unroller:
    """Expands rows into `state.nodes`; `open_blocks` are the blocks being expanded now."""

    state: Expansion
    open_blocks: tuple[str, ...] = ()
    # Rows that stand inside each other now: of blocks, loops and branches.
    depth: int = 0

    def row(
        self, entries: tuple[EntrySpec, ...], frame: Frame, scope: Scope, flow: Flow | None
    ) -> Flow | None:
        """Expand entries in order and return what the last one gives."""
        if entries and self.depth >= _MOST_DEPTH:
            help_ = "let fewer blocks, loops and branches stand inside each other"
            self._report_too_large(entries[0], f"{_MOST_DEPTH} levels", help_=help_)
            return POISON
        self.depth += 1
        for entry in entries:
            flow = self._expand_entry(entry, frame, scope, flow)
        self.depth -= 1
        return flow

    def _expand_entry(
        self, entry: EntrySpec, frame: Frame, scope: Scope, flow: Flow | None
    ) -> Flow | None:
        self.state.budget.steps -= 1
        if self.state.budget.is_spent:
            self._report_too_large(entry)
            return POISON
        if entry.source is not None:
            flow = self._flow_from_source(entry.source, frame, scope)
        if not self._condition_holds(entry.condition, scope):
            self._leave_out(entry, scope)
            self._pass_through(entry, frame, flow)
            return flow
        if entry.kind == "for":
            return self._expand_for(entry, frame, scope, flow)
        if entry.repeat is None:
            name = str(entry.name.value) if entry.name is not None else None
            return self._expand_call(entry, Place(frame, scope, name), flow)
        return self._expand_repeat(entry, frame, scope, flow)

    def _report_too_large(
        self,
        entry: EntrySpec,
        most: str | None = None,
        *,
        help_: str = "lower the counts of `for` and `repeat`",
    ) -> None:
        budget = self.state.budget
        if not budget.reported:
            budget.reported = True
            # What stands behind the limit is not known to be unused.
            self.state.used.update(self.state.blocks, self.state.models, self.state.defaults)
            self.state.used.update(self.state.around)
            if most is None:
                most = f"{MOST_NODES:_} nodes" if budget.nodes <= 0 else f"{MOST_STEPS:_} steps"
            self.state.reporter.error(
                Code.EXPANSION_TOO_LARGE,
                entry.span,
                f"the graph expands to more than {most}",
                label="the limit is reached here",
                help=help_,
            )

    def _flow_from_source(self, node: Node, frame: Frame, scope: Scope) -> Flow:
        node = substitute_expressions(node, scope, self.state.reporter)
        match node:
            case Scalar(value=str()):
                return frame.find(node)
            case Sequence():
                self.state.budget.steps -= len(node.items)
                return _join_flows([self._one_from_source(i, frame, scope) for i in node.items])
            case MappingNode():
                named = {e.name: self._one_from_source(e.value, frame, scope) for e in node}
                pointers = {n: flow for n, flow in named.items() if isinstance(flow, Pointer)}
                return pointers if len(pointers) == len(named) else POISON
            case _:
                self.state.wrong(node, "`from` takes a name, a list or a mapping of names")
                return POISON

    def _one_from_source(self, node: Node, frame: Frame, scope: Scope) -> Pointer | Poison:
        node = substitute_expressions(node, scope, self.state.reporter)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return frame.find_one(node)
        return self._require_one_tensor(self._flow_from_source(node, frame, scope), node.span)

    def _require_one_tensor(self, flow: Flow | None, span: Span) -> Pointer | Poison:
        """Return a flow that is one tensor; several, or none, are reported."""
        if isinstance(flow, Pointer | Poison):
            return flow
        self.state.reporter.error(
            Code.INPUT_COUNT,
            span,
            "one tensor is wanted here",
            label=f"{len(flow)} come together" if flow else "nothing comes in",
            help="name one entry or input",
        )
        return POISON

    def _condition_holds(self, condition: Node | None, scope: Scope) -> bool:
        if condition is None:
            return True
        value = substitute_expressions(condition, scope, self.state.reporter)
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return value.value
        help_ = scalar_help(value, wanted="boolean")
        self.state.wrong(value, "`if` takes true or false", help=help_)
        return True

    def _expand_call(self, entry: EntrySpec, place: Place, flow: Flow | None) -> Flow | None:
        if entry.branches is not None:
            with self._trainable_inside(entry, place.scope):
                rows = [self.row(b, place.frame, place.scope, flow) for b in entry.branches]
            flow = _join_flows([self._require_one_tensor(row, entry.span) for row in rows])
        block = self._block_of(entry)
        if block is not None:
            return self._expand_block(entry, block, place, flow)
        return make_node(entry, place, flow, self.state)

    # -- repeat and for ----------------------------------------------------------------------

    def _expand_repeat(
        self, entry: EntrySpec, frame: Frame, scope: Scope, flow: Flow | None
    ) -> Flow | None:
        assert entry.repeat is not None
        node = substitute_expressions(entry.repeat, scope, self.state.reporter)
        count = plain_value(node)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            self.state.wrong(node, "`repeat` takes a whole number of at least 0")
            return poison_entry(entry, Place(frame, scope, None))
        if not count:
            self._leave_out(entry, scope)
            self._pass_through(entry, frame, flow)
            return flow
        given, taken = None, flow
        for turn in range(1, count + 1):
            self.state.budget.steps -= 1
            name = self._name_of_turn(entry, frame, turn)
            flow = self._expand_call(entry, Place(frame, scope, name), taken)
            if self.state.budget.is_spent:
                self._report_too_large(entry)
                return POISON
            given = frame.given_by(name) if name is not None else None
            taken = self._into_next_turn(entry, flow, given)
        if entry.name is not None and flow is not None:
            frame.bind(str(entry.name.value), flow)
            frame.bind_given(str(entry.name.value), given)
        return flow

    def _name_of_turn(self, entry: EntrySpec, frame: Frame, turn: int) -> str | None:
        if entry.name is not None:
            return f"{entry.name.value}{turn}"
        block = self._block_of(entry)
        return frame.automatic(str(entry.word.value)) if block is not None else None

    def _into_next_turn(
        self, entry: EntrySpec, flow: Flow | None, given: Mapping[str, Flow] | None
    ) -> Flow | None:
        """Return what the next turn of a `repeat` takes: of several outputs as many as it can."""
        block = self._block_of(entry)
        wanted = block.inputs if block is not None else None
        if given is None or not isinstance(wanted, tuple) or len(wanted) != len(given):
            return flow
        return _join_flows([one for one in given.values() if isinstance(one, Pointer)])

    def _pass_through(self, entry: EntrySpec, frame: Frame, flow: Flow | None) -> None:
        """Let the name of an entry that makes no node mean what comes in."""
        if entry.name is None or flow is None:
            return
        frame.bind(str(entry.name.value), flow)
        frame.passed.add(str(entry.name.value))
        block = self._block_of(entry)
        if block is not None and block.outputs is not None:
            frame.bind_given(str(entry.name.value), {})

    def _block_of(self, entry: EntrySpec) -> BlockSpec | None:
        """Return the block that an entry names; None if it is no block."""
        word = entry.word.value
        if entry.kind != "layer" or not isinstance(word, str):
            return None
        return self.state.blocks.get(word)

    def _expand_for(
        self, entry: EntrySpec, frame: Frame, scope: Scope, flow: Flow | None
    ) -> Flow | None:
        lists = loop_values(entry, scope, self.state)
        if lists is None:
            self._leave_out(entry, scope)
            return POISON
        with self._trainable_inside(entry, scope):
            return self._expand_for_turns(entry, frame, scope, flow, lists)

    def _expand_for_turns(
        self,
        entry: EntrySpec,
        frame: Frame,
        scope: Scope,
        flow: Flow | None,
        lists: Mapping[str, SequenceOf[object]],
    ) -> Flow | None:
        turns = len(next(iter(lists.values()), ()))
        read: set[str] = set()
        taken = flow
        for turn in range(turns):
            self.state.budget.steps -= 1
            inner = Scope({name: values[turn] for name, values in lists.items()}, scope, read)
            if entry.name is None:
                flow = taken = self.row(entry.body, frame, inner, taken)
            else:
                name = f"{entry.name.value}{turn + 1}"
                flow = self._expand_named_turn(entry, frame, inner, taken, name)
                taken = self._carried_by_turn(entry, frame, flow, name)
            if self.state.budget.is_spent:
                self._report_too_large(entry)
                return POISON
        if turns:
            report_unread_variables(entry.argument, read, self.state.reporter)
        else:
            self._leave_out(entry, scope)
        return flow

    def _carried_by_turn(
        self, entry: EntrySpec, frame: Frame, flow: Flow | None, name: str
    ) -> Flow | None:
        """Return what the next turn takes; of a loop over one block all that the block takes."""
        assert entry.name is not None
        only = entry.body[0] if len(entry.body) == 1 else None
        if only is None or only.name is None:
            return flow
        given = frame.given_by(f"{name}.{only.name.value}")
        frame.bind_given(str(entry.name.value), given)
        return self._into_next_turn(only, flow, given)

    def _expand_named_turn(
        self, entry: EntrySpec, frame: Frame, scope: Scope, flow: Flow | None, name: str
    ) -> Flow | None:
        assert entry.name is not None
        prefix = frame.declare_name(name, entry.name.span) + "."
        later = self.state.names_inside(entry, entry.body)
        inner = Frame(prefix, self.state.reporter, outer=frame, later=later)
        flow = self.row(entry.body, inner, scope, flow)
        self.state.reporter.spend(_NAME_STEPS * len(inner.visible), entry.span)
        for local, bound in inner.visible.items():
            frame.bind(f"{name}.{local}", bound)
        for local, given in inner.given.items():
            frame.given[f"{name}.{local}"] = given
        if flow is not None:
            frame.bind(name, flow)
            frame.bind(str(entry.name.value), flow)
        return flow

    # -- blocks ------------------------------------------------------------------------------

    def _expand_block(
        self, entry: EntrySpec, block: BlockSpec, place: Place, flow: Flow | None
    ) -> Flow | None:
        word = str(entry.word.value)
        self.state.budget.steps -= _BLOCK_STEPS
        self.state.used.add(word)
        if word in self.open_blocks:
            self.state.reporter.error(
                Code.RECURSION,
                entry.word.span,
                f"the block `{word}` uses itself",
                label=" -> ".join((*self.open_blocks, word)),
                help="count with `repeat` or `for` instead",
            )
            return poison_entry(entry, place)
        own = self._block_param_values(entry, place)
        local = place.name if place.name is not None else place.frame.automatic(word)
        full = place.frame.declare_name(local, entry.name.span if entry.name else entry.span)
        later = self.state.names_inside(block, block.entries)
        inner = Frame(full + ".", self.state.reporter, later=later)
        start = bind_block_inputs(block, inner, require_flow(flow, entry, inner.reporter), entry)
        scope = Scope(own, self.state.file, self.state.block_reads.setdefault(word, set()))
        with self._inside_block(entry, full), self._trainable_inside(entry, place.scope):
            result = self.row(block.entries, inner, scope, start)
            if block.outputs is not None:
                result, given = block_outputs(block.outputs, inner, scope)
                place.frame.bind_given(local, given)
        if result is not None:
            place.frame.bind(local, result)
        return result

    def _leave_out(self, entry: EntrySpec, scope: Scope) -> None:
        """Count what an entry names as used and its params as read, though it makes no node."""
        waiting = [(entry, scope)]
        while waiting and not self.state.budget.is_spent:
            left, seen_from = waiting.pop()
            self.state.budget.steps -= self.state.size_of(left)
            mark_entry_read(left, seen_from)
            for word in named_in(left):
                block = self.state.blocks.get(word)
                if block is not None and word not in self.state.used:
                    for inner in block.entries:
                        waiting.append((inner, self.state.file))
                        mark_all_read(inner.condition, self.state.file)
                    mark_all_read(block.outputs, self.state.file)
                self.state.used.add(word)

    @contextmanager
    def _inside_block(self, entry: EntrySpec, full: str) -> Iterator[None]:
        word = str(entry.word.value)
        before, self.open_blocks = self.open_blocks, (*self.open_blocks, word)
        trail = Related(entry.span, f"`{word}` is used here, as `{full}`")
        with self.state.reporter.with_trail(trail):
            yield
        self.open_blocks = before

    @contextmanager
    def _trainable_inside(self, entry: EntrySpec, scope: Scope) -> Iterator[None]:
        """Let what an entry says of training hold for the entries inside that say nothing."""
        before = self.state.trainable
        self.state.trainable = trainable_of(entry, scope, self.state)
        yield
        self.state.trainable = before

    def _block_param_values(self, entry: EntrySpec, place: Place) -> dict[str, object]:
        found = self.state.block_entries[str(entry.word.value)]
        self.state.reporter.spend(len(found.parameters), entry.span)
        written = (
            substitute_expressions(entry.argument, place.scope, self.state.reporter)
            if entry.argument is not None
            else None
        )
        arguments = checked_arguments(
            found,
            written,
            head=entry.word.span,
            target=self.state.target,
            reporter=self.state.reporter,
        )
        defaults = {p.name: p.default for p in found.parameters if not p.required}
        return {**defaults, **arguments.values}


def _join_flows(flows: list[Pointer | Poison]) -> Flow:
    pointers = tuple(flow for flow in flows if isinstance(flow, Pointer))
    return pointers if len(pointers) == len(flows) else POISON
