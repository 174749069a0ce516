"""Steps a second of an adversarial pair: turns of a spec beside a `train_step` written by hand.

    .venv/bin/python -m benchmarks.turns

Both train the same two models on the same pictures, with the same optimizers, in one process and in
turn, so that a drifting machine slows both alike. The program by hand is the one of Keras's own
example of a DCGAN: a model with two optimizers, trained by `fit`.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import dlspec
from benchmarks.paired import seconds_of
from dlspec_pipelines.steps.engine.batches import sample_chunks
from dlspec_pipelines.steps.engine.engine import engine_for
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.training.train import samples_for_model

# Odd, so that a median is one of them; each round is an epoch of each.
ROUNDS = 15
SPEC = """\
dlspec: 1
name: dcgan
data:
  source: {sklearn: digits}
  inputs: {picture: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  split: {validation: 0.05, test: 0.05, seed: 7}
model:
  inputs: {picture: [8, 8, 1]}
  models:
    generator:
      inputs: {noise: [16]}
      graph:
        - Dense: [128, relu]
        - Reshape: [2, 2, 32]
        - Conv2DTranspose: [32, 4, {strides: 2, padding: same, activation: relu}]
        - Conv2DTranspose: [1, 4, {strides: 2, padding: same, activation: sigmoid}]
    discriminator:
      inputs: {picture: [8, 8, 1]}
      graph:
        - Conv2D: [16, 3, {strides: 2, padding: same}]
        - LeakyReLU
        - Conv2D: [32, 3, {strides: 2, padding: same}]
        - LeakyReLU
        - Flatten
        - Dense: 1
  graph:
    - {ops.random.normal: {shape: [16]}, name: noise, from: picture}
    - {use: generator, name: forged}
    - {use: discriminator, name: doubt, from: forged}
    - {use: discriminator, name: trust, from: picture}
    - {ops.softplus: {args: [doubt]}, name: caught}
    - {ops.negative: {args: [trust]}}
    - {ops.softplus: , name: believed}
    - {ops.add: {args: [caught, believed]}}
    - {ops.mean: {axis: -1}, name: told_apart}
    - {ops.negative: {args: [doubt]}}
    - ops.softplus
    - {ops.mean: {axis: -1}, name: seen_through}
  outputs: forged
training:
  epochs: 1
  batch_size: 32
  optimizer: {Adam: {learning_rate: 3e-4, beta_1: 0.5}}
  turns:
    - {train: discriminator, terms: {told_apart: 1.0}}
    - {train: generator, terms: {seen_through: 1.0}}
"""
BATCH_SIZE = 32


class WrittenByHand(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """A DCGAN as a Keras program says it."""

    def __init__(self, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.seed = keras.random.SeedGenerator(7)
        self.first, self.second = (keras.optimizers.Adam(3e-4, beta_1=0.5) for _ in range(2))
        self.told_apart = keras.metrics.Mean(name="told_apart")
        self.seen_through = keras.metrics.Mean(name="seen_through")

    def train_step(self, pictures: Any) -> dict[str, Any]:  # noqa: ANN401 - a batch of tensors
        """Let the discriminator learn, then the generator."""
        rows = tf.shape(pictures)[0]
        noise = keras.random.normal((rows, 16), seed=self.seed)
        forged = self.generator(noise, training=True)
        with tf.GradientTape() as tape:
            doubt = self.discriminator(forged, training=True)
            trust = self.discriminator(pictures, training=True)
            apart = tf.reduce_mean(tf.nn.softplus(doubt) + tf.nn.softplus(-trust))
        weights = self.discriminator.trainable_variables
        self.first.apply(tape.gradient(apart, weights), weights)
        noise = keras.random.normal((rows, 16), seed=self.seed)
        with tf.GradientTape() as tape:
            doubt = self.discriminator(self.generator(noise, training=True), training=True)
            through = tf.reduce_mean(tf.nn.softplus(-doubt))
        weights = self.generator.trainable_variables
        self.second.apply(tape.gradient(through, weights), weights)
        self.told_apart.update_state(apart)
        self.seen_through.update_state(through)
        return {"told_apart": self.told_apart.result(), "seen_through": self.seen_through.result()}


def main() -> None:
    """Print steps per second of both, and the median ratio of the rounds."""
    plan = dlspec.loads(SPEC)
    assert plan.data is not None
    with tempfile.TemporaryDirectory() as home:
        dataset = prepare_dataset(plan.data, base=Path(home))
        samples = samples_for_model(plan, dataset, "train")
        pictures = np.array(samples.inputs["picture"])
    model = dlspec.compile(plan)
    engine = engine_for(model, samples, batch_size=BATCH_SIZE)

    def ours() -> None:
        model.reset_metrics()
        for chunk in sample_chunks(samples, BATCH_SIZE):
            engine.train(engine.load(chunk), 0, chunk.rows)
        model.get_metrics_result()

    other = dlspec.compile(plan)
    by_hand = WrittenByHand(other.get_layer("generator"), other.get_layer("discriminator"))
    by_hand.compile()

    def theirs() -> None:
        by_hand.fit(pictures, batch_size=BATCH_SIZE, shuffle=False, verbose=0)

    steps = -(-len(pictures) // BATCH_SIZE)
    for run in (ours, theirs):
        run()
    rounds = [(seconds_of(ours), seconds_of(theirs)) for _ in range(ROUNDS)]
    for name, i in (("turns of a spec", 0), ("train_step by hand", 1)):
        print(f"{name:20}{steps / statistics.median(r[i] for r in rounds):8.0f} steps/s")
    ratio = statistics.median(theirs_s / ours_s for ours_s, theirs_s in rounds)
    print(f"{ratio:.2f} times as many, median of {ROUNDS} rounds")


if __name__ == "__main__":
    main()
