"""ModelSpec -> a flat graph: params, blocks, repeat, for, if and zoo are gone, places are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dlspec.decode.block_params import block_entry
from dlspec.decode.catalogue_objects import find_class, report_unknown_argument
from dlspec.decode.keras_version import check_parameter
from dlspec.decode.spec import GraphSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Related, Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand import zoo
from dlspec.expand.control_flow import Unroller
from dlspec.expand.cut_heads import PartReads, names_behind, names_leading_to
from dlspec.expand.flat import AskedTerms, FlatGraph, Flow, Input, Pointer
from dlspec.expand.graph_nodes import Budget, Expansion, whether_trainable
from dlspec.expand.inputs_outputs import declared_inputs, written_outputs
from dlspec.expand.names import Frame, explicit_names
from dlspec.expand.published_starts import published_start
from dlspec.expand.taken_files import FRESH, read_taken_file
from dlspec.expand.taken_specs import read_taken_spec
from dlspec.expand.zoo.published_weights import IMAGENET
from dlspec.language.catalogue import ClassEntry
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Entry, Node, Scalar
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON, Poison
from dlspec.syntax.substitution import Scope, substitute_expressions


def expand(
    name: str,
    graph: GraphSpec,
    scope: Scope,
    target: Target,
    reporter: Reporter,
    *,
    asked: AskedTerms | None = None,
) -> FlatGraph:
    """Return the model `name` as a row of calls.

    Args:
        scope: The file's params; which of them are read is noted in it.
        asked: What is minimised beside the losses.
    """
    state = Expansion(target, reporter, Budget(), scope, asked=asked)
    return _expand_model(name, graph, scope, state)


def _expand_model(name: str, graph: GraphSpec, scope: Scope, state: Expansion) -> FlatGraph:
    word = graph.zoo or graph.spec or graph.file
    if word is not None:
        return _expand_taken(name, graph, word, state)
    _report_listed_blocks(graph, state.target, state.reporter)
    return _expand_written_graph(name, graph, scope, state)


def _report_listed_blocks(graph: GraphSpec, target: Target, reporter: Reporter) -> None:
    """Report blocks whose name means a layer of the project's own."""
    listed = target.project.layers if target.project is not None else {}
    for word, block in graph.blocks.items():
        if word in listed:
            reporter.error(
                Code.DUPLICATE_NAME,
                block.name.span,
                f"`{word}` is a layer of this project already",
                label="pyproject.toml lists it under `tool.dlspec.layers`",
                help="give the block another name",
            )


def _expand_taken(name: str, graph: GraphSpec, word: Scalar, state: Expansion) -> FlatGraph:
    """Expand a packaged architecture, or a model of another file, in its own params."""
    reporter = state.reporter
    arguments = (
        substitute_expressions(graph.arguments, state.file, reporter) if graph.arguments else None
    )
    entries = arguments.entries if isinstance(arguments, MappingNode) else ()
    packaged = graph.zoo is not None
    given = {e.name: e.value for e in entries if packaged and _is_param(word, e.key, reporter)}
    what = "the packaged architecture" if packaged else "the model of"
    trail = Related(word.span, f"{what} `{word.value}` is taken here")
    if graph.trainable is not None:
        state.trainable = whether_trainable(graph.trainable, state.file, state)
    with reporter.with_trail(trail):
        if packaged:
            found = zoo.read_architecture(word, given, state.target, reporter)
        elif graph.spec is not None:
            found = read_taken_spec(word, entries, state)
        else:
            found = read_taken_file(word, graph, state)
        if found is None:
            return FlatGraph(name, (), {}, {}, (), POISON, graph.span, "single", "single", {})
        state.file = found.scope
        # It sees nothing of the file that takes it.
        state.blocks, state.block_entries = {}, {}
        state.around, state.within, state.below = {}, (), frozenset()
        flat = _expand_written_graph(
            name, found.graph, found.scope, state, outputs=graph.outputs, until=graph.until
        )
    if (graph.until is not None or graph.spec is not None) and not reporter.failed:
        _report_unread_params(graph.until, entries, found.scope, reporter)
    return flat


def _report_unread_params(
    until: Scalar | None, entries: Sequence[Entry], scope: Scope, reporter: Reporter
) -> None:
    """Report params that are given and change nothing of what is taken."""
    place, label = "in this model", "nothing in its graph reads it"
    if until is not None:
        place, label = f"up to `{until.value}`", "what reads it is cut off"
    for entry in entries:
        if entry.name not in scope.read:
            reporter.error(
                Code.PARAM_NOT_READ,
                entry.key.span,
                f"the param `{entry.name}` changes nothing {place}",
                label=label,
                help="leave it out",
            )


