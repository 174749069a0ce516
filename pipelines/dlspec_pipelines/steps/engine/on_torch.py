"""Steps on PyTorch: the chunk is turned into tensors once, and each batch is a view of them."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import torch

from dlspec_pipelines.steps.engine.batches import Array, Chunk, Samples


class TorchEngine:
    """The numbers of `Model.fit`, without its data loader between two steps."""

    def __init__(self, model: keras.Model, samples: Samples, *, batch_size: int) -> None:
        self._model = model
        self._pack = samples.pack
        self._batch_size = batch_size
        # With `jit_compile` Keras puts its step through `torch.compile` here.
        model.make_train_function()
        model.make_test_function()

    def load(self, chunk: Chunk) -> tuple[torch.Tensor, ...]:
        """Return the chunk as tensors on the device in use."""
        return tuple(keras.ops.convert_to_tensor(array) for array in chunk.arrays)

    def train(self, loaded: tuple[torch.Tensor, ...], first: int, last: int) -> None:
        """Train on the rows from `first` to `last`."""
        # For layers that wrap a module of torch's own: Keras's take `training` as an argument.
        self._model.train()
        self._run_torch_step(self._model.train_function, loaded, first, last)
        self._model.eval()

    def test(self, loaded: tuple[torch.Tensor, ...], first: int, last: int) -> None:
        """Measure loss and metrics on the rows from `first` to `last`."""
        self._model.eval()
        self._run_torch_step(self._model.test_function, loaded, first, last)

    def forward_rows(self, loaded: tuple[torch.Tensor, ...], first: int, last: int) -> list[Array]:
        """Return the model's outputs for the rows from `first` to `last`."""
        self._model.eval()
        with torch.no_grad():
            outputs = [
                keras.tree.flatten(self._model(batch[0], training=False))
                for batch in self._packed_batches(loaded, first, last)
            ]
        joined = (torch.cat(parts) for parts in zip(*outputs, strict=True))
        return [np.asarray(keras.ops.convert_to_numpy(output)) for output in joined]

    def _run_torch_step(
        self, step: Callable[[Any], Any], loaded: tuple[torch.Tensor, ...], first: int, last: int
    ) -> None:
        for batch in self._packed_batches(loaded, first, last):
            step([batch])

    def _packed_batches(
        self, loaded: tuple[torch.Tensor, ...], first: int, last: int
    ) -> Iterator[tuple[Any, ...]]:
        for start in range(first, last, self._batch_size):
            stop = min(start + self._batch_size, last)
            yield self._pack([tensor[start:stop] for tensor in loaded])
