"""A training step in turns on PyTorch."""

from typing import Any

import keras
import torch


def run_step_on_torch(model: Any, *given: Any) -> Any:  # noqa: ANN401 - a TurnsModel, a batch, figures
    """Move the weights of each turn, then those of the followers."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(*given)
    total = keras.ops.zeros(())
    for number, turn in enumerate(model.turns):
        for _ in range(turn.planned.steps):
            loss = model.loss_of_turn(number, x, y, sample_weight)
            scaled = turn.optimizer.scale_loss(loss)
            values = [variable.value for variable in turn.variables]
            gradients = torch.autograd.grad(scaled, values, allow_unused=True)
            with torch.no_grad():
                turn.optimizer.apply(list(gradients), turn.variables)
            total = total + loss.detach() / turn.planned.steps
    model.note_step(total, x)
    with torch.no_grad():
        for follower in model.followers:
            for own, other in follower.pairs:
                own.assign(follower.moved(own.value, other.value))
    return model.get_metrics_result()