def _is_param(word: Scalar, key: Scalar, reporter: Reporter) -> bool:
    """Return whether an architecture takes a param; one that it does not take is reported."""
    if word.value not in zoo.architecture_names():
        return True
    params = zoo.architecture_params(str(word.value))
    if key.value in params:
        return True
    near = replacement_word(str(key.value), params, work=reporter.work)
    reporter.error(
        Code.UNKNOWN_PARAM,
        key.span,
        f"`{word.value}` takes no `{key.value}`",
        label="not a param of this architecture",
        help=near or f"it takes {', '.join(params)}",
    )
    return False


def _expand_written_graph(
    name: str,
    graph: GraphSpec,
    scope: Scope,
    state: Expansion,
    *,
    outputs: Node | None = None,
    until: Scalar | None = None,
) -> FlatGraph:
    own = {word: block_entry(block, scope, state.reporter) for word, block in graph.blocks.items()}
    state.blocks = {**state.blocks, **graph.blocks}
    state.block_entries = {**state.block_entries, **own}
    state.defaults = dict(_checked_layer_defaults(graph, state))
    for word, inner in graph.models.items():
        below = frozenset(graph.models) - {*state.models, word}
        state.models[word] = _expand_declared_model(word, inner, scope, state, below=below)
    frame = Frame("", state.reporter, later=explicit_names(graph.entries))
    reads = PartReads(scope)
    inputs: tuple[Input, ...] = ()
    for one in graph.inputs:
        with reads.part() as names:
            inputs += declared_inputs(replace(graph, inputs=(one,)), frame, scope, state.reporter)
            names.add(str(one.name.value))
    start: Flow | None = POISON
    if graph.inputs and len(inputs) == len(graph.inputs):
        start = Pointer(inputs[0].name, None, graph.span) if len(inputs) == 1 else None
    if state.asked is not None:
        _bind_targets(state.asked, frame, graph.span)
    leaving = outputs if outputs is not None else graph.outputs
    if until is None:
        reads.count_parts(None)
        last = Unroller(state).row(graph.entries, frame, scope, start)
    else:
        last = _expand_until(until, graph, frame, state, start, reads)
        # What stands behind it is not there at all, and no entry can be moved up.
        frame.later = frozenset()
        leaving = outputs if outputs is not None else until
    place = _output_place(leaving, graph, state)
    terms = _found_terms(state.asked, frame) if state.asked else ()
    last = last if leaving else _last_flow_beside_terms(state.asked, frame, last, terms, place)
    found, form = written_outputs(leaving, last, frame, scope, state.reporter)
    if until is None:
        _report_unused(graph, state)
        offered = graph.outputs if outputs is not None else None
        left = _names_not_chosen(offered, found, terms, frame, state)
    else:
        kept = None if isinstance(found, Poison) else names_leading_to(found, state.nodes)
        reads.count_parts(kept)
        left = names_behind(kept, inputs, state.nodes)
    state.nodes = [node for node in state.nodes if node.name not in left]
    inputs = tuple(one for one in inputs if one.name not in left)
    written = tuple(one for one in graph.inputs if str(one.name.value) not in left)
    return FlatGraph(
        name=name,
        inputs=inputs,
        input_places={str(i.name.value): i.name.span for i in written},
        input_shapes={str(i.name.value): i.shape.span for i in written},
        nodes=tuple(state.nodes),
        outputs=found,
        output_place=place,
        inputs_as=graph.inputs_as or ("single" if len(written) == 1 else "list"),
        outputs_as=form,
        models={name: state.around[name] for name in state.borrowed_names} | state.models,
        borrowed=state.borrowed_names,
        targets=state.asked.targets if state.asked else (),
        terms=terms,
    )


