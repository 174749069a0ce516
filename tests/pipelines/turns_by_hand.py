"""The pair of FORGED_WITHOUT_DROPOUT, trained by a program of Keras on whatever backend."""

import keras
import numpy as np
from keras import ops

import dlspec
from dlspec_pipelines.steps.engine.batches import epoch_visit_order
from dlspec_pipelines.steps.training.train import samples_for_model

MODELS = ("generator", "discriminator")


def pair_trained_by_hand(plan, dataset):
    """Return the generator and the discriminator as they begin, and trained, as lists of arrays."""
    keras.utils.set_random_seed(7)
    begun = dlspec.compile(plan)
    (draw,) = begun._draws
    seed = int(keras.ops.convert_to_numpy(draw._in_training.state)[0])
    pair = Pair(*(begun.get_layer(name) for name in MODELS), seed)
    first = pair.weights()
    points = np.array(samples_for_model(plan, dataset, "train").inputs["point"])
    for epoch in range(3):
        visited = points[epoch_visit_order(7, epoch, len(points))]
        for start in range(0, len(points), 32):
            pair.take_turns(ops.convert_to_tensor(visited[start : start + 32]))
    return first, pair.weights()


class Pair:
    """Two models that take turns: one tells forged points from true ones, the other forges."""

    def __init__(self, generator, discriminator, seed):
        self.generator, self.discriminator = generator, discriminator
        self.seed = keras.random.SeedGenerator(seed)
        self.first = keras.optimizers.Adam(2e-3, beta_1=0.5)
        self.second = keras.optimizers.SGD(0.01, momentum=0.5)

    def weights(self):
        models = (self.generator, self.discriminator)
        return [weight for model in models for weight in model.get_weights()]

    def take_turns(self, points):
        for _ in range(2):
            self._move(self.discriminator, self.first, self._caught_and_believed, points)
        self._move(self.generator, self.second, self._seen_through, points)

    def _caught_and_believed(self, noise, points):
        doubt = self.discriminator(self.generator(noise, training=True), training=True)
        trust = self.discriminator(points, training=True)
        return ops.mean(ops.softplus(doubt) + ops.softplus(-trust))

    def _seen_through(self, noise, _):
        doubt = self.discriminator(self.generator(noise, training=True), training=True)
        return ops.mean(ops.softplus(-doubt))

    def _move(self, model, optimizer, loss_of, points):
        noise = keras.random.normal((len(points), 4), seed=self.seed)
        others = [*self.generator.non_trainable_variables, *self.discriminator.variables]
        others = [v for v in others if not any(v is own for own in model.trainable_variables)]
        gradients = _GRADIENTS[keras.config.backend()]
        found = gradients(lambda: loss_of(noise, points), model.trainable_variables, others)
        optimizer.apply(found, model.trainable_variables)


def _gradients_on_tensorflow(loss_of, variables, _):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = loss_of()
    return tape.gradient(loss, variables)


def _gradients_on_torch(loss_of, variables, _):
    import torch

    return torch.autograd.grad(loss_of(), [variable.value for variable in variables])


def _gradients_on_jax(loss_of, variables, others):
    import jax

    def pure(values):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            loss = loss_of()
        return loss, [scope.get_current_value(variable) for variable in others]

    gradients, after = jax.grad(pure, has_aux=True)([variable.value for variable in variables])
    for variable, value in zip(others, after, strict=True):
        if value is not None:
            variable.assign(value)
    return gradients


_GRADIENTS = {
    "tensorflow": _gradients_on_tensorflow,
    "torch": _gradients_on_torch,
    "jax": _gradients_on_jax,
}
