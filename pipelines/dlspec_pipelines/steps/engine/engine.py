"""Many steps at a time: what training asks of a backend, and the form that fits each of them."""

from typing import Any, Protocol

import keras
import numpy as np

from dlspec_pipelines.steps.engine.batches import Array, Chunk, Samples

# A chunk where the backend computes: its own arrays.
Loaded = Any


class Engine(Protocol):
    """Runs the steps of a compiled model over a chunk's rows, in batches, in order."""

    def load(self, chunk: Chunk) -> Loaded:
        """Return the chunk where the backend computes."""

    def train(self, loaded: Loaded, first: int, last: int) -> None:
        """Train on the rows from `first` to `last`, a last short batch included."""

    def test(self, loaded: Loaded, first: int, last: int) -> None:
        """Measure loss and metrics on the rows from `first` to `last`."""

    def forward_rows(self, loaded: Loaded, first: int, last: int) -> list[Array]:
        """Return the model's outputs for the rows from `first` to `last`."""


class BatchEngine:
    """One Keras call per batch: right on every backend, and the fallback for eager models."""

    def __init__(self, model: keras.Model, samples: Samples, *, batch_size: int) -> None:
        self._model = model
        self._pack = samples.pack
        self._batch_size = batch_size
        # Not `train_on_batch`: that forgets the metrics of the batches before.
        model.make_train_function()
        model.make_test_function()

    def load(self, chunk: Chunk) -> tuple[Array, ...]:
        """Return the arrays as they are: Keras converts each batch."""
        return chunk.arrays

    def train(self, loaded: tuple[Array, ...], first: int, last: int) -> None:
        """Train on the rows from `first` to `last`."""
        for batch in self._packed_batches(loaded, first, last):
            self._model.train_function([batch])

    def test(self, loaded: tuple[Array, ...], first: int, last: int) -> None:
        """Measure loss and metrics on the rows from `first` to `last`."""
        for batch in self._packed_batches(loaded, first, last):
            self._model.test_function([batch])

    def forward_rows(self, loaded: tuple[Array, ...], first: int, last: int) -> list[Array]:
        """Return the model's outputs for the rows from `first` to `last`."""
        outputs = [
            keras.tree.flatten(self._model.predict_on_batch(batch[0]))
            for batch in self._packed_batches(loaded, first, last)
        ]
        return [np.concatenate(parts) for parts in zip(*outputs, strict=True)]

    def _packed_batches(
        self, loaded: tuple[Array, ...], first: int, last: int
    ) -> list[tuple[Any, ...]]:
        return [
            self._pack([a[start : min(start + self._batch_size, last)] for a in loaded])
            for start in range(first, last, self._batch_size)
        ]


if keras.config.backend() == "tensorflow":
    from dlspec_pipelines.steps.engine.on_tensorflow import TensorFlowEngine
if keras.config.backend() == "jax":
    from dlspec_pipelines.steps.engine.on_jax import JaxEngine
if keras.config.backend() == "torch":
    from dlspec_pipelines.steps.engine.on_torch import TorchEngine


def engine_for(model: keras.Model, samples: Samples, *, batch_size: int) -> Engine:
    """Return the fastest engine for a model and samples of one form on the backend in use."""
    if keras.config.backend() == "tensorflow" and not model.run_eagerly:
        return TensorFlowEngine(model, samples, batch_size=batch_size)
    if keras.config.backend() == "jax" and not model.run_eagerly:
        return JaxEngine(model, samples, batch_size=batch_size)
    if keras.config.backend() == "torch" and not model.run_eagerly:
        return TorchEngine(model, samples, batch_size=batch_size)
    return BatchEngine(model, samples, batch_size=batch_size)
