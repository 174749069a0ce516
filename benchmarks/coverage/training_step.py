"""One training step of a spec on generated rows, by the engine that runs train with."""

import math
from pathlib import Path

import keras
import numpy as np

import dlspec
from benchmarks.coverage.generated_rows import generated_samples
from dlspec_pipelines.steps.engine.batches import sample_chunks
from dlspec_pipelines.steps.engine.engine import engine_for

# The fewest rows that tell a sample from the others of its batch.
ROWS = 2


def train_one_step(path: Path) -> float:
    """Build the model of a spec, move it by one step, and return the loss of that step.

    Raises:
        ValueError: If the loss is not a number, or no weight is moved.
    """
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    plan = dlspec.load(path)
    model = dlspec.compile(plan)
    # The same numbers; to trace one step takes ten times as long as to take it.
    model.run_eagerly = True
    samples = generated_samples(plan, rows=ROWS)
    engine = engine_for(model, samples, batch_size=ROWS)
    (chunk,) = sample_chunks(samples, ROWS)
    begun = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables]
    engine.train(engine.load(chunk), 0, ROWS)
    loss = float(model.get_metrics_result()["loss"])
    if not math.isfinite(loss):
        raise ValueError(f"the loss of `{plan.name}` is {loss}")
    ended = (keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables)
    if all(map(np.array_equal, begun, ended)):
        raise ValueError(f"no weight of `{plan.name}` is moved")
    return loss
