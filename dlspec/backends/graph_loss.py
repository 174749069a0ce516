"""A graph over target and prediction as a loss of Keras, for training and measuring alone."""

from typing import Any

import keras


class GraphLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras ships no types
    """A loss that a spec declares.

    It never stands in a saved model: a run's `model.keras` is saved without it, so that plain Keras
    loads the file, and measuring makes it again from the plan.

    Args:
        graph: A model of target and prediction that gives a number for each sample.
        name: The loss's name in a spec.
    """

    def __init__(self, graph: keras.Model, *, name: str) -> None:
        super().__init__(name=name)
        self._graph = graph
        self._target_dtype = graph.inputs[0].dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:  # noqa: ANN401 - tensors
        """Return the mean over the samples; a mask does not come in, as the graph knows none."""
        return super().__call__(y_true, keras.ops.copy(y_pred), sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:  # noqa: ANN401 - tensors
        """Return a number for each sample."""
        # Keras hands class ids over as floats, which hold them exactly up to 2**24.
        return self._graph([keras.ops.cast(y_true, self._target_dtype), y_pred])
