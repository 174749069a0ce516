"""Arguments that stand beside their layer, `{Dense: 1, activation: sigmoid}`, and the reverse."""

from dlspec.decode.catalogue_objects import (
    STRUCTURE_KEYS,
    WHOLE_LISTS,
    report_unknown_argument,
)
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.language.catalogue import ClassEntry
from dlspec.syntax.flow_text import flow_text
from dlspec.syntax.nodes import Entry, Node, Scalar, Sequence
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.substitution import plain_value

# A head and its arguments beyond that are not read at a glance: then the new ones alone are shown.
_SHOWN_WIDTH = 70


def head_with_arguments(
    head: Entry, beside: list[Entry], layer: ClassEntry, reporter: Reporter
) -> Entry:
    """Report arguments that stand beside their layer, and return the layer with them inside."""
    value = _joined_arguments(head.value, beside, layer)
    first = beside[0]
    text = f"{head.name}: {flow_text(plain_value(value), indent=0, width=_SHOWN_WIDTH)}"
    if "\n" in text:
        text = f"{head.name}: {{..., {first.name}: ...}}"
    reporter.error(
        Code.UNKNOWN_KEY,
        first.key.span,
        f"`{first.name}` stands beside `{head.name}`, not among its arguments",
        label=f"an argument of `{head.name}`",
        help=f"write `{text}`",
    )
    return Entry(head.key, value)


def head_without_structure(
    head: Entry, layer: ClassEntry, reporter: Reporter
) -> tuple[Entry, tuple[Entry, ...]]:
    """Report keys of an entry that stand among its layer's arguments, and return both apart."""
    held = head.value
    if isinstance(held, Sequence) and held.items:
        held = held.items[-1]
    holds_layer = any(parameter.type == "layer" for parameter in layer.parameters[:1])
    if holds_layer or not isinstance(held, MappingNode):
        return head, ()
    inside = tuple(
        entry
        for entry in held
        if entry.name in STRUCTURE_KEYS and layer.parameter_named(entry.name) is None
    )
    if not inside:
        return head, ()
    for entry in inside:
        report_unknown_argument(layer, entry.name, entry.key.span, reporter)
    rest = MappingNode(tuple(e for e in held if e not in inside), held.span)
    value: Node = rest
    if isinstance(head.value, Sequence):
        value = Sequence((*head.value.items[:-1], rest), head.value.span)
    return Entry(head.key, value), inside


def _joined_arguments(written: Node, beside: list[Entry], layer: ClassEntry) -> Node:
    keywords = MappingNode(tuple(beside), beside[0].key.span.extended_to(beside[-1].value.span))
    first = layer.parameters[0].type
    match written:
        case MappingNode() if first != "layer":
            return MappingNode((*written.entries, *beside), written.span)
        case Sequence(items=(*positions, MappingNode() as last)):
            own = MappingNode((*last.entries, *beside), last.span)
            return Sequence((*positions, own), written.span)
        case Sequence() if first not in WHOLE_LISTS:
            return Sequence((*written.items, keywords), written.span)
        case Scalar(value=None):
            return keywords
        case _:
            return Sequence((written, keywords), written.span)
