"""What changed in meaning between two plans, and which steps must run again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from dlspec.language.catalogue import Object
from dlspec.resolve.chain import CHAIN, Step, step_digest
from dlspec.resolve.costs import graph_cost, node_cost
from dlspec.resolve.plan import Argument, Graph, Node, Op, Plan, Reference
from dlspec.tools.diff.leaves import (
    Change,
    Leaf,
    Written,
    argument_leaves,
    leaf_table,
    renamed_changes,
    table_changes,
)
from dlspec.tools.diff.matched_nodes import matched_names
from dlspec.tools.show.edges import reference_text
from dlspec.tools.show.words import node_class_name, shape_text

# In the order of a spec, the model between data and training.
ABOUT = ("name", "description", "tags", "owners")


SECTIONS = (
    *ABOUT,
    "params",
    "data",
    "training",
    "evaluation",
    "prediction",
    "retraining",
    "runtime",
)

# What holds something for each input or output of the model, under its name.
_BY_INPUT = ("data.inputs", "training.augment")
_BY_OUTPUT = ("data.targets", "training.loss", "training.loss_weights", "training.metrics")
# Against which everything is new, or gone.
_NO_GRAPH = Graph("", (), (), (), "single", "single", {})


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A layer that is new, gone, not the same, or only called otherwise.

    `model` is the inner model that holds it, "" for the outermost. `name` is the layer's new name
    (the old one when it is gone), `was` the old name of one that is in both.
    """

    kind: Literal["added", "removed", "changed", "renamed"]
    model: str
    name: str
    was: str | None
    class_name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over a whole model, on both sides; None where it is known only once built."""

    what: Literal["parameters", "FLOPs", "activation bytes"]
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two plans.

    `changes` holds the sections, `layers` and `wiring` the graph (inputs and outputs), `totals`
    its sums, whether they differ or not; `rerun` lists the steps that must run again, in order.
    """

    names: tuple[str, str]
    changes: tuple[Change, ...]
    wiring: tuple[Change, ...]
    layers: tuple[LayerChange, ...]
    totals: tuple[Total, ...]
    rerun: tuple[Step, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether both plans mean the same."""
        return not (self.changes or self.wiring or self.layers or self.rerun)


def diff(before: Plan, after: Plan) -> Difference:
    """Compare two plans in meaning: comments, layout and key order make no difference.

    A step must run again when what it depends on changed, or when a step it takes from must.
    """
    graphs = before.graph, after.graph
    return Difference(
        names=(before.name, after.name),
        changes=tuple(_section_changes(before, after)),
        wiring=tuple(_wiring_changes(*graphs, model="")),
        layers=(
            *_layer_changes(*graphs, model=""),
            *_loss_changes(before, after),
            # What differs in the models that they call is told with those of the graph.
            *_layer_changes(
                _terms_alone(before), _terms_alone(after), model="terms.", within_models=False
            ),
        ),
        totals=_compared_totals(*graphs),
        rerun=_steps_to_rerun(before, after),
    )


def _steps_to_rerun(before: Plan, after: Plan) -> tuple[Step, ...]:
    again: list[Step] = []
    for step in CHAIN:
        changed = step_digest(before, step.name) != step_digest(after, step.name)
        if changed or any(other in again for other in step.takes):
            again.append(step.name)
    return tuple(again)


def _section_changes(before: Plan, after: Plan) -> Iterator[Change]:
    _, inputs, outputs = matched_names(before.graph, after.graph)
    was = {
        f"{path}.{new}": f"{path}.{old}"
        for paths, ends in ((_BY_INPUT, inputs), (_BY_OUTPUT, outputs))
        for path in paths
        for old, new in ends.items()
    }
    for section in SECTIONS:
        old, new = (
            leaf_table(section, _said_in_section(plan, section)) for plan in (before, after)
        )
        yield from renamed_changes(old, new, was)


def _said_in_section(plan: Plan, section: str) -> object:
    """Return a section, or None where it says nothing; what varies inputs stands by input."""
    if section == "training" and plan.training is not None and plan.augmented:
        return replace(plan.training, augment=plan.augmented)
    return getattr(plan, section) or None


def _loss_changes(before: Plan, after: Plan) -> Iterator[LayerChange]:
    """Yield the entries that differ in the losses that the specs declare, by output."""
    outputs = matched_names(before.graph, after.graph).outputs
    losses = {outputs.get(name, name): loss for name, loss in before.losses.items()}
    for name in dict.fromkeys((*losses, *after.losses)):
        sides = losses.get(name), after.losses.get(name)
        old, new = (_NO_GRAPH if side is None else side.graph for side in sides)
        yield from _layer_changes(old, new, model=f"loss of {name}.")


def _terms_alone(plan: Plan) -> Graph:
    """Return the entries of a graph that lead to terms alone."""
    if plan.objective is None:
        return _NO_GRAPH
    known = {node.name for node in plan.graph.nodes}
    whole = plan.objective.graph
    return replace(whole, nodes=tuple(n for n in whole.nodes if n.name not in known), outputs=())


def _compared_totals(before: Graph, after: Graph) -> tuple[Total, ...]:
    old, new = graph_cost(before), graph_cost(after)
    return (
        Total("parameters", old.parameters, new.parameters),
        Total("FLOPs", old.flops, new.flops),
        Total("activation bytes", old.activations, new.activations),
    )


def _wiring_changes(before: Graph, after: Graph, *, model: str) -> Iterator[Change]:
    """Yield what differs in the inputs and outputs of a graph and of the models it holds."""
    layers, inputs, outputs = matched_names(before, after)
    tables = _wiring_table(before, layers | inputs, model), _wiring_table(after, {}, model)
    was = {f"{model}input {new}": f"{model}input {old}" for old, new in inputs.items()}
    was |= {f"{model}output {new}": f"{model}output {old}" for old, new in outputs.items()}
    # An output called as its layer is renamed with it.
    told = {f"{model}output {new}" for old, new in outputs.items() if layers.get(old) == new}
    yield from (c for c in renamed_changes(*tables, was) if c.path not in told)
    for name in before.models:
        if name in after.models:
            inner = f"{model}{name}."
            yield from _wiring_changes(before.models[name], after.models[name], model=inner)


def _wiring_table(graph: Graph, names: Mapping[str, str], model: str) -> dict[str, Written]:
    """Return inputs and outputs as a table; `names` translates old names of tensors to new ones."""
    found = {}
    for declared in graph.inputs:
        sparse = " sparse" if declared.sparse else ""
        said = f"{declared.shape} {declared.dtype}{sparse}"
        found[f"{model}input {declared.name}"] = Written(said)
    for name, reference in graph.outputs:
        shown = _renamed_tensor_text(reference, graph, names)
        found[f"{model}output {name}"] = Written(shown)
    found[f"{model}inputs as"] = Written(graph.inputs_as)
    found[f"{model}outputs as"] = Written(graph.outputs_as)
    return found


def _layer_changes(
    before: Graph, after: Graph, *, model: str, within_models: bool = True
) -> Iterator[LayerChange]:
    """Yield the layers that differ, in the new order; those that are gone stand where they were."""
    layers, inputs, _ = matched_names(before, after)
    names = layers | inputs
    old = {node.name: node for node in before.nodes}
    was = {new: name for name, new in layers.items()}
    gone = _removed_layers(before, layers)
    yield from (_one_sided("removed", node, before, model) for node in gone.get(None, ()))
    for node in after.nodes:
        if node.name not in was:
            yield _one_sided("added", node, after, model)
            continue
        earlier = old[was[node.name]]
        found = table_changes(_layer_facts(earlier, before, names), _layer_facts(node, after, {}))
        if found or earlier.name != node.name:
            kind: Literal["changed", "renamed"] = "changed" if found else "renamed"
            yield LayerChange(kind, model, node.name, earlier.name, node_class_name(node), found)
        yield from (_one_sided("removed", n, before, model) for n in gone.get(earlier.name, ()))
    names_of_models = (*before.models, *after.models) if within_models else ()
    for name in dict.fromkeys(names_of_models):
        inner = before.models.get(name, _NO_GRAPH), after.models.get(name, _NO_GRAPH)
        yield from _layer_changes(*inner, model=f"{model}{name}.")


def _removed_layers(before: Graph, names: Mapping[str, str]) -> dict[str | None, list[Node]]:
    """Return the layers without a partner, by the last layer above that has one."""
    found: dict[str | None, list[Node]] = {}
    above = None
    for node in before.nodes:
        if node.name in names:
            above = node.name
        else:
            found.setdefault(above, []).append(node)
    return found


def _one_sided(
    kind: Literal["added", "removed"], node: Node, graph: Graph, model: str
) -> LayerChange:
    facts = {k: fact for k, fact in _layer_facts(node, graph, {}).items() if not fact.by_default}
    found = table_changes({}, facts) if kind == "added" else table_changes(facts, {})
    kept = tuple(change for change in found if change.path != "class")
    return LayerChange(kind, model, node.name, None, node_class_name(node), kept)


def _layer_facts(node: Node, graph: Graph, names: Mapping[str, str]) -> dict[str, Written]:
    """Return all that a comparison says of a layer; what costs nothing is left out."""
    operation = node.operation
    facts = {"class": Written(node_class_name(node))}
    if isinstance(operation, Object):
        facts |= dict(argument_leaves("", operation))
    elif isinstance(operation, Op):
        facts |= _operand_facts(operation, graph, names)
    reads = _argument_leaf(node.inputs, graph, names)
    if reads is not None and not isinstance(operation, Op):
        facts["reads"] = Written(reads)
    for name, argument in node.call.items():
        facts[f"call.{name}"] = Written(_argument_leaf(argument, graph, names))
    if not node.trainable:
        facts["trainable"] = Written(value=False)
    for name, tensor in node.outputs:
        dtype = "" if tensor.dtype in ("float32", None) else f" {tensor.dtype}"
        what = "output" if name == "out" else f"output {name}"
        facts[what] = Written(shape_text(tensor) + dtype)
    cost = node_cost(node, graph)
    counts = {"parameters": cost.parameters, "FLOPs": cost.flops}
    return facts | {what: Written(count) for what, count in counts.items() if count}


def _operand_facts(operation: Op, graph: Graph, names: Mapping[str, str]) -> dict[str, Written]:
    facts = {"args": Written(_argument_leaf(operation.arguments, graph, names))}
    for name, argument in operation.keywords.items():
        facts[name] = Written(_argument_leaf(argument, graph, names))
    return facts


def _argument_leaf(
    argument: Argument | tuple[Argument, ...] | Mapping[str, Reference],
    graph: Graph,
    names: Mapping[str, str],
) -> Leaf:
    """Return an argument with its tensors as a spec writes them; a single one stands bare."""
    match argument:
        case Reference():
            return _renamed_tensor_text(argument, graph, names)
        case tuple():
            return tuple(_argument_leaf(item, graph, names) for item in argument)
        case Mapping():
            return tuple(f"{k}: {_argument_leaf(v, graph, names)}" for k, v in argument.items())
        case None | bool() | int() | float() | str():
            return argument
        case _:
            return str(argument)


def _renamed_tensor_text(reference: Reference, graph: Graph, names: Mapping[str, str]) -> str:
    renamed = names.get(reference.node, reference.node)
    return renamed + reference_text(reference, graph).removeprefix(reference.node)