def _expand_declared_model(
    word: str, graph: GraphSpec, scope: Scope, state: Expansion, *, below: frozenset[str]
) -> FlatGraph:
    inner = _expansion_of_model(word, scope, state)
    inner.below = state.below | below
    flat = _expand_model(word, graph, scope, inner)
    # What it uses of the models around it is used by them.
    state.used |= inner.borrowed | (inner.used & {*state.models, *state.around})
    for name in inner.borrowed:
        state.borrow(name)
    # What it uses of the blocks around it is used, and their params that it reads are read.
    for block, around in state.blocks.items():
        if inner.blocks.get(block) is around:
            state.used |= inner.used & {block}
            if block in inner.block_reads:
                state.block_reads.setdefault(block, set()).update(inner.block_reads[block])
    weights = _said_weights(graph, scope, state)
    if graph.file is not None and (weights is None or weights.value == FRESH):
        own = graph.file if graph.weights is None else None
        return replace(flat, weights=own, lifted=own is not None)
    if weights is None or weights.value != IMAGENET:
        return replace(flat, weights=weights)
    return replace(flat, weights=weights, published=published_start(graph, weights, state))


def _names_not_chosen(
    offered: Node | None,
    found: Sequence[tuple[str, Pointer]] | Poison,
    terms: Sequence[tuple[str, Pointer]] | Poison,
    frame: Frame,
    state: Expansion,
) -> frozenset[str]:
    """Return what leads only to outputs of a taken model that are not wanted of it.

    Args:
        offered: The outputs that it has itself; None where all of them leave.
    """
    if offered is None or isinstance(found, Poison) or isinstance(terms, Poison):
        return frozenset()
    outputs, _ = written_outputs(offered, None, frame, state.file, state.reporter)
    if isinstance(outputs, Poison):
        return frozenset()
    chosen = names_leading_to((*found, *terms), state.nodes)
    return names_leading_to(outputs, state.nodes) - chosen


def _expansion_of_model(word: str, scope: Scope, state: Expansion) -> Expansion:
    """Return what begins a declared model: with the blocks around it, which its own may hide.

    One that follows another is not trained.
    """
    inner = Expansion(state.target, state.reporter, state.budget, scope, opened=state.opened)
    inner.blocks, inner.block_entries = state.blocks, state.block_entries
    inner.around, inner.within = {**state.around, **state.models}, (*state.within, word)
    follows = state.asked is not None and word in state.asked.followers
    inner.trainable = state.trainable and not follows
    return inner


def _said_weights(graph: GraphSpec, scope: Scope, state: Expansion) -> Scalar | None:
    """Return where a model says that its weights come from; a `$` stands for a param."""
    if graph.weights is None:
        return None
    node = substitute_expressions(graph.weights, scope, state.reporter)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node
    state.wrong(node, "`weights` takes a run or a file of weights")
    return None


def _bind_targets(asked: AskedTerms, frame: Frame, place: Span) -> None:
    for declared in asked.targets:
        frame.bind(declared.name, Pointer(declared.name, None, place))


def _found_terms(asked: AskedTerms, frame: Frame) -> tuple[tuple[str, Pointer], ...] | Poison:
    """Return the entries that terms name; what names none is reported."""
    terms: dict[str, Pointer] = {}
    names = 0
    for name, place in asked.places:
        found = frame.find(Scalar(name, place))
        if isinstance(found, Pointer):
            terms.setdefault(name, found)
            names += 1
        elif not isinstance(found, Poison):
            frame.reporter.error(
                Code.INPUT_COUNT,
                place,
                "a term is one tensor",
                label=f"`{name}` is {len(found)} of them",
                help="name one entry",
            )
    return tuple(terms.items()) if asked.is_whole and names == len(asked.places) else POISON


def _last_flow_beside_terms(
    asked: AskedTerms | None,
    frame: Frame,
    last: Flow | None,
    terms: tuple[tuple[str, Pointer], ...] | Poison,
    place: Span,
) -> Flow | None:
    """Return what leaves a graph without `outputs`; a term, beside heads of targets, is reported.

    Args:
        place: Of the last entry.
    """
    if asked is None or isinstance(terms, Poison) or not isinstance(last, Pointer):
        return last
    if last.node not in {pointer.node for _, pointer in terms}:
        return last
    named = {name: frame.lookup(Scalar(name, place)) for name in asked.heads}
    heads = [n for n, one in named.items() if isinstance(one, Pointer) and one.node != last.node]
    if not heads:
        return last
    outputs = heads[0] if len(heads) == 1 else f"[{', '.join(heads)}]"
    frame.reporter.error(
        Code.MISSING_KEY,
        place,
        f"the last entry, `{last.node}`, is a term, and without `outputs` the model's output",
        label="a term is minimised, and predicts nothing",
        help=f"add `outputs: {outputs}` to `model`",
    )
    return POISON


