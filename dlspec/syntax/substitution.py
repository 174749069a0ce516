"""Nodes to plain values: `$` expressions evaluated in a scope, lists to tuples."""

import re
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.diagnostics.work import WorkSpentError
from dlspec.syntax import expressions
from dlspec.syntax.nodes import Entry, Node, Scalar, Sequence
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON, HugeNumberError, Poison, core_value

# A step is half a microsecond: looking an expression up and its names takes about five.
_EXPRESSION_STEPS = 10
# A node for one part of its value takes two.
_PART_STEPS = 4
# Reading a text that is new takes about three for each character.
_CHARACTER_STEPS = 5
# No expression of a shipped spec is longer; a message stays one line.
_SHOWN_EXPRESSION = 120
# A loop reads the same texts in every turn; one of 500 characters makes a tree of some 50 kB.
_MOST_KEPT = 256


@dataclass(slots=True)
class ParsedTexts:
    """The expressions that one compilation read last, by their texts."""

    _kept: dict[str, expressions.Expression] = field(default_factory=dict)

    def expression(self, text: str, span: Span, reporter: Reporter) -> expressions.Expression:
        """Return the expression of a text.

        Raises:
            ExpressionError: If the text is not an expression.
        """
        reporter.spend(_EXPRESSION_STEPS, span)
        if text not in self._kept:
            # A text of more characters is refused unread.
            reporter.spend(min(len(text), expressions.MAX_CHARACTERS) * _CHARACTER_STEPS, span)
            if len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[text] = expressions.parse_expression(text)
        return self._kept[text]


@dataclass(slots=True)
class Scope:
    """The names that `$` expressions see: own ones first, then those of the scope outside.

    `read` collects which of its own names an expression used; `later` holds those that are declared
    further down.
    """

    own: Mapping[str, object]
    outer: "Scope | None" = None
    read: set[str] = field(default_factory=set)
    later: frozenset[str] = frozenset()
    parsed: ParsedTexts = field(default_factory=ParsedTexts)

    def __post_init__(self) -> None:
        """Share what is parsed with the scope outside."""
        if self.outer:
            self.parsed = self.outer.parsed

    def names(self) -> Mapping[str, object]:
        """Return every visible name with its value; nothing is copied, as each expression asks."""
        own = cast(MutableMapping[str, object], self.own)  # ChainMap asks for it, only to write
        return ChainMap(own, *self.outer._own_names()) if self.outer else self.own

    def _own_names(self) -> list[MutableMapping[str, object]]:
        outside = self.outer._own_names() if self.outer else []
        return [cast(MutableMapping[str, object], self.own), *outside]

    def mark_read(self, name: str) -> None:
        """Note that an expression used `name`, in the scope that holds it."""
        if name in self.own:
            self.read.add(name)
        elif self.outer:
            self.outer.mark_read(name)


def substitute_expressions(node: Node, scope: Scope, reporter: Reporter) -> Node:
    """Return `node` with every expression in it replaced by its value; places stay."""
    match node:
        case Scalar(value=str(text)):
            if expressions.is_expression_text(text):
                value = _evaluate_expression_scalar(text, node, scope, reporter)
                reporter.spend(expressions.count_parts(value) * _PART_STEPS, node.span)
                return as_node(value, node.span)
            return replace(node, value=expressions.unescape_dollar(text)) if "$" in text else node
        case Sequence():
            reporter.spend(len(node.items), node.span)
            return Sequence(
                tuple(substitute_expressions(i, scope, reporter) for i in node.items), node.span
            )
        case MappingNode():
            reporter.spend(len(node.entries), node.span)
            entries = (
                Entry(e.key, substitute_expressions(e.value, scope, reporter)) for e in node.entries
            )
            return MappingNode(tuple(entries), node.span)
        case _:
            return node


def _evaluate_expression_scalar(
    text: str, node: Scalar, scope: Scope, reporter: Reporter
) -> object:
    shown = text if len(text) <= _SHOWN_EXPRESSION else f"{text[:_SHOWN_EXPRESSION]}..."
    try:
        expression = scope.parsed.expression(text[1:], node.span, reporter)
        names = scope.names()
        for name in expression.names:
            scope.mark_read(name)
        if any(isinstance(names.get(name), Poison) for name in expression.names):
            return POISON
        return expressions.evaluate_expression(expression, names, work=reporter.work)
    except WorkSpentError as error:
        raise WorkSpentError(node.span) from error
    except expressions.ExpressionError as error:
        mark_all_read(node, scope)
        _mark_meant_read(error, scope)
        word = text[1 + error.offset : 1 + error.offset + error.length]
        early = error.code is Code.EXPRESSION_NAME and word in scope.later
        reporter.error(
            error.code,
            node.span_of_part(1 + error.offset, error.length),
            f"`{shown}` {_PROBLEMS[error.code]}",
            label=error.message,
            help=f"move `{word}` up: a param sees those above it" if early else error.help,
        )
        return POISON


