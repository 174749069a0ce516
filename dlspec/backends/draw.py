"""A draw at random as a layer, for training and measuring alone, and what predicts in its place."""

import zlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from dlspec.language.draws import DRAW_OF
from dlspec.language.tensors import Tensor

# Keras holds the states of its generators in whole numbers of this range on every backend.
_LARGEST_SEED = 0x7FFFFFFF


class Draw(keras.layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """Draws anew at each call; it stands in no saved model.

    What it draws while measuring begins anew with every measurement, so that figures of two epochs
    differ by the model alone.

    Args:
        function: A function of keras.random, as the language calls it.
        arguments: What it takes beside tensor and seed.
        planned: What comes out.
        seed: That of the training; the name of the node makes it another one for each.
    """

    def __init__(
        self, name: str, function: str, arguments: Mapping[str, Any], planned: Tensor, *, seed: int
    ) -> None:
        super().__init__(name=name, autocast=False)
        self._function = getattr(keras.random, function.rpartition(".")[2])
        self._kind = DRAW_OF[function]
        self._arguments = dict(arguments)
        self._shape = self._arguments.pop("shape", None)
        self._drawn_dtype = planned.dtype or "float32"
        self._in_training = keras.random.SeedGenerator(seed_of_text(f"{seed} {name}"))
        self._measuring_seed = seed_of_text(f"{seed} {name} measured")
        self._measuring = keras.random.SeedGenerator(self._measuring_seed)

    def begin_measuring(self) -> None:
        """Let the next measurement draw what the last one drew."""
        self._measuring.state.assign([self._measuring_seed, 0])

    def call(self, x: Any, training: bool | None = None) -> Any:  # noqa: ANN401, FBT001 - as Keras has it
        """Return what is drawn for each sample of `x`."""
        seed = self._in_training if training else self._measuring
        if self._kind.keeps_values or self._kind.name == "random.categorical":
            return self._function(x, **self._arguments, seed=seed)
        shape = keras.ops.shape(x)
        if self._shape is not None:
            shape = (shape[0], *self._shape)
        return self._function(shape, **self._arguments, dtype=self._drawn_dtype, seed=seed)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of what is drawn."""
        if self._kind.name == "random.categorical":
            return (shape[0], self._arguments["num_samples"])
        return shape if self._shape is None else (shape[0], *self._shape)

    def compute_output_spec(self, x: Any, training: bool | None = None) -> keras.KerasTensor:  # noqa: ANN401, ARG002, FBT001 - as Keras has it
        """Return what comes out."""
        dtype = x.dtype if self._kind.keeps_values else self._drawn_dtype
        return keras.KerasTensor(self.compute_output_shape(tuple(x.shape)), dtype=dtype)


def seed_of_text(text: str) -> int:
    """Return a seed that a text stands for, another one for each."""
    return zlib.crc32(text.encode()) & _LARGEST_SEED


def expected_value(
    function: str,
    x: Any,  # noqa: ANN401 - a Keras tensor
    arguments: Mapping[str, Any],
    dtype: str | None,
) -> list[Any]:
    """Return the mean of what a function draws, for each sample of `x`, after the steps to it."""
    expected = DRAW_OF[function].expected
    assert expected is not None, f"{function} has no mean, and leads to no output"
    value, shape = expected(arguments), arguments["shape"]
    made = [keras.ops.zeros_like(x, dtype="float32")]
    if shape is not None:
        # Of any rank and extents: one number for each sample, then so many of it.
        made.append(keras.ops.sum(made[-1], axis=tuple(range(1, len(x.shape)))))
        made.append(keras.ops.reshape(made[-1], (-1, *(1 for _ in shape))))
    mean = np.full((1, *shape), value, "float32") if shape is not None else float(value)
    made.append(keras.ops.add(made[-1], mean))
    return [*made, keras.ops.cast(made[-1], dtype or "float32")]