def _expand_until(
    until: Scalar,
    graph: GraphSpec,
    frame: Frame,
    state: Expansion,
    start: Flow | None,
    reads: PartReads,
) -> Flow | None:
    """Expand the entries of a graph up to the first that brings the name `until` about."""
    flow, unroller = start, Unroller(state)
    for entry in graph.entries:
        made = len(state.nodes)
        with reads.part() as names:
            flow = unroller.row((entry,), frame, reads.scope, flow)
            names.update(node.name for node in state.nodes[made:])
        if any(node.name == until.value for node in state.nodes[made:]):
            # A node inside a block, by its full name; an entry's own name means its last one.
            frame.visible.setdefault(str(until.value), Pointer(str(until.value), None, until.span))
        found = frame.lookup(until)
        if found is not None and not _is_pick_of_no_layer(found, until):
            return flow
    if frame.lookup(until) is not None:
        _report_no_node(until, state)
        frame.bind(str(until.value), POISON)
    return flow


def _is_pick_of_no_layer(found: Flow, until: Scalar) -> bool:
    """Tell `block.name` of a name that the block does not hold from `lstm.h`, an output."""
    return (
        isinstance(found, Pointer)
        and found.pick is not None
        and f"{found.node}.{found.pick}" != until.value
    )


def _report_no_node(until: Scalar, state: Expansion) -> None:
    base, _, pick = str(until.value).rpartition(".")
    within = (node.name for node in state.nodes if node.name.startswith(f"{base}."))
    inside = [name.removeprefix(f"{base}.") for name in within]
    near = replacement_word(pick, inside, work=state.reporter.work)
    state.reporter.error(
        Code.UNKNOWN_NAME,
        until.span,
        f"nothing is called `{until.value}`",
        label=f"in `{base}` are {', '.join(inside)}",
        help=Replacement(f"{base}.{near.text}", certain=near.certain)
        if near
        else f"write `{base}.{inside[-1]}`, the last of them",
    )


def _output_place(leaving: Node | None, graph: GraphSpec, state: Expansion) -> Span:
    if leaving is not None:
        return leaving.span
    return state.nodes[-1].head if state.nodes else graph.span


def _checked_layer_defaults(
    graph: GraphSpec, state: Expansion
) -> Iterator[tuple[str, MappingNode]]:
    if graph.defaults is None:
        return
    for entry in graph.defaults:
        found = find_class("layer", entry.key, state.target, state.reporter)
        arguments = substitute_expressions(entry.value, state.file, state.reporter)
        if isinstance(found, Poison):
            state.used.add(entry.name)
        elif isinstance(arguments, MappingNode):
            for argument in arguments:
                _check_default(found, argument.key, state.target, state.reporter)
            yield found.name, arguments
        else:
            state.wrong(arguments, f"the defaults of `{entry.name}` are a mapping")


def _check_default(found: ClassEntry, key: Scalar, target: Target, reporter: Reporter) -> None:
    parameter = found.parameter_named(str(key.value))
    if parameter is None:
        report_unknown_argument(found, str(key.value), key.span, reporter)
    else:
        check_parameter(found, parameter, key.span, target, reporter)


def _report_unused(graph: GraphSpec, state: Expansion) -> None:
    for kind, name, span in _graph_declarations(graph):
        if name not in state.used:
            state.reporter.error(
                Code.DECLARED_NOT_USED,
                span,
                f"the {kind} `{name}` is never used",
                label="declared here, used nowhere",
                help="use it or leave it out",
            )
    for name, block in graph.blocks.items():
        params, read = block.params, state.block_reads.get(name)
        if read is None:
            continue
        for item in params.entries if params else ():
            if item.name not in read:
                state.reporter.error(
                    Code.PARAM_NOT_READ,
                    item.key.span,
                    f"the param `{item.name}` of `{name}` is never read",
                    label="no expression in the block uses it",
                    help=f"use `${item.name}` or leave it out",
                )


def _graph_declarations(graph: GraphSpec) -> Iterator[tuple[str, str, Span]]:
    for name, block in graph.blocks.items():
        if name[:1].isupper():  # another cannot be used, and is reported for its name
            yield "block", name, block.name.span
    for name, model in graph.models.items():
        yield "model", name, model.span
    for entry in graph.defaults.entries if graph.defaults else ():
        yield "default for", entry.name, entry.key.span
