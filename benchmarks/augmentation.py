"""Steps a second of a LeNet on varied pictures: `augment` beside the programs of a Keras user.

    .venv/bin/python -m benchmarks.augmentation

All train the same network on the same pictures, varied by the same layers, in one process and in
turn, so that a drifting machine slows all alike. A program has the layers within its model, or maps
them over a `tf.data` pipeline; both train by `fit`.
"""

import statistics
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

import dlspec
from benchmarks.paired import seconds_of
from dlspec_pipelines.steps.engine.batches import Samples, sample_chunks
from dlspec_pipelines.steps.engine.engine import engine_for

# Odd, so that a median is one of them; each round is an epoch of each.
ROUNDS = 9
# Of the size of MNIST's; what they show costs nothing.
PICTURES = (4_096, 28, 28, 1)
BATCH_SIZE = 32
SPEC = """\
dlspec: 1
name: lenet
data:
  source: {keras: mnist}
  inputs: {image: {image: x, size: [28, 28], channels: 1, scale: $1/255}}
  targets: {digit: {class: y, classes: 10}}
model:
  graph:
    - Conv2D: [6, 5, {padding: same, activation: tanh}]
    - AveragePooling2D: 2
    - Conv2D: [16, 5, {activation: tanh}]
    - AveragePooling2D: 2
    - Flatten
    - Dense: [120, tanh]
    - Dense: [84, tanh]
    - {Dense: [10, softmax], name: digit}
training:
  epochs: 1
  batch_size: 32
  loss: SparseCategoricalCrossentropy
"""
AUGMENT = """\
  augment:
    - RandomRotation: 0.05
    - RandomTranslation: {height_factor: 0.1, width_factor: 0.1}
"""


def _augmenting_layers() -> list[keras.Layer]:
    return [
        keras.layers.RandomRotation(0.05, seed=1),
        keras.layers.RandomTranslation(0.1, 0.1, seed=2),
    ]


def _by_spec(text: str, x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    model = dlspec.compile(dlspec.loads(text))
    samples = Samples({"image": x}, {"digit": y}, "single", "single")
    engine = engine_for(model, samples, batch_size=BATCH_SIZE)

    def run() -> None:
        model.reset_metrics()
        for chunk in sample_chunks(samples, BATCH_SIZE):
            engine.train(engine.load(chunk), 0, chunk.rows)
        model.get_metrics_result()

    return run


def _layers_in_the_model(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    plain = dlspec.compile(dlspec.loads(SPEC))
    model = keras.Sequential([keras.Input(PICTURES[1:]), *_augmenting_layers(), *plain.layers[1:]])
    model.compile("adam", "sparse_categorical_crossentropy")
    return lambda: model.fit(x, y, batch_size=BATCH_SIZE, shuffle=False, verbose=0) and None


def _layers_in_tf_data(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    model = dlspec.compile(dlspec.loads(SPEC))
    first, second = _augmenting_layers()

    def vary(pictures: tf.Tensor, digits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return second(first(pictures, training=True), training=True), digits

    rows = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH_SIZE)
    varied = rows.map(vary, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    return lambda: model.fit(varied, shuffle=False, verbose=0) and None


def main() -> None:
    """Print steps per second of each, and how many times as many those of a spec are."""
    generator = np.random.default_rng(0)
    x = generator.uniform(size=PICTURES).astype("float32")
    y = generator.integers(0, 10, len(x)).astype("int32")
    runs = {
        "augment": _by_spec(SPEC + AUGMENT, x, y),
        "layers in the model": _layers_in_the_model(x, y),
        "layers in tf.data": _layers_in_tf_data(x, y),
        "nothing varied": _by_spec(SPEC, x, y),
    }
    for run in runs.values():
        run()
    rounds = [{name: seconds_of(run) for name, run in runs.items()} for _ in range(ROUNDS)]
    steps = -(-len(x) // BATCH_SIZE)
    for name in runs:
        rate = steps / statistics.median(one[name] for one in rounds)
        times = statistics.median(one[name] / one["augment"] for one in rounds)
        print(f"{name:20}{rate:6.0f} steps/s, {times:.2f} times the time of `augment`")


if __name__ == "__main__":
    main()
