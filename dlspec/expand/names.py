"""Lexical names in a graph: what an entry may refer to, and what a new node is called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest

from dlspec.decode.spec import EntrySpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import Flow, Pointer
from dlspec.language.keras_names import snake_case
from dlspec.syntax.nodes import Scalar
from dlspec.syntax.scalars import POISON, Poison

# Gathering the names of a frame takes about a tenth of a microsecond for each.
_NAMES_IN_A_STEP = 5
# Two lines of a terminal; whoever has more names than that searches the text.
_MOST_LISTED = 20


def plain_head(head: str) -> str:
    """Return a function without its modules, `resize` for `ops.image.resize`; else the head."""
    return head.rpartition(".")[2] if head.startswith("ops.") else head


def explicit_names(entries: tuple[EntrySpec, ...]) -> frozenset[str]:
    """Return the names that entries of one frame are given, so that automatic ones avoid them."""
    names: set[str] = set()
    for entry in entries:
        if entry.name is not None:
            names.add(str(entry.name.value))
        elif entry.kind == "for":
            names |= explicit_names(entry.body)
        for branch in entry.branches or ():
            names |= explicit_names(branch)
    return frozenset(names)


@dataclass(slots=True)
class Frame:
    """The names of one block, one turn of a named `for`, or one model.

    `prefix` ends with a dot and begins a node's full name. A block sees nothing outside itself; a
    turn of a `for` sees the names around it through `outer`.
    """

    prefix: str
    reporter: Reporter
    outer: "Frame | None" = None
    visible: dict[str, Flow] = field(default_factory=dict)
    declared: dict[str, Span] = field(default_factory=dict)
    later: frozenset[str] = frozenset()
    # What the block behind a name gives where that is several tensors; nothing if it is left out.
    given: dict[str, Mapping[str, Flow]] = field(default_factory=dict)
    # The names of entries that `if` or `repeat` leaves out: they mean what comes in.
    passed: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)

    def automatic(self, class_name: str) -> str:
        """Return the next free automatic name of a class: `dense`, then `dense_1`."""
        base = snake_case(class_name)
        while True:
            count = self._counts.get(base, 0)
            self._counts[base] = count + 1
            name = f"{base}_{count}" if count else base
            if name not in self.declared and name not in self.later:
                return name

    def declare_name(self, name: str, span: Span) -> str:
        """Claim a local name and return the full one; a name taken already is reported."""
        if name in self.declared:
            self.reporter.error(
                Code.DUPLICATE_NAME,
                span,
                f"the name `{self.prefix}{name}` is taken",
                label="given here again",
                help="give each entry a name of its own; a named `for` numbers those inside it",
            )
            return self.declare_name(self.automatic(name), span)
        self.declared[name] = span
        return self.prefix + name

    def bind(self, name: str, flow: Flow) -> None:
        """Let `name` mean a tensor, or several, from here on."""
        self.visible[name] = flow

    def bind_given(self, name: str, given: Mapping[str, Flow] | None) -> None:
        """Let `name.output` mean each of several tensors, and refuse another output of `name`."""
        if given is None:
            return
        self.given[name] = given
        for output, flow in given.items():
            self.bind(f"{name}.{output}", flow)

    def given_by(self, name: str) -> Mapping[str, Flow] | None:
        """Return the outputs of a block by name; None if it gives one, or `name` is no block."""
        if name in self.visible:
            return self.given.get(name)
        return self.outer.given_by(name) if self.outer else None

    def find(self, name: Scalar) -> Flow:
        """Return what a written name means, or report it and return poison."""
        found = self.lookup(name)
        if found is None:
            self._report_unknown_tensor_name(str(name.value), name.span)
            return POISON
        return found

    def find_one(self, name: Scalar) -> Pointer | Poison:
        """Return the one tensor that a written name means; several, or none, are reported."""
        found = self.find(name)
        if isinstance(found, Pointer | Poison):
            return found
        passed = f"the `if` of `{name.value}` leaves it out, and what comes in passes through"
        self.reporter.error(
            Code.INPUT_COUNT,
            name.span,
            "one tensor is wanted here",
            label=f"`{name.value}` is {len(found)} of them",
            notes=(passed,) if self._is_passed(str(name.value)) else (),
            help="name one entry or input",
        )
        return POISON

    def _is_passed(self, name: str) -> bool:
        if name in self.visible:
            return name in self.passed
        return self.outer is not None and self.outer._is_passed(name)

    def lookup(self, name: Scalar) -> Flow | None:
        """Return what a written name means here; None when nothing has it."""
        text = str(name.value)
        found = self._visible_flow(text)
        if found is not None:
            return _flow_named_at(found, name.span)
        base, _, pick = text.rpartition(".")
        given = self.given_by(base)
        if given is not None:
            place = int(pick) if pick.isdecimal() else len(given)
            picked = list(given.values())[place : place + 1]
            return _flow_named_at(picked[0], name.span) if picked else None
        found = self._visible_flow(base) if base else None
        if isinstance(found, Pointer) and found.pick is None:
            return Pointer(found.node, pick, name.span)
        return POISON if isinstance(found, Poison) else None

    def _visible_flow(self, name: str) -> Flow | None:
        if name in self.visible:
            return self.visible[name]
        return self.outer._visible_flow(name) if self.outer else None

    def _report_unknown_tensor_name(self, text: str, span: Span) -> None:
        base, _, pick = text.rpartition(".")
        given = self.given_by(base)
        if given is not None:
            self._report_unknown_output(base, pick, given, span)
            return
        several = self._visible_flow(base) if base else None
        if isinstance(several, tuple | Mapping):
            self.reporter.error(
                Code.UNKNOWN_OUTPUT,
                span,
                f"`{base}` has no output `{pick}`",
                label=f"it is the {len(several)} tensors that come in: its `if` leaves it out",
                help="name one entry or input",
            )
            return
        names, all_later = set(self._all_names()), self._all_later()
        later = not all_later.isdisjoint((text, base))
        self.reporter.spend((len(names) + len(all_later)) // _NAMES_IN_A_STEP, span)
        near = replacement_word(text, names, work=self.reporter.work)
        self.reporter.error(
            Code.USED_BEFORE_DECLARED if later else Code.UNKNOWN_NAME,
            span,
            f"`{text}` is used before it is declared" if later else f"nothing is called `{text}`",
            label="declared further down" if later else "no input and no entry above has this name",
            help="move its entry up" if later else (near or _known_names_help(names)),
        )

    def _report_unknown_output(
        self, base: str, pick: str, given: Mapping[str, Flow], span: Span
    ) -> None:
        near = replacement_word(pick, given, work=self.reporter.work)
        meant = Replacement(f"{base}.{near.text}", certain=near.certain) if near else None
        self.reporter.error(
            Code.UNKNOWN_OUTPUT,
            span,
            f"`{base}` has no output `{pick}`",
            label=f"its outputs are {', '.join(given)}"
            if given
            else "its `if` or `repeat` leaves it out, and what came in passes through",
            help=(meant or f"write `{base}.{next(iter(given))}`")
            if given
            else f"name `{base}` alone, or leave this entry out too",
        )

    def _all_names(self) -> Iterable[str]:
        yield from self.visible
        if self.outer:
            yield from self.outer._all_names()

    def _all_later(self) -> frozenset[str]:
        return self.later | (self.outer._all_later() if self.outer else frozenset())


def _known_names_help(names: set[str]) -> str | None:
    shown = nsmallest(_MOST_LISTED, names)
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"the names are {', '.join(shown)}{more}" if names else None


def _flow_named_at(flow: Flow, span: Span) -> Flow:
    return Pointer(flow.node, flow.pick, span) if isinstance(flow, Pointer) else flow
