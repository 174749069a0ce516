"""YAML text -> a tree of nodes, each with its place and its YAML 1.2 core value."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related, Reporter
from dlspec.diagnostics.source import Source, Span, span_at_offset
from dlspec.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from dlspec.syntax.scalars import POISON, HugeNumberError, Value, core_value
from dlspec.syntax.spec_files import MAX_BYTES
from dlspec.syntax.yaml_refusals import Mark, report_character, report_refusal

# A file of the size limit in lines of 50 characters.
MAX_LINES = 200_000
# The deepest packaged spec has 11. Lists 200 deep are still read, at 400 Python's recursion ends.
MAX_DEPTH = 100
# Enough for a graph of 10,000 layers; a file of that size is still read within a second.
MAX_NODES = 100_000


# Nodes counted once per alias, so that an alias bomb ends here and not in the expander.
MAX_EXPANDED_NODES = 200_000


# More mistakes than that in the bare text: it is no spec, and nobody reads on.
MAX_MISTAKES = 200


# How many commas an unquoted expression is looked through for its `)`.
MAX_PIECES = 8


# libyaml is ten times faster; without it the pure reader gives the same events.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def parse(source: Source, reporter: Reporter) -> Mapping | None:
    """Read the one mapping that `source` holds, and report all that is wrong with the text.

    Returns:
        The mapping, without the entries that were refused; None when nothing usable was read.
    """
    size = len(source.text)
    if size > MAX_BYTES or source.text.count("\n") > MAX_LINES:
        reporter.error(
            Code.TOO_LARGE,
            span_at_offset(source, 0),
            "the spec is too large",
            label=f"more than {MAX_BYTES:_} characters or {MAX_LINES:_} lines",
        )
        return None
    if report_character(source, reporter):
        return None
    builder = _Builder(source, reporter)
    try:
        builder.read()
    except yaml.YAMLError as error:
        report_refusal(source, error, reporter)
        return None
    except _LimitError:
        return None
    return _one_mapping(builder.root, source, reporter)


def _one_mapping(root: Node | None, source: Source, reporter: Reporter) -> Mapping | None:
    if isinstance(root, Mapping):
        return root
    if root is None or (isinstance(root, Scalar) and root.value is None):
        message, span, label = (
            "the text holds no spec",
            span_at_offset(source, 0),
            "nothing to read",
        )
    else:
        message, span = "a spec is one mapping", root.span
        label = "a list" if isinstance(root, Sequence) else "a single value"
    help_text = "begin with `dlspec: 1` and `name:` on lines of their own"
    reporter.error(Code.NOT_ONE_MAPPING, span, message, label=label, help=help_text)
    return None


class _LimitError(Exception):
    """Reading stopped at a limit, which has been reported."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read; a mapping's keys and values alternate."""

    event: yaml.CollectionStartEvent
    is_mapping: bool
    children: list[Node] = field(default_factory=list)
    # Of the collections inside only: scalars are the many, and count as they are appended.
    nested_size: int = 0
    height: int = 2

    @property
    def size(self) -> int:
        """Return the nodes down from here, those behind an alias counted each time."""
        return 1 + len(self.children) + self.nested_size


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias repeats; `node` is None while the collection is still open."""

    node: Node | None
    size: int
    height: int


@dataclass(slots=True)
class _Builder:
    """Turns PyYAML's events into nodes; state, because events nest and nodes come bottom-up."""

    source: Source
    reporter: Reporter
    root: Node | None = None
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, _Anchored] = field(default_factory=dict)
    _mistakes: int = 0

    def read(self) -> None:
        """Read the first document; report a second one and leave it unread."""
        for count, event in enumerate(yaml.parse(self.source.text, Loader=_LOADER)):
            if count > MAX_NODES:
                self._stop_at_limit(event, Code.TOO_LARGE, f"more than {MAX_NODES:_} values")
            if isinstance(event, yaml.ScalarEvent):
                self._attach_scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin_collection(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end_collection(event)
            elif isinstance(event, yaml.AliasEvent):
                self._repeat_anchored_node(event)
            elif isinstance(event, yaml.DocumentStartEvent) and not self._begin_document(event):
                return

    def _begin_document(self, event: yaml.DocumentStartEvent) -> bool:
        span = self._span_between_marks(event.start_mark, event.end_mark)
        if self.root is not None:
            message, label = "a file holds one spec", "a second one begins"
            self._report_text_mistake(Code.NOT_ONE_MAPPING, span, message, label=label)
            return False
        if event.version not in (None, (1, 2)):
            label = "asks for another version"
            self._report_text_mistake(Code.YAML_SYNTAX, span, "specs are YAML 1.2", label=label)
        return True

    def _begin_collection(self, event: yaml.CollectionStartEvent) -> None:
        self._refuse_tag(event)
        if len(self._open) >= MAX_DEPTH:
            self._stop_at_limit(event, Code.TOO_LARGE, f"more than {MAX_DEPTH} levels of nesting")
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(None, 0, 0)
        self._open.append(_Open(event, isinstance(event, yaml.MappingStartEvent)))

    def _end_collection(self, event: yaml.CollectionEndEvent) -> None:
        done = self._open.pop()
        children = done.children
        span = self._span_between_marks(done.event.start_mark, event.end_mark)
        if not done.event.flow_style and children:
            # A block ends where its last child does; its end event stands at the next token.
            last = children[-1].span
            span = span.extended_to(last)
        if done.event.flow_style:
            self._rejoin_cut_expressions(children, step=2 if done.is_mapping else 1)
        node: Node
        if done.is_mapping:
            node = Mapping(self._distinct_mapping_entries(children), span)
        else:
            node = Sequence(tuple(children), span)
        if done.event.anchor is not None:
            self._anchors[done.event.anchor] = _Anchored(node, done.size, done.height)
        self._attach_node(node, done.size, done.height)

    def _attach_node(self, node: Node, size: int, height: int) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.children.append(node)
        parent.nested_size += size - 1
        parent.height = max(parent.height, height + 1)

    def _repeat_anchored_node(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        found = self._anchors.get(name)
        if found is None or found.node is None:
            span = self._span_between_marks(event.start_mark, event.end_mark)
            label = f"no `&{name}` above" if found is None else "stands inside itself"
            self._report_text_mistake(
                Code.ALIAS, span, f"alias `*{name}` repeats nothing", label=label
            )
            self._attach_node(Scalar(POISON, span), 1, 1)  # type: ignore[arg-type]  # no value
            return
        if len(self._open) + found.height > MAX_DEPTH:
            self._stop_at_limit(event, Code.TOO_LARGE, f"more than {MAX_DEPTH} levels of nesting")
        if sum(o.size for o in self._open) + found.size > MAX_EXPANDED_NODES:
            label = f"aliases expand to more than {MAX_EXPANDED_NODES:_} values"
            self._stop_at_limit(event, Code.ALIAS, label)
        self._attach_node(found.node, found.size, found.height)

    def _attach_scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            self._refuse_tag(event)
        span = self._span_between_marks(event.start_mark, event.end_mark)
        parent = self._open[-1] if self._open else None
        text: str = event.value
        if event.style:
            node = Scalar(text, span, quoted=True)
        else:
            node = Scalar(self._core_value_or_nearest(text, span), span)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, 1)
        if parent is None:
            self.root = node
        else:
            parent.children.append(node)

    def _core_value_or_nearest(self, text: str, span: Span) -> Value:
        try:
            return core_value(text)
        except HugeNumberError as error:
            message = f"the number `{_shortened_excerpt(text)}` is out of range"
            self._report_text_mistake(Code.HUGE_NUMBER, span, message, label=str(error))
            return error.nearest

    def _distinct_mapping_entries(self, children: list[Node]) -> tuple[Entry, ...]:
        kept: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            name = key.value if isinstance(key, Scalar) else None
            if not isinstance(key, Scalar) or not isinstance(name, str):
                name = self._report_refused_key(key)
                key = Scalar(name, key.span)
            if name == "<<" and not key.quoted:
                message = "a merge key hides where values come from"
                help_text = "write the entries out, or share them by `defaults` or `blocks`"
                self._report_text_mistake(
                    Code.MERGE_KEY, key.span, message, label="", help=help_text
                )
                merged.append(value)
            elif name in kept:
                self._report_duplicate_key(key, kept[name].key)
            elif name is not None:
                kept[name] = Entry(key, value)
        # Reported, and followed all the same: what it brings is not missed further down.
        taken = {entry.name: entry for value in merged for entry in _entries_in(value)}
        return tuple({**taken, **kept}.values())

    def _report_refused_key(self, key: Node) -> str | None:
        written = key.span.text
        if not isinstance(key, Scalar) or not written:
            missing = isinstance(key, Scalar)
            message = "a key is missing" if missing else "a list or a mapping cannot be a key"
            help_text = "write a name before the `:`"
            self._report_text_mistake(
                Code.KEY_NOT_TEXT, key.span, message, label="", help=help_text
            )
            return None
        message = f"the key `{_shortened_excerpt(written)}` is not text"
        label = "YAML reads a number, a truth value or null"
        help_text = f'write `"{_shortened_excerpt(written)}"`, in quotes'
        self._report_text_mistake(Code.KEY_NOT_TEXT, key.span, message, label=label, help=help_text)
        return written

    def _report_duplicate_key(self, second: Scalar, first: Scalar) -> None:
        message = f"the key `{_shortened_excerpt(str(second.value))}` stands twice in one mapping"
        label = "the second"
        related = Related(first.span, "the first")
        self._report_text_mistake(
            Code.DUPLICATE_KEY, second.span, message, label=label, related=related
        )

    def _rejoin_cut_expressions(self, children: list[Node], *, step: int) -> None:
        """Put together again what YAML cut at the commas of an unquoted expression."""
        for start, first in enumerate(children):
            if not _is_cut_expression(first):
                continue
            for end in range(start + step, len(children), step)[:MAX_PIECES]:
                # In a mapping each further piece has become a key with nothing behind it.
                last, empty = children[end - step + 1], children[end]
                whole = first.span.extended_to(last.span)
                if not whole.text or (step == 2 and empty.span.text):
                    break
                if _count_unclosed_parentheses(whole.text) == 0:
                    self._report_cut_expression(whole)
                    children[start : end + 1] = [Scalar(whole.text, whole)]
                    break

    def _report_cut_expression(self, span: Span) -> None:
        message = "an expression with a comma stands unquoted in brackets or braces"
        label, help_text = (
            "YAML ends values at a comma",
            f'write `"{_shortened_excerpt(span.text)}"`',
        )
        self._report_text_mistake(
            Code.EXPRESSION_SYNTAX, span, message, label=label, help=help_text
        )

    def _refuse_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            span = self._span_between_marks(event.start_mark, event.start_mark)
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            message = f"the tag `{_shortened_excerpt(written)}` is not taken"
            help_text = "leave the tag out; a value's type follows from its place"
            self._report_text_mistake(Code.TAG, span, message, label="", help=help_text)

    def _stop_at_limit(self, event: yaml.Event, code: Code, label: str) -> None:
        span = self._span_between_marks(event.start_mark, event.start_mark)
        self.reporter.error(code, span, "the spec is too large", label=label)
        raise _LimitError

    def _report_text_mistake(
        self,
        code: Code,
        span: Span,
        message: str,
        *,
        label: str,
        help: str | None = None,
        related: Related | None = None,
    ) -> None:
        self._mistakes += 1
        if self._mistakes > MAX_MISTAKES:
            message = f"more than {MAX_MISTAKES} mistakes in the text"
            self.reporter.error(Code.TOO_LARGE, span, message, label="reading stopped here")
            raise _LimitError
        places = () if related is None else (related,)
        self.reporter.error(code, span, message, label=label, help=help, related=places)

    def _span_between_marks(self, start: Mark, end: Mark) -> Span:
        assert start, "every event of a text is marked"
        assert end, "every event of a text is marked"
        return Span(self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _entries_in(node: Node) -> Iterator[Entry]:
    """Yield the entries that a merge key takes over, the first of equal keys last."""
    if isinstance(node, Mapping):
        yield from node.entries
    elif isinstance(node, Sequence):
        for item in reversed(node.items):
            yield from _entries_in(item)


def _shortened_excerpt(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _is_cut_expression(node: Node) -> bool:
    if not isinstance(node, Scalar) or node.quoted or not isinstance(node.value, str):
        return False
    text = node.value
    return (
        text.startswith("$") and not text.startswith("$$") and _count_unclosed_parentheses(text) > 0
    )


def _count_unclosed_parentheses(text: str) -> int:
    return text.count("(") - text.count(")")
