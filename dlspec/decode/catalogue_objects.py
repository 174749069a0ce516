"""Written arguments -> catalogue objects: every argument known, given once, typed and in range."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from dlspec.decode.argument_values import argument_value, known_words
from dlspec.decode.keras_version import check_class, check_parameter
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Diagnostic, Help, Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language import catalogue
from dlspec.language.catalogue import (
    OWN_LOSSES,
    ClassEntry,
    Kind,
    ModelRef,
    Object,
    Parameter,
    Value,
)
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, Sequence, count_nodes
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import describe_node, plain_value, scalar_help

# What stands beside a layer in an entry of a graph.
STRUCTURE_KEYS = ("name", "from", "call", "repeat", "if", "trainable", "branches", "do")
# A list under one of these as first parameter is that parameter's value, not a list of positions.
WHOLE_LISTS = frozenset(
    {
        "shape",
        "integers",
        "numbers",
        "layers",
        "padding_extents",
        "axes",
        "bounds",
        "values",
        "list",
        "index",
    }
)


# Keras lets each of these be left out, and then cannot call the layer.
_NEEDS_ONE_OF: dict[str, tuple[str, ...]] = {
    "CategoryEncoding": ("num_tokens",),
    "Discretization": ("bin_boundaries", "num_bins"),
}
_ARTICLES = dict.fromkeys(("activation", "initializer", "op", "optimizer"), "an")
# Placing a value, judging its type and its range takes about two microseconds.
_VALUE_STEPS = 3
# An argument longer than that, in a help text, hides the one that is missing.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Arguments:
    """Checked arguments of one class and where each was written; poison where one was wrong."""

    values: Mapping[str, "Value | Poison"]
    places: Mapping[str, Span]

    @property
    def whole(self) -> bool:
        """Return whether every argument has a value."""
        return not any(isinstance(value, Poison) for value in self.values.values())


@dataclass(slots=True)
class _Given:
    """The written arguments by parameter name, in the order of the text."""

    nodes: dict[str, Node] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    # What unknown words were meant to be, so that one slip is not two findings.
    meant: dict[str, Node] = field(default_factory=dict)
    unclear: int = 0


def find_class(kind: Kind, word: Scalar, target: Target, reporter: Reporter) -> ClassEntry | Poison:
    """Return the catalogue's entry for a class name or string identifier, or report it."""
    text = str(word.value)
    entry = target.find(kind, text) if isinstance(word.value, str) else None
    if isinstance(entry, Diagnostic):
        reporter.add(entry)
        return POISON
    if entry is None:
        _report_unknown_class(kind, word, target, reporter)
        return POISON
    if entry.forbidden:
        reporter.error(
            Code.FORBIDDEN_CLASS,
            word.span,
            f"`{text}` cannot be said in a spec",
            label=entry.forbidden,
        )
        return POISON
    check_class(entry, word.span, target, reporter)
    return entry


def _report_unknown_class(kind: Kind, word: Scalar, target: Target, reporter: Reporter) -> None:
    text, project = str(word.value), target.project
    if kind == "layer" and project is not None and project.faults:
        # What the project lists is not known, so the word may be right.
        for fault in catalogue.project_faults(project):
            reporter.add(fault)
        return
    reporter.error(
        Code.UNKNOWN_CLASS,
        word.span,
        f"unknown {kind} `{text}`",
        label=_unknown_class_label(kind, target),
        help=catalogue.help_for_foreign_word(kind, text)
        or (scalar_help(word, wanted="number") if kind == "schedule" else None)
        or near_class(kind, text, target, reporter),
    )


def _unknown_class_label(kind: Kind, target: Target) -> str:
    if kind == "layer" and target.project is not None and target.project.layers:
        return "neither Keras nor this project has a layer of this name"
    if kind == "loss" and target.losses:
        return "neither Keras nor `losses` has a loss of this name"
    return f"Keras has no {kind} of this name"


# `Dense(10)`, `layers.Dense 10`, `keras.layers.Dense`: as Python says it.
_CALLED = re.compile(r"(?:\w+\.)*(?P<name>\w+)(?:[ (]\s*(?:(?P<number>\d+)\)?$|.*)|$)")


def near_class(kind: Kind, text: str, target: Target, reporter: Reporter) -> Replacement | None:
    """Return the help that names the class nearest to `text`, if one is near."""
    if kind == "layer" and text.lower().startswith("ops."):
        return Replacement(text.lower())
    words = known_words(kind)
    if kind == "layer" and target.project is not None:
        words = (*words, *target.project.layers)
    if kind == "loss":
        words = (*words, *(own.name for own in target.losses))
    called = _CALLED.match(text)
    near = replacement_word(called["name"], words, work=reporter.work) if called else None
    if called and near and called["number"]:
        return Replacement(f"{near.text}: {called['number']}", certain=False)
    whole = replacement_word(text, words, work=reporter.work)
    if whole:
        return replace(whole, text=f"ops.{whole.text}") if kind == "op" else whole
    return replace(near, certain=False) if near else None


