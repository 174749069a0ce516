"""A training step in turns on JAX: the variables travel as one state."""

from typing import Any

import jax
import keras

# The values of variables by identity, as they are now within a step.
Values = dict[int, Any]


def run_step_on_jax(model: Any, *given: Any) -> Any:  # noqa: ANN401 - a TurnsModel, Keras's state and a batch, figures and state
    """Move the weights of each turn, then those of the followers."""
    state, data = given
    groups = _variables_of_state(model)
    values: Values = {
        id(variable): value
        for group, given in zip(groups, state, strict=True)
        for variable, value in zip(group, given, strict=True)
    }
    every = [variable for group in groups for variable in group]
    total = keras.ops.zeros(())
    for number, turn in enumerate(model.turns):
        for _ in range(turn.planned.steps):
            loss = _run_turn(model, number, every, values, data)
            total = total + loss / turn.planned.steps
    with keras.StatelessScope(state_mapping=_pairs(every, values)) as scope:
        model.note_step(total, data[0])
        logs = model.get_metrics_result()
    _take_over(scope, model.metrics_variables, values)
    for follower in model.followers:
        for own, other in follower.pairs:
            values[id(own)] = follower.moved(values[id(own)], values[id(other)])
    return logs, tuple([values[id(variable)] for variable in group] for group in groups)


def _variables_of_state(model: Any) -> list[list[Any]]:  # noqa: ANN401 - a TurnsModel
    """Return the variables in Keras's order: trainable, other, optimizers, metrics."""
    states = [variable for turn in model.turns for variable in turn.optimizer.variables]
    return [
        model.trainable_variables,
        model.non_trainable_variables,
        states,
        model.metrics_variables,
    ]


def _run_turn(model: Any, number: int, every: list[Any], values: Values, data: Any) -> Any:  # noqa: ANN401 - a TurnsModel, a batch, a tensor
    """Move the weights of one turn once: their values, and those of all that a call changes."""
    turn = model.turns[number]
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    changed = [*model.non_trainable_variables, *model.metrics_variables]

    def minimised(moving: list[Any]) -> tuple[Any, tuple[Any, list[Any]]]:
        moved = dict(zip(map(id, turn.variables), moving, strict=True))
        pairs = _pairs(every, {**values, **moved})
        with keras.StatelessScope(state_mapping=pairs, collect_losses=True) as scope:
            loss = model.loss_of_turn(number, x, y, sample_weight)
            scaled = turn.optimizer.scale_loss(loss)
        after = {id(v): values[id(v)] for v in changed}
        _take_over(scope, changed, after)
        return scaled, (loss, [after[id(v)] for v in changed])

    moving = [values[id(variable)] for variable in turn.variables]
    gradient = jax.value_and_grad(minimised, has_aux=True)
    (_, (loss, after)), gradients = gradient(moving)
    values.update(zip(map(id, changed), after, strict=True))
    states = turn.optimizer.variables
    moving, others = turn.optimizer.stateless_apply(
        [values[id(variable)] for variable in states], gradients, moving
    )
    values.update(zip(map(id, turn.variables), moving, strict=True))
    values.update(zip(map(id, states), others, strict=True))
    return loss


def _pairs(variables: list[Any], values: Values) -> list[tuple[Any, Any]]:
    return [(variable, values[id(variable)]) for variable in variables]


def _take_over(scope: Any, variables: list[Any], values: Values) -> None:  # noqa: ANN401 - a scope of Keras
    for variable in variables:
        found = scope.get_current_value(variable)
        if found is not None:
            values[id(variable)] = found
