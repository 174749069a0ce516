"""What is trained beside what predicts: terms, judged, and entries that draw."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.expand.flat import AskedTerms, FlatGraph, Input
from dlspec.language.sections import Data, Training, is_free_of_poison
from dlspec.language.turns import Turn
from dlspec.resolve.costs import node_cost
from dlspec.resolve.dead_nodes import sources_of
from dlspec.resolve.gradients import nodes_moved_by
from dlspec.resolve.one_number import report_not_one_number
from dlspec.resolve.plan import Graph, Objective, Reference, draws_within
from dlspec.resolve.resolve import is_resolved_whole
from dlspec.syntax.scalars import Poison

TARGET = "target."


def asked_terms(spec: ModelSpec) -> AskedTerms | None:
    """Return what the training asks of the graph beside its outputs; None where it is nothing."""
    training = spec.training
    if not isinstance(training, Training):
        return None
    is_whole = _are_terms_read(training)
    paths = tuple(_paths_of_terms(training))
    places = tuple((path.partition(".terms.")[2], spec.places.key(path)) for path in paths)
    followers = frozenset(training.follow) if isinstance(training.follow, Mapping) else frozenset()
    if not places and not followers and is_whole:
        return None
    targets = tuple(_targets_of_data(spec.data))
    heads = tuple(target.name.removeprefix(TARGET) for target in targets)
    return AskedTerms(targets, places, followers, heads, is_whole)


def _paths_of_terms(training: Training) -> Iterator[str]:
    """Yield where terms stand in the text: for all of the training, or in its turns."""
    if isinstance(training.terms, Mapping):
        yield from (f"training.terms.{name}" for name in training.terms)
    for index, turn in enumerate(turns_of(training)):
        if isinstance(turn.terms, Mapping):
            yield from (f"training.turns.{index}.terms.{name}" for name in turn.terms)


def _are_terms_read(training: Training) -> bool:
    """Tell whether the names of all terms could be read."""
    of_turns = tuple(turn.terms for turn in turns_of(training))
    hidden = bool(training.turns) and not of_turns
    return not hidden and not any(isinstance(one, Poison) for one in (training.terms, *of_turns))


def _minimised_names(training: Training) -> set[str]:
    """Return the terms that have a weight, whatever the sum of those that turns give them."""
    told = (training.terms or {}, *(turn.terms or {} for turn in training.turns or ()))
    return {name for terms in told for name, weight in terms.items() if weight}


def turns_of(training: Training) -> tuple[Turn, ...]:
    """Return the turns of a training, as far as they could be read."""
    turns = training.turns or ()
    if isinstance(turns, Poison) or not all(isinstance(turn, Turn) for turn in turns):
        return ()
    return turns


def _targets_of_data(data: Data | None) -> Iterator[Input]:
    if not isinstance(data, Data) or not is_free_of_poison(data.sampling):
        return
    if isinstance(data.targets, Poison):
        return
    for name, feature in data.model_targets.items():
        if is_free_of_poison(feature):
            element = feature.element
            assert element.shape is not None
            assert element.dtype is not None
            yield Input(f"{TARGET}{name}", (None, *element.shape), element.dtype)
        else:
            yield Input(f"{TARGET}{name}", None)  # type: ignore[arg-type]  # reported: not known


def predicting_graph(whole: Graph) -> Graph:
    """Return the part of a graph that its outputs need: what leads to terms alone is left out."""
    needed = _nodes_before(whole, [reference.node for _, reference in whole.outputs])
    return replace(whole, nodes=tuple(node for node in whole.nodes if node.name in needed))


def resolve_objective(
    spec: ModelSpec, whole: Graph, flat: FlatGraph, reporter: Reporter
) -> Objective | None:
    """Return the model that is trained, where it is another than what predicts; else None.

    It is where terms are minimised beside the losses, which are judged, where it is trained in
    turns, where a model follows another, and where it draws.
    """
    found = _resolved_terms(spec, whole, flat, reporter)
    training = spec.training
    if found is None and isinstance(training, Training):
        own = training.turns or training.follow or draws_within(whole)
        return Objective(whole, ()) if own else None
    return found


def _resolved_terms(
    spec: ModelSpec, whole: Graph, flat: FlatGraph, reporter: Reporter
) -> Objective | None:
    training = spec.training
    if not isinstance(training, Training) or isinstance(flat.terms, Poison):
        return None
    if not flat.terms or not is_free_of_poison((training.terms, training.turns)):
        return None
    if not is_resolved_whole(whole, flat):
        return None  # reported: what a term hangs on is not known
    read = {name for node in whole.nodes for name in sources_of(node)}
    read |= {pointer.node for _, pointer in flat.terms}
    targets = tuple(declared for declared in flat.targets if declared.name in read)
    graph = replace(whole, inputs=(*whole.inputs, *targets))
    _report_targets_in_outputs(graph, flat, reporter)
    moved = nodes_moved_by(graph, _nodes_that_may_be_trained(graph))
    terms = []
    paths = {path.partition(".terms.")[2]: path for path in reversed([*_paths_of_terms(training)])}
    for name, pointer in flat.terms:
        reference = Reference(pointer.node, _number_of_output(graph, pointer.node, pointer.pick))
        terms.append((name, reference, training.term_weights[name]))
        place = spec.places.key(paths[name])
        # With a weight of 0 it is a figure: accuracy and the like are steps.
        if pointer.node not in moved and name in _minimised_names(training):
            reporter.error(
                Code.NOTHING_LEARNS,
                place,
                f"no weight changes the term `{name}`",
                label="it stays the same whatever is learned",
                help="let it depend on a layer that is trained, through functions that have a "
                "gradient, or leave it out",
            )
            continue
        tensor = graph.tensor(reference)
        if tensor.shape != ():
            batch = whole.inputs[0].shape[0] if whole.inputs else None
            report_not_one_number(
                f"the term `{name}`", tensor, place, batch=batch, reporter=reporter
            )
    return Objective(graph, tuple(terms))


def _number_of_output(graph: Graph, name: str, pick: str | None) -> int:
    if pick is None:
        return 0
    names = [output for output, _ in graph.node(name).outputs]
    return names.index(pick) if pick in names else int(pick)


def _nodes_before(graph: Graph, ends: Iterable[str]) -> set[str]:
    """Return the nodes that `ends` depend on, themselves included."""
    by_name = {node.name: node for node in graph.nodes}
    found, waiting = set[str](), list(ends)
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found.add(name)
            waiting.extend(sources_of(by_name[name]))
    return found


def nodes_after(graph: Graph, starts: Iterable[str]) -> set[str]:
    """Return the nodes that depend on inputs, in whatever way."""
    given, found = set(starts), set[str]()
    for node in graph.nodes:
        if any(source in given or source in found for source in sources_of(node)):
            found.add(node.name)
    return found


def _nodes_that_may_be_trained(graph: Graph) -> set[str]:
    return {node.name for node in graph.nodes if node_cost(node, graph).may_be_trained}


def _report_targets_in_outputs(graph: Graph, flat: FlatGraph, reporter: Reporter) -> None:
    """Report entries that read a target and lead to what predicts, which knows none."""
    needed = _nodes_before(graph, [reference.node for _, reference in graph.outputs])
    for node in graph.nodes:
        read = [name for name in sources_of(node) if name.startswith(TARGET)]
        written = flat.node(node.name)
        if node.name in needed and read and written is not None:
            with reporter.with_trail(*written.trail):
                reporter.error(
                    Code.TARGET_IN_OUTPUT,
                    written.head,
                    f"`{node.name}` reads `{read[0]}` and leads to an output",
                    label="who predicts does not know the target",
                    help="let it lead to terms alone",
                )