def checked_arguments(
    entry: ClassEntry,
    node: Node | None,
    *,
    head: Span,
    target: Target,
    reporter: Reporter,
    defaults: MappingNode | None = None,
) -> Arguments:
    """Check the arguments of `entry` as written after its name.

    Args:
        node: Nothing, one position, a list of positions with keywords last, or keywords.
        head: Where the class name stands: the place of a missing argument.
        defaults: Keywords that hold where the entry does not give them.
    """
    given = _Given()
    for written in _written_class_arguments(entry, node, reporter):
        _add_written_argument(given, entry, written, target, reporter)
    for name, value in given.meant.items():
        given.nodes.setdefault(name, value)
        given.places.setdefault(name, value.span)
    if defaults is not None:
        for default in defaults:
            given.nodes.setdefault(default.name, default.value)
            given.places.setdefault(default.name, default.value.span)
    return _check_given_arguments(entry, given, head, target, reporter)


def _written_class_arguments(
    entry: ClassEntry, node: Node | None, reporter: Reporter
) -> Iterator[tuple[str | None, Node, Span]]:
    """Yield name, value and place of each argument; the name is None past the last position."""
    names = [parameter.name for parameter in entry.parameters]
    first = entry.parameters[0] if entry.parameters else None
    match node:
        case None | Scalar(value=None):
            return
        case MappingNode() if not _is_first_value(first, node):
            for item in node:
                yield item.name, item.value, item.key.span
        case Sequence() if not (first and _takes_whole_list(first, node)):
            yield from _positional_class_arguments(entry, node, names, reporter)
        case _:
            yield (names[0] if names else None), node, node.span


def _takes_whole_list(first: Parameter, node: Sequence) -> bool:
    has_keywords = bool(node.items) and isinstance(node.items[-1], MappingNode)
    return first.type in WHOLE_LISTS and not (has_keywords and first.type != "layers")


def _is_first_value(first: Parameter | None, node: MappingNode) -> bool:
    """Tell `Bidirectional: {LSTM: 64}` (the layer itself) from keywords."""
    one = node.entries[0].name if len(node.entries) == 1 else ""
    return first is not None and first.type == "layer" and (one[:1].isupper() or one == "model")


def _positional_class_arguments(
    entry: ClassEntry, node: Sequence, names: list[str], reporter: Reporter
) -> Iterator[tuple[str | None, Node, Span]]:
    last = node.items[-1] if node.items else None
    items = node.items[:-1] if isinstance(last, MappingNode) else node.items
    for position, item in enumerate(items):
        if position >= len(names):
            reporter.error(
                Code.ARGUMENT_TWICE,
                item.span,
                f"`{entry.name}` takes at most {counted(len(names), 'argument')}",
                label=f"this is argument {position + 1}",
                help=f"the positions are {_positional_argument_order(entry)}",
            )
            return
        yield names[position], item, item.span
    if isinstance(last, MappingNode):
        for keyword in last:
            yield keyword.name, keyword.value, keyword.key.span


def _add_written_argument(
    given: _Given,
    entry: ClassEntry,
    written: tuple[str | None, Node, Span],
    target: Target,
    reporter: Reporter,
) -> None:
    name, value, span = written
    parameter = entry.parameter_named(name) if name else None
    if name is None or parameter is None:
        meant = report_unknown_argument(entry, name or "", span, reporter)
        if meant is None:
            given.unclear += 1
        else:
            given.meant.setdefault(meant, value)
    elif name in given.nodes:
        reporter.error(
            Code.ARGUMENT_TWICE,
            span,
            f"`{name}` of `{entry.name}` is given twice",
            label="given by position already",
            help=f"leave one of the two out: the positions are {_positional_argument_order(entry)}",
        )
    else:
        check_parameter(entry, parameter, span, target, reporter)
        given.nodes[name] = value
        given.places[name] = value.span


def _positional_argument_order(entry: ClassEntry) -> str:
    return ", ".join(f"`{p.name}`" for p in entry.parameters[:4])


def report_unknown_argument(
    entry: ClassEntry, name: str, span: Span, reporter: Reporter
) -> str | None:
    """Report an argument that a class does not take.

    Returns:
        The parameter that is meant, "" for a word to leave out, None when that is unclear.
    """
    meant, help_ = _meant_class_argument(entry, name, reporter)
    owner = {"blocks": "block", OWN_LOSSES: "loss"}.get(entry.module, "class")
    reporter.error(
        Code.UNKNOWN_ARGUMENT,
        span,
        f"`{entry.name}` takes no `{name}`" if name else f"`{entry.name}` takes no arguments",
        label=f"not an argument of this {owner}",
        help=help_,
    )
    return meant


