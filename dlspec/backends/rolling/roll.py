"""The whole way: a graph becomes a tree, the tree is rolled up, and written."""

from collections.abc import Iterator
from typing import Any

from dlspec.backends.rolling.automatic_names import input_names, with_plain_models
from dlspec.backends.rolling.block_names import block_name
from dlspec.backends.rolling.blocks import extract_blocks, inline_blocks
from dlspec.backends.rolling.defaults import Defaults, hoisted_defaults
from dlspec.backends.rolling.entry_names import (
    Names,
    block_names,
    first_calls,
    main_names,
    reads_input_by_name,
)
from dlspec.backends.rolling.graph_text import WIDTH, Writer, row_lines
from dlspec.backends.rolling.graph_to_tree import ordered_nodes, tree_of_graph
from dlspec.backends.rolling.items import Block, Formula, Leaf, Program, Ref, Row, items_of
from dlspec.backends.rolling.loops import fold_loop, fold_repeats, unfold_repeats
from dlspec.backends.rolling.param_order import order_params
from dlspec.backends.spec_text import written_value
from dlspec.expand.flat import Input
from dlspec.resolve.plan import Graph, own_models
from dlspec.syntax.flow_text import flow_text, scalar_text

# NASNetMobile, the most of the models measured, takes nine; a round of it takes 20 ms.
_MOST_ROUNDS = 60


def rolled_text(name: str, graph: Graph) -> str:
    """Return the spec of a graph with its repeated structure written once."""
    lines = ["dlspec: 1", f"name: {scalar_text(name)}", "model:"]
    return "\n".join([*lines, *_graph_lines(with_plain_models(graph), 2, outermost=True)]) + "\n"


def rolled_up(graph: Graph, *, keeps_outputs: bool) -> Program:
    """Return the rolled tree of a graph."""
    program = tree_of_graph(graph, keeps_outputs=keeps_outputs)
    fold_repeats(program)
    for _ in range(_MOST_ROUNDS):
        if not extract_blocks(program):
            break
        fold_repeats(program)
    unfold_repeats(program)
    for _ in range(_MOST_ROUNDS):
        if not fold_loop(program):
            break
    fold_repeats(program)
    while inline_blocks(program):
        fold_repeats(program)
    _rename_blocks(program)
    order_params(program)
    return program


def _rename_blocks(program: Program) -> None:
    """Call the blocks after what is in them now, those inside before those around."""
    blocks = _by_dependence(program)
    program.blocks = {}
    fresh: dict[str, str] = {}
    for block in blocks:
        for item in items_of(block.row.items):
            if item.kind == "block":
                item.head = fresh[item.head]
        fresh[block.name] = block_name(block.row.items, program.blocks, inputs=block.inputs)
        block.name = fresh[block.name]
        program.blocks[block.name] = block
    for item in items_of(program.main.items):
        if item.kind == "block":
            item.head = fresh[item.head]


def _graph_lines(graph: Graph, indent: int, *, outermost: bool) -> Iterator[str]:
    program = rolled_up(graph, keeps_outputs=outermost)
    defaults = hoisted_defaults(program)
    called = input_names(graph)
    inputs = {-1 - number: name for number, name in enumerate(called)}
    original = {number: node.name for number, node in enumerate(ordered_nodes(graph))}
    names = main_names(program, inputs, original, says_outputs=_says_outputs(graph, program))
    first = first_calls(program)
    start = " " * indent
    described = map(_declared_input_data, graph.inputs)
    yield from _flow_style_lines(f"{start}inputs: ", dict(zip(called, described, strict=True)))
    if _form_of_inputs(graph) is not None:
        yield f"{start}inputs_as: {_form_of_inputs(graph)}"
    writer = Writer(names, program.blocks, defaults, first)
    yield from _defaults_lines(writer, program, indent)
    if program.blocks:
        yield f"{start}blocks:"
        for block in _by_dependence(program):
            yield from _block_lines(block, program, defaults, indent + 2)
    declared = dict(own_models(graph))
    if declared:
        yield f"{start}models:"
        for word, inner in declared.items():
            yield f"{start}  {scalar_text(word)}:"
            yield from _graph_lines(inner, indent + 4, outermost=False)
    entries = writer.row(program.main)
    yield f"{start}graph:" if entries else f"{start}graph: []"
    yield from row_lines(entries, indent + 2)
    outputs = _declared_outputs_data(graph, program, names)
    if outputs is not None:
        yield from _flow_style_lines(f"{start}outputs: ", outputs)


