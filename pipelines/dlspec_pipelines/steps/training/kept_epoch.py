"""Which epoch's weights a training keeps: what its callbacks did in the end, read off them."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from dlspec_pipelines.steps.records import KeptWeights


def kept_weights(
    callbacks: Sequence[keras.callbacks.Callback], history: Sequence[Mapping[str, float]]
) -> KeptWeights:
    """Return whose weights a model has after `on_train_end`, and the best epoch by what watches.

    Of several EarlyStopping the last that gave weights back is told, else the first.
    """
    last = int(history[-1]["epoch"])
    watching = [c for c in callbacks if isinstance(c, keras.callbacks.EarlyStopping)]
    watching = [c for c in watching if c.best is not None]
    restoring = [c for c in watching if c.restore_best_weights]
    if restoring:
        best = int(restoring[-1].best_epoch) + 1
        return KeptWeights(best, best, restoring[-1].monitor, restored=True)
    if watching:
        return KeptWeights(last, int(watching[0].best_epoch) + 1, watching[0].monitor)
    monitor = "val_loss" if "val_loss" in history[-1] else "loss"
    values = np.array([row[monitor] for row in history])
    return KeptWeights(last, int(history[int(np.nanargmin(values))]["epoch"]), monitor)
