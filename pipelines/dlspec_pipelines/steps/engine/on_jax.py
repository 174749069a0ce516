"""Steps on JAX: the variables travel as one state through compiled steps, back after each call."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import keras
import numpy as np

from dlspec.backends.optimizers import optimizer_variables
from dlspec_pipelines.steps.engine.batches import Array, Chunk, Samples

State = tuple[list[Any], ...]


class JaxEngine:
    """The numbers of `Model.fit`; compiled once for full batches and once for a short last one."""

    def __init__(self, model: keras.Model, samples: Samples, *, batch_size: int) -> None:
        self._model = model
        self._pack = samples.pack
        self._batch_size = batch_size
        self._train = jax.jit(model.train_step, donate_argnums=0)
        self._test = jax.jit(model.test_step, donate_argnums=0)
        self._predict = jax.jit(model.predict_step)

    def load(self, chunk: Chunk) -> tuple[Any, ...]:
        """Return the chunk as arrays on the device."""
        return tuple(jax.numpy.asarray(array) for array in chunk.arrays)

    def train(self, loaded: tuple[Any, ...], first: int, last: int) -> None:
        """Train on the rows from `first` to `last`."""
        optimizer = optimizer_variables(self._model)
        self._run_jitted_step(
            self._train, loaded, first, last, variables=[*self._model_variables(), optimizer]
        )

    def test(self, loaded: tuple[Any, ...], first: int, last: int) -> None:
        """Measure loss and metrics on the rows from `first` to `last`."""
        self._run_jitted_step(self._test, loaded, first, last, variables=self._model_variables())

    def forward_rows(self, loaded: tuple[Any, ...], first: int, last: int) -> list[Array]:
        """Return the model's outputs for the rows from `first` to `last`."""
        state = _values_of_variables(self._model_variables())
        outputs = [
            keras.tree.flatten(self._predict(state, batch)[0])
            for batch in self._packed_batches(loaded, first, last)
        ]
        return [np.concatenate(parts) for parts in zip(*outputs, strict=True)]

    def _run_jitted_step(
        self,
        step: Callable[..., Any],
        loaded: tuple[Any, ...],
        first: int,
        last: int,
        *,
        variables: list[list[Any]],
    ) -> None:
        # Keras's order: trainable, other, optimizer, metrics.
        variables = [*variables, self._model.metrics_variables]
        state = _values_of_variables(variables)
        for batch in self._packed_batches(loaded, first, last):
            _, state = step(state, batch)
        for group, values in zip(variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    def _model_variables(self) -> list[list[Any]]:
        return [self._model.trainable_variables, self._model.non_trainable_variables]

    def _packed_batches(
        self, loaded: tuple[Any, ...], first: int, last: int
    ) -> Iterator[tuple[Any, ...]]:
        for start in range(first, last, self._batch_size):
            yield self._pack([a[start : min(start + self._batch_size, last)] for a in loaded])


def _values_of_variables(variables: list[list[Any]]) -> State:
    return tuple([variable.value for variable in group] for group in variables)
