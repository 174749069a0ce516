"""A training step in turns on TensorFlow."""

from typing import Any

import keras
import tensorflow as tf


def run_step_on_tensorflow(model: Any, *given: Any) -> Any:  # noqa: ANN401 - a TurnsModel, a batch, figures
    """Move the weights of each turn, then those of the followers."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(*given)
    total = keras.ops.zeros(())
    for number, turn in enumerate(model.turns):
        for _ in range(turn.planned.steps):
            # Nothing is recorded but what leads to the weights of the turn.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([variable.value for variable in turn.variables])
                loss = model.loss_of_turn(number, x, y, sample_weight)
                scaled = turn.optimizer.scale_loss(loss)
            gradients = tape.gradient(scaled, turn.variables)
            turn.optimizer.apply(gradients, turn.variables)
            total = total + loss / turn.planned.steps
    model.note_step(total, x)
    for follower in model.followers:
        for own, other in follower.pairs:
            own.assign(follower.moved(own, other))
    return model.get_metrics_result()
