"""The variables of losses and metrics, which Keras makes on first use."""

import keras
import numpy as np

from dlspec_pipelines.steps.engine.batches import Samples


def make_metric_variables(model: keras.Model, samples: Samples) -> None:
    """Let a compiled model make every variable of its loss and metrics, and reset those.

    On JAX a compiled step cannot make them, and a checkpoint can fill none that are not there.
    """
    # Two rows: with one, Keras takes a vector of one prediction each for a binary output.
    rows = model.inputs[0].shape[0] or 2
    untouched = [(v, v.numpy()) for v in model.variables if not v.trainable]
    few = [np.resize(array[:rows], (rows, *array.shape[1:])) for array in samples.arrays]
    x, *rest = samples.pack(few)
    y, *weights = rest or [None]
    y_pred = model(x, training=False)
    sample_weight = weights[0] if weights else None
    model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
    model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
    model.reset_metrics()
    # A stateful layer has moved on; it begins from the state it was built with.
    for variable, value in untouched:
        variable.assign(value)