def _flow_style_lines(prefix: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - YAML data
    yield from (prefix + flow_text(value, indent=len(prefix), width=WIDTH)).split("\n")


def _declared_input_data(declared: Input) -> Any:  # noqa: ANN401 - YAML data
    batch, *extents = declared.shape
    described: dict[str, Any] = {"shape": extents}
    if declared.dtype != "float32":
        described["dtype"] = declared.dtype
    if declared.sparse:
        described["sparse"] = True
    if batch is not None:
        described["batch"] = batch
    return extents if len(described) == 1 else described


def _form_of_inputs(graph: Graph) -> str | None:
    usual = "single" if len(graph.inputs) == 1 else "list"
    return None if graph.inputs_as == usual else graph.inputs_as


def _declared_outputs_data(graph: Graph, program: Program, names: Names) -> Any:  # noqa: ANN401 - YAML data
    leaving = program.read_outside
    if not _says_outputs(graph, program):
        return None
    if graph.outputs_as == "mapping":
        keys = [name for name, _ in graph.outputs]
        return {key: names[ref] for key, ref in zip(keys, leaving, strict=True)}
    if graph.outputs_as == "list":
        return [names[ref] for ref in leaving]
    return names[leaving[0]]


def _says_outputs(graph: Graph, program: Program) -> bool:
    """Return whether a spec says what leaves: all but the last entry's one tensor, bare."""
    items, leaving = program.main.items, program.read_outside
    return graph.outputs_as != "single" or not items or leaving[0] != Ref(items[-1].uid)


def _defaults_lines(writer: Writer, program: Program, indent: int) -> Iterator[str]:
    if not writer.defaults:
        return
    entries = {i.head: i.entry for frame in program.frame_rows() for i in items_of(frame.items)}
    data = {
        head: writer.class_defaults(head, entry)
        for head in writer.defaults
        if (entry := entries[head]) is not None
    }
    start = " " * indent
    if indent + len("defaults: ") + len(flow_text(data, indent=0, width=10_000)) <= WIDTH:
        yield from _flow_style_lines(f"{start}defaults: ", data)
        return
    yield f"{start}defaults:"
    for head, values in data.items():
        yield from _flow_style_lines(f"{start}  {head}: ", values)


def _param_default_data(leaf: Leaf) -> Any:  # noqa: ANN401 - YAML data
    return str(leaf) if isinstance(leaf, Formula) else written_value(leaf)  # type: ignore[arg-type]  # a plain value


def _block_lines(block: Block, program: Program, defaults: Defaults, indent: int) -> Iterator[str]:
    start = " " * indent
    yield f"{start}{block.name}:"
    params = {
        **block.params,
        **{name: _param_default_data(leaf) for name, leaf in block.defaults.items()},
    }
    if params:
        yield from _flow_style_lines(f"{start}  params: ", params)
    names = block_names(block.row, block.inputs)
    if block.inputs > 1 or reads_input_by_name(block.row):
        yield f"{start}  inputs: {flow_text(list(names.inputs.values()), indent=0)}"
    yield f"{start}  graph:"
    entries = Writer(names, program.blocks, defaults, {}).row(block.row)
    yield from row_lines(entries, indent + 4)


def _by_dependence(program: Program) -> list[Block]:
    """Return the blocks so that each stands below those that it uses."""
    order: dict[str, Block] = {}

    def visit(row: Row) -> None:
        for item in items_of(row.items):
            if item.kind == "block" and item.head not in order:
                block = program.blocks[item.head]
                visit(block.row)
                order[item.head] = block

    visit(program.main)
    return list(order.values())
