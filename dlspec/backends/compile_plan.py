"""Plan -> a compiled model of Keras: its graph, its losses and its terms."""

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from dlspec.backends.batch_augmentation import batch_augmentation
from dlspec.backends.blank_steps import with_blank_steps
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
from dlspec.backends.penalties_model import PenaltiesModel
from dlspec.backends.terms_model import TermsModel
from dlspec.backends.torch_names import allow_dots
from dlspec.backends.training_objects import built_optimizers, compile_training
from dlspec.backends.turns_model import Follower, RunningTurn, TurnsModel
from dlspec.language.sections import Training
from dlspec.resolve.dead_nodes import tensors_read_by
from dlspec.resolve.minimised_terms import TARGET, nodes_after
from dlspec.resolve.penalties import penalty_figures
from dlspec.resolve.plan import (
    Graph,
    Objective,
    Plan,
    PlannedTurn,
    Reference,
    draws_within,
)
from dlspec.resolve.planned_turns import trained_units


def compile(plan: Plan) -> keras.Model:
    """Return the model of a plan, compiled with its optimizer, losses and metrics.

    A plan without a training section gives the bare model. Keras's global settings are those that a
    spec means while the layers are made.
    """
    with global_keras_settings(plan.runtime.precision):
        if plan.objective is None:
            model = lower_graph(plan.graph, aligned=plan.aligned)
        else:
            model = _lower_objective(plan, plan.objective)
    if plan.training is not None:
        compile_objectives(model, plan)
    return _with_augmented_batches(model, plan) if plan.augmented else model


def _with_augmented_batches(model: keras.Model, plan: Plan) -> PenaltiesModel:
    """Return a compiled model that varies the batches of its training."""
    trained = model if isinstance(model, TermsModel) else _telling_model(model, plan)
    trained.augment_batches(batch_augmentation(plan))
    return trained


def _lower_objective(plan: Plan, objective: Objective) -> TermsModel:
    """Return a model as it is trained; it holds the one that predicts, which shares its layers."""
    allow_dots()
    training = plan.training
    assert training is not None
    graph, predicting = objective.graph, plan.graph
    tensors = declared_input_tensors(graph)
    inputs = {declared.name: tensors[declared.name] for declared in predicting.inputs}
    targets = {name: tensors[name] for name in tensors if name not in inputs}
    lowered = Lowered()
    ends = lower_nodes(graph, tensors, lowered, seed=training.seed)
    names = [name for name, _ in graph.outputs]
    named = with_blank_steps(dict(zip(names, ends, strict=True)), plan.aligned)
    told = nodes_after(graph, targets)
    early = {n: lowered_tensor(r, tensors) for n, r, _ in objective.terms if r.node not in told}
    late = {n: lowered_tensor(r, tensors) for n, r, _ in objective.terms if r.node in told}
    read = [lowered_tensor(r, tensors) for r in _references_into(graph, told, targets)]
    x = tensors_in_form(inputs, predicting.inputs_as)
    if draws_within(predicting):
        plain = lower_graph(predicting, lowered, aligned=plan.aligned)
    else:
        plain = keras.Model(x, tensors_in_form(named, graph.outputs_as), name=predicting.name)
    class_ = TurnsModel if training.turns or training.follow else TermsModel
    model = class_(x, {"outputs": named, "terms": early, "read": read}, name=graph.name)
    model.tell_penalties(lambda: plain, graph)
    model.settle(
        {name: weight for name, _, weight in objective.terms},
        keras.Model([*read, *targets.values()], late) if late else None,
        read=[name.removeprefix(TARGET) for name in targets],
        draws=lowered.draws,
    )
    if isinstance(model, TurnsModel):
        terms = early | late
        turns = [
            _running_turn(turn, lowered, {**inputs, **targets}, terms, named)
            for turn in plan.turns or (_all_at_once(objective, training),)
        ]
        model.settle_turns(
            turns, _followers(training, lowered), inputs=list(inputs), told=bool(plan.turns)
        )
    return model


def _all_at_once(objective: Objective, training: Training) -> PlannedTurn:
    """Return the one turn of a training without turns: it trains all that is trained."""
    terms = tuple((name, weight) for name, _, weight in objective.terms)
    moves = trained_units(objective.graph)
    return PlannedTurn("all", moves, terms, training.loss is not None, training.optimizer, 1)


def _running_turn(
    planned: PlannedTurn,
    lowered: Lowered,
    given: Mapping[str, Any],
    terms: Mapping[str, Any],
    outputs: Mapping[str, Any],
) -> RunningTurn:
    """Return a turn over what its graph has become; it computes no more than it minimises.

    Args:
        given: The tensors of inputs and targets by name.
        terms: Those of all terms.
    """
    made = {
        "terms": {name: terms[name] for name, _ in planned.terms},
        "outputs": dict(outputs) if planned.loss else {},
    }
    layers = [
        lowered.models[unit.name] if unit.of == "model" else lowered.layers[unit.name]
        for unit in planned.moves
    ]
    variables = {id(v): v for layer in layers for v in layer.trainable_variables}
    return RunningTurn(planned, keras.Model(dict(given), made), list(variables.values()))


def _followers(training: Training, lowered: Lowered) -> list[Follower]:
    """Return the models that follow others, each begun as a copy of what it follows."""
    found = [
        Follower(lowered.models[name], lowered.models[said.model], said.momentum)
        for name, said in (training.follow or {}).items()
    ]
    for follower in found:
        follower.begin()
    return found


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


def with_named_penalties(model: keras.Model, plan: Plan) -> keras.Model:
    """Return a compiled model as it is trained and measured: what layers add has figures.

    It shares the layers and the optimizer of `model`, and is `model` where layers add nothing.
    """
    if isinstance(model, PenaltiesModel) or not penalty_figures(plan.graph):
        return model
    return _telling_model(model, plan)


def _telling_model(model: keras.Model, plan: Plan) -> PenaltiesModel:
    told = PenaltiesModel(model.input, model.output, name=model.name)
    told.tell_penalties(lambda: model, plan.graph)
    compile_objectives(told, plan, optimizer=model.optimizer)
    return told


def compile_objectives(
    model: keras.Model, plan: Plan, *, optimizer: keras.optimizers.Optimizer | None = None
) -> None:
    """Compile the model of a plan with its optimizer, or with this one, its losses and metrics."""
    assert plan.training is not None
    predicting = model.predicting if isinstance(model, PenaltiesModel) else model
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
    optimizers = [optimizer] if optimizer is not None else built_optimizers(plan)
    compile_training(
        model, plan.training, own, optimizer=optimizers[0], names=plan.learned, form=form
    )
    if isinstance(model, TurnsModel):
        model.begin_turns(optimizers)


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
