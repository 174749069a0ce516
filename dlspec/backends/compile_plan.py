"""Plan -> a compiled model of Keras: its graph, its losses and its terms."""

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from dlspec.backends.graph_loss import GraphLoss
from dlspec.backends.lower import (
    Lowered,
    declared_input_tensors,
    global_keras_settings,
    lower_graph,
    lower_nodes,
    lowered_tensor,
    tensors_in_form,
)
from dlspec.backends.terms_model import TermsModel
from dlspec.backends.torch_names import allow_dots
from dlspec.backends.training_objects import compile_training
from dlspec.resolve.dead_nodes import tensors_read_by
from dlspec.resolve.minimised_terms import TARGET, nodes_after
from dlspec.resolve.plan import Graph, Objective, Plan, Reference, draws_within


def compile(plan: Plan) -> keras.Model:
    """Return the model of a plan, compiled with its optimizer, losses and metrics.

    A plan without a training section gives the bare model. Keras's global settings are those that a
    spec means while the layers are made.
    """
    with global_keras_settings(plan.runtime.precision):
        if plan.objective is None:
            model = lower_graph(plan.graph)
        else:
            seed = plan.training.seed if plan.training is not None else 0
            model = lower_objective(plan.objective, plan.graph, seed=seed)
    if plan.training is not None:
        compile_objectives(model, plan)
    return model


def lower_objective(objective: Objective, predicting: Graph, *, seed: int) -> TermsModel:
    """Return a model as it is trained; it holds `predicting`, which shares its layers."""
    allow_dots()
    graph = objective.graph
    tensors = declared_input_tensors(graph)
    inputs = {declared.name: tensors[declared.name] for declared in predicting.inputs}
    targets = {name: tensors[name] for name in tensors if name not in inputs}
    lowered = Lowered()
    ends = lower_nodes(graph, tensors, lowered, seed=seed)
    named = {name: end for (name, _), end in zip(graph.outputs, ends, strict=True)}
    told = nodes_after(graph, targets)
    early = {n: lowered_tensor(r, tensors) for n, r, _ in objective.terms if r.node not in told}
    late = {n: lowered_tensor(r, tensors) for n, r, _ in objective.terms if r.node in told}
    read = [lowered_tensor(r, tensors) for r in _references_into(graph, told, targets)]
    x = tensors_in_form(inputs, predicting.inputs_as)
    if draws_within(predicting):
        plain = lower_graph(predicting, lowered)
    else:
        plain = keras.Model(x, tensors_in_form(named, graph.outputs_as), name=predicting.name)
    model = TermsModel(x, {"outputs": named, "terms": early, "read": read}, name=graph.name)
    model.settle(
        lambda: plain,
        {name: weight for name, _, weight in objective.terms},
        keras.Model([*read, *targets.values()], late) if late else None,
        read=[name.removeprefix(TARGET) for name in targets],
        draws=lowered.draws,
    )
    return model


def _references_into(
    graph: Graph, told: set[str], targets: Mapping[str, object]
) -> Iterator[Reference]:
    """Yield, once each, what the nodes that depend on targets read beside them."""
    seen = set()
    for node in graph.nodes:
        for reference in tensors_read_by(node) if node.name in told else ():
            inside = reference.node in told or reference.node in targets
            if not inside and reference not in seen:
                seen.add(reference)
                yield reference


def compile_objectives(model: keras.Model, plan: Plan) -> None:
    """Compile the model of a plan with its optimizer, losses and metrics."""
    assert plan.training is not None
    predicting = model.predicting if isinstance(model, TermsModel) else model
    outputs = _outputs_by_name(predicting, plan.graph)
    # A loss computes in float32 whatever the precision of the model.
    with global_keras_settings("float32"):
        own = {
            name: GraphLoss(_lower_loss(planned.graph, outputs[name]), name=planned.graph.name)
            for name, planned in plan.losses.items()
        }
    form = plan.graph.outputs_as
    if len(plan.learned) < len(plan.graph.outputs):
        form = "single" if len(plan.learned) == 1 else "list"
    if isinstance(model, TermsModel):
        model.learn(plan.learned, form)
    compile_training(model, plan.training, own, names=plan.learned, form=form)


def _outputs_by_name(model: keras.Model, graph: Graph) -> dict[str, Any]:
    """Return the outputs of a graph's model by their names in the spec."""
    struct = model.output
    if isinstance(struct, Mapping):
        return dict(struct)
    listed = struct if isinstance(struct, list | tuple) else [struct]
    return {name: tensor for (name, _), tensor in zip(graph.outputs, listed, strict=True)}


def _lower_loss(graph: Graph, output: Any) -> keras.Model:  # noqa: ANN401 - a Keras tensor
    """Return the graph of a loss as a model of target and prediction."""
    target, _ = graph.inputs
    tensors = {
        "target": keras.Input(batch_shape=target.shape, dtype=target.dtype),
        "prediction": keras.Input(batch_shape=tuple(output.shape), dtype="float32"),
    }
    inputs = list(tensors.values())
    (end,) = lower_nodes(graph, tensors)
    assert len(end.shape) == 1, f"{graph.name}: {end.shape}"
    return keras.Model(inputs, end, name=graph.name)
