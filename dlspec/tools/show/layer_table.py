"""The layer table of `dlspec show`, as text and as JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import Object
from dlspec.resolve.costs import (
    Cost,
    graph_cost,
    models_of,
    node_cost,
    owns_its_weights,
    tensor_bytes,
)
from dlspec.resolve.plan import (
    Graph,
    LossGraph,
    Node,
    Objective,
    Plan,
    PlannedTurn,
    canonical_data,
    canonical_digest,
    own_models,
)
from dlspec.tools.aligned_table import RULE, aligned_table
from dlspec.tools.show.edges import edges_into, is_chain, reference_text
from dlspec.tools.show.words import bytes_text, count_text, node_class_name, object_text, shape_text

_HEAD = ("layer", "class", "output shape", "parameters", "FLOPs", "activations", "reads")
_RIGHT = frozenset({3, 4, 5})
# The column that says what a layer reads; a chain needs none.
_READS = 6

Row = tuple[str, ...]


def layer_table(plan: Plan, *, columns: int | None = None) -> str:
    """Return the layers of a plan as aligned text, one sample's costs beside each.

    A `?` is known once Keras has built the layer. Layers of a model that is called are indented
    under its first call. Which layers feed one is said unless all stand in a chain.

    Args:
        columns: Those of a terminal, into which long names are folded; None folds none.
    """
    graph = plan.graph
    rows = list(graph_rows(graph))
    chain = is_chain(graph) and not graph.models
    total = graph_cost(graph)
    last = ("total", "", "", *_cost_cells(total), "")
    told = [row[: _READS if chain else None] for row in (_HEAD, RULE, *rows, RULE, last)]
    table = aligned_table(told, right=_RIGHT, columns=columns)
    losses = [_loss_table(name, planned, columns) for name, planned in plan.losses.items()]
    terms = [] if plan.objective is None else [_terms_table(plan, plan.objective, columns)]
    augmented = [_augmentation_text(name, layers) for name, layers in plan.augmented.items()]
    return "\n".join([table, *cost_notes(total), *augmented, *losses, *terms]) + "\n"


def _augmentation_text(name: str, layers: tuple[Object, ...]) -> str:
    """Return what varies an input in training, as no saved model does."""
    return f"`{name}` is varied in training by {', '.join(map(object_text, layers))}"


def _terms_table(plan: Plan, objective: Objective, columns: int | None) -> str:
    """Return the entries that lead to terms alone, which no saved model has, and how all learn."""
    predicting = plan.graph
    known = {node.name for node in predicting.nodes}
    alone = replace(
        objective.graph,
        inputs=objective.graph.inputs[len(predicting.inputs) :],
        nodes=tuple(node for node in objective.graph.nodes if node.name not in known),
    )
    told = [_HEAD, RULE, *graph_rows(alone)]
    table = aligned_table(told, right=_RIGHT, columns=columns)
    weights = [(name, weight) for name, _, weight in objective.terms]
    said = [f"minimised too: {_weighted_text(weights)}"] if weights and not plan.turns else []
    said += [_turn_text(i, turn) for i, turn in enumerate(plan.turns, start=1)]
    follow = (plan.training.follow if plan.training is not None else None) or {}
    said += [f"`{n}` follows `{f.model}` with momentum {f.momentum:g}" for n, f in follow.items()]
    heading = "\n".join(said) or "in training alone"
    return f"\n{heading}\n\n{table}" if alone.nodes or alone.inputs else f"\n{heading}"


def _weighted_text(weights: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{weight:g} x `{name}`" for name, weight in weights)


def _turn_text(number: int, turn: PlannedTurn) -> str:
    """Return what a turn trains, for what and how."""
    moves = ", ".join(f"`{unit.name}`" for unit in turn.moves)
    minimised = [*(["the loss"] if turn.loss else []), *filter(None, [_weighted_text(turn.terms)])]
    often = "" if turn.steps == 1 else f", {turn.steps} times in a row"
    how = f"{', '.join(minimised)} by {turn.optimizer.class_name}{often}"
    return f"turn {number}, `{turn.name}`, trains {moves} to minimise {how}"


def _loss_table(output: str, planned: LossGraph, columns: int | None) -> str:
    """Return the entries of a declared loss, which costs nothing that is counted."""
    graph = planned.graph
    rows = [(name, class_, shape, reads) for name, class_, shape, *_, reads in graph_rows(graph)]
    head = tuple(_HEAD[i] for i in (0, 1, 2, _READS))
    table = aligned_table([head, RULE, *rows], right=frozenset(), columns=columns)
    return f"\nthe loss `{graph.name}` of `{output}`\n\n{table}"


def graph_rows(graph: Graph, depth: int = 0, shown_around: set[str] | None = None) -> Iterator[Row]:
    """Yield a row of `layer, class, output shape, parameters, FLOPs, activations, reads` each.

    Inputs come first; the layers of a called model follow its first call, one level deeper.

    Args:
        shown_around: The models of the graph around it whose layers are shown; more are added.
    """
    indent = "  " * depth
    for declared in graph.inputs:
        yield (indent + declared.name, "Input", str(declared.shape), "", "", "", "")
    shown: set[str] = set()
    for node in graph.nodes:
        yield _layer_row(node, graph, indent)
        for name in sorted(models_of(node) - shown):
            seen = shown_around if name in graph.borrowed and shown_around is not None else shown
            if name not in seen:
                seen.add(name)
                yield from graph_rows(graph.models[name], depth + 1, shown)


def cost_notes(total: Cost) -> tuple[str, ...]:
    """Return what is to be said under a layer table, one line each."""
    found = []
    if total.frozen:
        trainable, frozen = count_text(total.trainable), count_text(total.frozen)
        found.append(f"{trainable} parameters are trainable, {frozen} are not")
    if total.unknown:
        layers = counted(total.unknown, "layer")
        found.append(f"the parameters of {layers} are known once built and are not in the total")
    return tuple(found)


def plan_json(plan: Plan) -> dict[str, object]:
    """Return a plan as JSON data: the layers with their costs, and the sections as compiled."""
    return {
        "name": plan.name,
        "description": plan.description,
        "digest": canonical_digest(plan),
        "model": _graph_json(plan.graph),
        "params": canonical_data(plan.params),
        "data": canonical_data(plan.data),
        "training": canonical_data(plan.training),
        "evaluation": canonical_data(plan.evaluation),
        "prediction": canonical_data(plan.prediction),
        "retraining": canonical_data(plan.retraining),
        "runtime": canonical_data(plan.runtime),
        "terms": [] if plan.objective is None else _terms_json(plan.objective),
        "turns": canonical_data(plan.turns),
        "losses": {name: _graph_json(one.graph) for name, one in plan.losses.items()},
    }


def _terms_json(objective: Objective) -> list[dict[str, object]]:
    return [
        {"name": name, "weight": weight, "reads": reference_text(reference, objective.graph)}
        for name, reference, weight in objective.terms
    ]


def _graph_json(graph: Graph) -> dict[str, object]:
    inputs = [{"name": i.name, "shape": list(i.shape), "dtype": i.dtype} for i in graph.inputs]
    outputs = {name: reference_text(reference, graph) for name, reference in graph.outputs}
    return {
        "inputs": inputs,
        "outputs": outputs,
        "layers": [_node_json(node, graph) for node in graph.nodes],
        "total": _cost_json(graph_cost(graph)),
        "models": {name: _graph_json(inner) for name, inner in own_models(graph)},
    }


def _node_json(node: Node, graph: Graph) -> dict[str, object]:
    outputs = {
        name: {
            "shape": tensor.shape and list(tensor.shape),
            "dtype": tensor.dtype,
            "bytes": tensor_bytes(tensor),
        }
        for name, tensor in node.outputs
    }
    return {
        "name": node.name,
        "class": node_class_name(node),
        "operation": canonical_data(node.operation),
        "reads": [reference_text(edge.source, graph) for edge in edges_into(node)],
        "outputs": outputs,
        "trainable": node.trainable,
        "shares_weights": not owns_its_weights(node, graph),
        **_cost_json(node_cost(node, graph)),
    }


def _cost_json(cost: Cost) -> dict[str, object]:
    return {
        "parameters": cost.parameters,
        "trainable_parameters": cost.trainable,
        "flops": cost.flops,
        "activation_bytes": cost.activations,
    }


def _layer_row(node: Node, graph: Graph, indent: str) -> Row:
    cost = node_cost(node, graph)
    parameters, flops, activations = _cost_cells(cost)
    if cost.parameters and not owns_its_weights(node, graph):
        parameters = "shared"
    shape = ", ".join(shape_text(tensor) for _, tensor in node.outputs)
    reads = ", ".join(reference_text(edge.source, graph) for edge in edges_into(node))
    return (indent + node.name, node_class_name(node), shape, parameters, flops, activations, reads)


def _cost_cells(cost: Cost) -> Row:
    return (count_text(cost.parameters), count_text(cost.flops), bytes_text(cost.activations))
