"""Steps on TensorFlow: one traced function holds the loop over a chunk's batches."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from dlspec_pipelines.steps.engine.batches import Array, Chunk, Samples

Step = Callable[[Any], Any]


class TensorFlowEngine:
    """The numbers of `Model.fit`, without its work between two steps.

    The bounds of a call are tensors, so each function is traced once, short last batch included.
    """

    def __init__(self, model: keras.Model, samples: Samples, *, batch_size: int) -> None:
        self._model = model
        self._pack = samples.pack
        self._batch_size = batch_size
        self._fixed = keras.tree.flatten(model.inputs)[0].shape[0]
        rows = tuple(tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in samples.arrays)
        bound = tf.TensorSpec([], tf.int32)
        self._signature = (rows, bound, bound)
        self._train = self._loop_over_batches(model.train_step)
        self._test = self._loop_over_batches(model.test_step)
        self._forward = self._collect_outputs(lambda batch: model(batch[0], training=False))

    def load(self, chunk: Chunk) -> tuple[tf.Tensor, ...]:
        """Return the chunk as tensors."""
        return tuple(tf.convert_to_tensor(array) for array in chunk.arrays)

    def train(self, loaded: tuple[tf.Tensor, ...], first: int, last: int) -> None:
        """Train on the rows from `first` to `last`."""
        self._train(loaded, tf.constant(first), tf.constant(last))

    def test(self, loaded: tuple[tf.Tensor, ...], first: int, last: int) -> None:
        """Measure loss and metrics on the rows from `first` to `last`."""
        self._test(loaded, tf.constant(first), tf.constant(last))

    def forward_rows(self, loaded: tuple[tf.Tensor, ...], first: int, last: int) -> list[Array]:
        """Return the model's outputs for the rows from `first` to `last`."""
        outputs = self._forward(loaded, tf.constant(first), tf.constant(last))
        return [output.numpy() for output in outputs]

    def _loop_over_batches(self, step: Step) -> Callable[..., None]:
        one = self._xla_compiled_step(step)

        def run(flat: tuple[tf.Tensor, ...], first: tf.Tensor, last: tf.Tensor) -> None:
            def body(start: tf.Tensor) -> tf.Tensor:
                one(self._slice_packed_batch(flat, start, last))
                return start + self._batch_size

            tf.while_loop(lambda start: start < last, body, [first], parallel_iterations=1)

        return self._traced_function(run)

    def _collect_outputs(self, step: Step) -> Callable[..., list[tf.Tensor]]:
        one = self._xla_compiled_step(step)
        kinds = [output.dtype for output in self._model.outputs]

        def run(flat: tuple[tf.Tensor, ...], first: tf.Tensor, last: tf.Tensor) -> list[tf.Tensor]:
            def body(start: tf.Tensor, *made: tf.TensorArray) -> tuple[Any, ...]:
                outputs = keras.tree.flatten(one(self._slice_packed_batch(flat, start, last)))
                at = (start - first) // self._batch_size
                kept = (array.write(at, out) for array, out in zip(made, outputs, strict=True))
                return start + self._batch_size, *kept

            arrays = [
                tf.TensorArray(kind, 0, dynamic_size=True, infer_shape=False) for kind in kinds
            ]
            _, *made = tf.while_loop(lambda start, *_: start < last, body, [first, *arrays])
            return [array.concat() for array in made]

        return self._traced_function(run)

    def _xla_compiled_step(self, step: Step) -> Step:
        # Keras decides `jit_compile="auto"`: XLA on accelerators, none on a CPU.
        if not self._model.jit_compile:
            return step
        compiled: Step = tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False)
        return compiled

    def _traced_function(self, run: Callable[..., Any]) -> Callable[..., Any]:
        traced: Callable[..., Any] = tf.function(
            run, input_signature=self._signature, autograph=False
        )
        return traced

    def _slice_packed_batch(
        self, flat: tuple[tf.Tensor, ...], start: tf.Tensor, last: tf.Tensor
    ) -> Any:  # noqa: ANN401 - tensors in the structure of a batch
        stop = tf.minimum(start + self._batch_size, last)
        rows = [tensor[start:stop] for tensor in flat]
        for tensor in rows:
            tensor.set_shape([self._fixed, *tensor.shape[1:]])
        return self._pack(rows)