def _mark_meant_read(error: expressions.ExpressionError, scope: Scope) -> None:
    """Count the name that a mistyped one was meant to be as read: one mistake, one finding."""
    for name in _WORD.findall(str(error.help or "")):
        scope.mark_read(name)


_PROBLEMS = {
    Code.EXPRESSION_SYNTAX: "is not an expression",
    Code.EXPRESSION_VALUE: "has no value",
    Code.EXPRESSION_NAME: "uses a name that is not there",
}


_WORD = re.compile(r"[^\W\d]\w*")


def mark_all_read(node: Node | None, scope: Scope) -> None:
    """Count every name in the expressions of a node as read, without evaluating them."""
    match node:
        case Scalar(value=str(text)) if expressions.is_expression_text(text):
            for name in _WORD.findall(text):
                scope.mark_read(name)
        case Sequence():
            for item in node.items:
                mark_all_read(item, scope)
        case MappingNode():
            for entry in node.entries:
                mark_all_read(entry.value, scope)
        case _:
            pass


def as_node(value: object, span: Span) -> Node:
    """Return a value as a node at `span`, so that later checks can point at it."""
    if isinstance(value, list | tuple):
        return Sequence(tuple(as_node(item, span) for item in value), span)
    if isinstance(value, Mapping):
        entries = (Entry(Scalar(k, span), as_node(v, span)) for k, v in value.items())
        return MappingNode(tuple(entries), span)
    return Scalar(value, span)  # type: ignore[arg-type]  # a scalar, or poison in its place


def plain_value(node: Node | None) -> object:
    """Return a node without expressions as a plain value: lists as tuples."""
    match node:
        case None:
            return None
        case Scalar():
            return node.value
        case Sequence():
            return tuple(plain_value(item) for item in node.items)
        case MappingNode():
            return {entry.name: plain_value(entry.value) for entry in node.entries}


def describe_node(node: Node) -> str:
    """Return what a node is, in words for a label: `text "abc"`, `a list`, `12`."""
    match node:
        case Sequence():
            return "a list"
        case MappingNode():
            return "a mapping"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool(value)):
            return "true" if value else "false"
        case Scalar(value=str(value)):
            return f'the text "{value if len(value) <= _SHOWN else value[:_SHOWN] + "..."}"'
        case _:
            return str(node.value)


def scalar_help(node: Node, *, wanted: Literal["boolean", "number"]) -> Replacement | None:
    """Return what to write for a scalar that only its form keeps from being what is wanted."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    if wanted == "number":
        if node.quoted and _is_number_text(node.value):
            return Replacement(node.value, say="write it without quotes")
        return _calculated_help(node.value)
    word = _TRUTH.get(node.value.lower())
    if word is None:
        return replacement_word(node.value, ("true", "false"))
    quoted = "" if node.quoted else f": YAML 1.2 reads `{node.value}` as text"
    return Replacement(word, because=quoted)


def _calculated_help(text: str) -> Replacement | None:
    """Return what to write for `1/255`, which an expression says, and for `20%`."""
    if _CALCULATION.match(text):
        return Replacement(f"${text}", because=": a calculation begins with `$`")
    share = share_of_percent(text)
    return None if share is None else Replacement(share)


def share_of_percent(text: str) -> str | None:
    """Return `0.2` for `20%`; None for what is no percentage."""
    found = _PERCENT.match(text)
    return None if found is None else f"{float(found[1]) / 100:.12g}"


_CALCULATION = re.compile(r"[0-9]+(?:\.[0-9]+)?(?: ?[-+*/] ?[0-9]+(?:\.[0-9]+)?)+\Z")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:%|percent)\Z")


def _is_number_text(text: str) -> bool:
    try:
        return isinstance(core_value(text), int | float)
    except HugeNumberError:
        return False


_TRUTH = {
    **dict.fromkeys(("yes", "on", "y", "true"), "true"),
    **dict.fromkeys(("no", "off", "n", "false"), "false"),
}
# Enough to know a text again in a message of one line.
_SHOWN = 40
