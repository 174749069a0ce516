"""A lifted graph as the text of a spec, laid out as a person lays it out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlspec.language.catalogue import ModelRef, Object, Value
from dlspec.syntax.flow_text import BARE, flow_text, scalar_text

# A list under one of these as first parameter is taken whole, so it may stand right after the head.
_WHOLE_LISTS = (
    "shape", "integers", "numbers", "layers", "padding_extents", "axes", "bounds", "values", "list",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryText:
    """One entry: what stands at its head, and the structure keys beside it, in order."""

    head: str
    argument: Any
    beside: Mapping[str, Any]


@dataclass(slots=True)
class GraphText:
    """One graph as it is to be written."""

    inputs: dict[str, Any] = field(default_factory=dict)
    models: "dict[str, GraphText]" = field(default_factory=dict)
    entries: list[EntryText] = field(default_factory=list)
    outputs: Any = None
    inputs_as: str | None = None


def spec_text(name: str, graph: GraphText) -> str:
    """Return a whole spec: version, name and model."""
    lines = ["dlspec: 1", f"name: {scalar_text(name)}", "model:", *_lines_of_graph_text(graph, 2)]
    return "\n".join(lines) + "\n"


def _lines_of_graph_text(graph: GraphText, indent: int) -> Iterator[str]:
    start = " " * indent
    yield f"{start}inputs: {flow_text(graph.inputs, indent=indent + 8)}"
    if graph.inputs_as is not None:
        yield f"{start}inputs_as: {graph.inputs_as}"
    if graph.models:
        yield f"{start}models:"
        for name, inner in graph.models.items():
            yield f"{start}  {scalar_text(name)}:"
            yield from _lines_of_graph_text(inner, indent + 4)
    yield f"{start}graph:" if graph.entries else f"{start}graph: []"
    for entry in graph.entries:
        yield f"{start}  - {_entry_text(entry, indent + 4)}"
    if graph.outputs is not None:
        yield f"{start}outputs: {flow_text(graph.outputs, indent=indent + 9)}"


def _entry_text(entry: EntryText, indent: int) -> str:
    if not entry.beside and entry.argument is None:
        return scalar_text(entry.head)
    if not entry.beside:
        value = flow_text(entry.argument, indent=indent + len(entry.head) + 2)
        return f"{scalar_text(entry.head)}: {value}"
    argument = BARE if entry.argument is None else entry.argument
    return flow_text({entry.head: argument, **entry.beside}, indent=indent)


def written_arguments(made: Object) -> Any:  # noqa: ANN401 - YAML data
    """Return arguments in their shortest form: none, the first alone, or keywords."""
    if not made.arguments:
        return None
    entry = made.entry
    assert entry is not None
    first = entry.parameters[0]
    if tuple(made.arguments) == (first.name,):
        value = made.arguments[first.name]
        is_scalar = isinstance(value, int | float | str) and not isinstance(value, bool)
        whole = isinstance(value, tuple) and first.type in _WHOLE_LISTS and first.type != "layers"
        if is_scalar or whole:
            return written_value(value)
    order = [p.name for p in entry.parameters if p.name in made.arguments]
    return {name: written_value(made.arguments[name]) for name in order}


def written_value(value: Value) -> Any:  # noqa: ANN401 - YAML data
    """Return a catalogue value as YAML data; text that would be an expression is escaped."""
    match value:
        case Object():
            arguments = written_arguments(value)
            return value.class_name if arguments is None else {value.class_name: arguments}
        case ModelRef():
            return {"model": value.name}
        case tuple():
            return [written_value(item) for item in value]
        case str():
            return f"${value}" if value.startswith("$") else value
        case Mapping():
            return {name: written_value(item) for name, item in value.items()}
        case _:
            return value