def _meant_class_argument(
    entry: ClassEntry, name: str, reporter: Reporter
) -> tuple[str | None, Help]:
    names = [parameter.name for parameter in entry.parameters]
    if name in STRUCTURE_KEYS and entry.kind == "layer":
        return "", f"write `{name}` beside `{entry.name}`: `{{{entry.name}: ..., {name}: ...}}`"
    foreign = catalogue.help_for_foreign_word("parameter", name)
    if isinstance(foreign, str):
        return "", foreign
    if foreign is not None and foreign.text in names:
        return foreign.text, foreign
    near = replacement_word(name, names, work=reporter.work)
    if near:
        return near.text, near
    return None, f"it takes {', '.join(names)}" if names else "leave the arguments out"


def _check_given_arguments(
    entry: ClassEntry, given: _Given, head: Span, target: Target, reporter: Reporter
) -> Arguments:
    values: dict[str, Value | Poison] = {}
    made_here = partial(nested_object, target=target)
    for name, node in given.nodes.items():
        parameter = entry.parameter_named(name)
        if parameter is None:  # a file-wide default the class lacks, reported where it stands
            continue
        reporter.spend(_VALUE_STEPS * count_nodes(node), node.span)
        values[name] = argument_value(parameter, node, entry.name, target, reporter, made_here)
    missing = [p.name for p in entry.parameters if p.required and p.name not in given.nodes]
    if missing and not given.unclear:
        _report_missing(entry, missing, given, head, reporter)
    one_of = _NEEDS_ONE_OF.get(entry.name, ())
    if one_of and all(values.get(name) is None for name in one_of) and not given.unclear:
        missing = [one_of[0]]
        _report_missing(entry, missing, given, head, reporter)
    values |= dict.fromkeys(missing, POISON)
    return Arguments(values, given.places)


def _report_missing(
    entry: ClassEntry, missing: list[str], given: _Given, head: Span, reporter: Reporter
) -> None:
    listed = " and ".join(f"`{name}`" for name in missing)
    reporter.error(
        Code.MISSING_ARGUMENT,
        head,
        f"`{entry.name}` needs {listed}",
        label=f"{listed} {'is' if len(missing) == 1 else 'are'} not given",
        help=f"write `{entry.name}: {{{_with_missing(missing, given)}}}`",
    )


def _with_missing(missing: list[str], given: _Given) -> str:
    """Return what is written already as keywords, and `...` for what is missing or long."""
    written = {name: node.span.text or "..." for name, node in given.nodes.items()}
    shown = {n: text if len(text) <= _SHOWN else "..." for n, text in written.items()}
    return ", ".join(
        f"{name}: {text}" for name, text in {**shown, **_ellipsis_arguments(missing)}.items()
    )


def _ellipsis_arguments(names: list[str]) -> dict[str, str]:
    return dict.fromkeys(names, "...")


def nested_object(
    kind: Kind, node: Node, reporter: Reporter, *, target: Target
) -> "Object | ModelRef | Poison":
    """Return the object that a node names: `HeNormal`, `{L2: 1e-4}`, `{Adam: {...}}`."""
    word, argument = head_of(node)
    if word is None:
        reporter.error(
            Code.WRONG_TYPE,
            node.span,
            f"{_ARTICLES.get(kind, 'a')} {kind} is a class name, or one with its arguments",
            label=f"this is {describe_node(node)}",
            help=_example_of_kind(kind),
        )
        return POISON
    if kind == "layer" and word.value == "model" and argument is not None:
        return ModelRef(str(plain_value(argument)))
    entry = find_class(kind, word, target, reporter)
    if isinstance(entry, Poison):
        return POISON
    arguments = checked_arguments(entry, argument, head=word.span, target=target, reporter=reporter)
    if not arguments.whole:
        return POISON
    return catalogue.made_object(entry, arguments.values)  # type: ignore[arg-type]  # whole: no poison


def head_of(node: Node) -> tuple[Scalar | None, Node | None]:
    """Return the class name and the arguments of `Name` or `{Name: arguments}`."""
    match node:
        case Scalar(value=str()):
            return node, None
        case MappingNode(entries=(only,)):
            return only.key, only.value
        case _:
            return None, None


def _example_of_kind(kind: Kind) -> str:
    examples: dict[str, str] = {
        "optimizer": "write `optimizer: {Adam: {learning_rate: 1e-3}}`",
        "loss": "write the loss of the target's kind, such as `MeanSquaredError` for a number, "
        "`{SparseCategoricalCrossentropy: {from_logits: true}}` for a class",
        "metric": "write `metrics: [accuracy]`, or another metric's class name",
        "callback": "write `- EarlyStopping: {patience: 5}`",
        "layer": "write `layer: {LSTM: 64}`",
    }
    return examples.get(kind, f"write `{catalogue.names_of_kind(kind)[0]}`, or `{{Name: {{...}}}}`")
