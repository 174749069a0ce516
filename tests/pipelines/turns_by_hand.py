"""The pair of FORGED_WITHOUT_DROPOUT, trained by a program of Keras on whatever backend."""

import keras
import numpy as np
from keras import ops

import dlspec
from dlspec.backends.optimizers import optimizers_of
from dlspec_pipelines.steps.engine.batches import epoch_visit_order, sample_chunks
from dlspec_pipelines.steps.engine.engine import engine_for
from dlspec_pipelines.steps.engine.metric_variables import make_metric_variables
from dlspec_pipelines.steps.training.train import samples_for_model

MODELS = ("generator", "discriminator")
EPOCHS, BATCH_SIZE = 3, 32


def pair_trained_by_hand(plan, dataset, *, weight=1.0, **asked):
    """Return the generator and the discriminator as they begin, and trained, as lists of arrays."""
    begun, pair = pair_by_hand(plan, dataset, weight=weight, **asked)
    return begun, pair.weights()


def pair_by_hand(plan, dataset, *, weight=1.0, **asked):
    """Return the weights that the pair begins with, and the pair, trained.

    Args:
        weight: That of the term of the first turn.
        asked: What both optimizers are given beside.
    """
    keras.utils.set_random_seed(7)
    begun = dlspec.compile(plan)
    (draw,) = begun._draws
    seed = int(keras.ops.convert_to_numpy(draw._in_training.state)[0])
    half = plan.runtime.precision == "mixed_float16"
    pair = Pair(
        *(begun.get_layer(name) for name in MODELS), seed, weight=weight, half=half, asked=asked
    )
    first = pair.weights()
    points = np.array(samples_for_model(plan, dataset, "train").inputs["point"])
    take_turns = pair.take_turns
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        # As `fit` does it; eager calls round otherwise in bfloat16.
        take_turns = tf.function(take_turns, autograph=False)
    for epoch in range(EPOCHS):
        visited = points[epoch_visit_order(7, epoch, len(points))]
        for start in range(0, len(points), BATCH_SIZE):
            take_turns(ops.convert_to_tensor(visited[start : start + BATCH_SIZE]))
    pair.first.finalize_variable_values(pair.discriminator.trainable_variables)
    pair.second.finalize_variable_values(pair.generator.trainable_variables)
    return first, pair


def scales_of(optimizers):
    """Return the factor of the loss of each optimizer, and the steps since it changed."""
    return [
        [float(ops.convert_to_numpy(v)) for v in (one.dynamic_scale, one.step_counter)]
        for one in optimizers
    ]


def loss_scales_after(plan, dataset):
    """Return the loss scales of the turns of a plan after the epochs that the pair is trained."""
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    samples = samples_for_model(plan, dataset, "train")
    make_metric_variables(model, samples)
    for optimizer, variables in optimizers_of(model):
        optimizer.build(variables)
    engine = engine_for(model, samples, batch_size=BATCH_SIZE)
    for epoch in range(EPOCHS):
        visit = epoch_visit_order(7, epoch, len(samples))
        for chunk in sample_chunks(samples, BATCH_SIZE, visit=visit):
            engine.train(engine.load(chunk), 0, chunk.rows)
    return scales_of([optimizer for optimizer, _ in optimizers_of(model)])


class Pair:
    """Two models that take turns: one tells forged points from true ones, the other forges."""

    def __init__(self, generator, discriminator, seed, *, weight, half, asked):
        self.generator, self.discriminator = generator, discriminator
        self.seed = keras.random.SeedGenerator(seed)
        self.weight = weight
        self.first = keras.optimizers.Adam(2e-3, beta_1=0.5, **asked)
        self.second = keras.optimizers.SGD(0.01, momentum=0.5, **asked)
        if half:
            self.first = keras.optimizers.LossScaleOptimizer(self.first)
            self.second = keras.optimizers.LossScaleOptimizer(self.second)
        self.first.build(discriminator.trainable_variables)
        self.second.build(generator.trainable_variables)

    def weights(self):
        models = (self.generator, self.discriminator)
        return [weight for model in models for weight in model.get_weights()]

    def loss_scales(self):
        return scales_of([self.first, self.second])

    def take_turns(self, points):
        for _ in range(2):
            self._move(self.discriminator, self.first, self._caught_and_believed, points)
        self._move(self.generator, self.second, self._seen_through, points)

    def _caught_and_believed(self, noise, points):
        doubt = self.discriminator(self.generator(noise, training=True), training=True)
        trust = self.discriminator(points, training=True)
        each = ops.softplus(doubt) + ops.softplus(-trust)
        return self.weight * ops.mean(ops.cast(each, "float32"))

    def _seen_through(self, noise, _):
        doubt = self.discriminator(self.generator(noise, training=True), training=True)
        return ops.mean(ops.cast(ops.softplus(-doubt), "float32"))

    def _move(self, model, optimizer, loss_of, points):
        noise = keras.random.normal((points.shape[0], 4), seed=self.seed)
        others = [*self.generator.non_trainable_variables, *self.discriminator.variables]
        others = [v for v in others if not any(v is own for own in model.trainable_variables)]
        gradients = _GRADIENTS[keras.config.backend()]
        found = gradients(
            lambda: optimizer.scale_loss(loss_of(noise, points)), model.trainable_variables, others
        )
        if keras.config.backend() != "jax":
            optimizer.apply(found, model.trainable_variables)
            return
        # There `apply` cannot skip a step whose gradients are not finite.
        changed = [model.trainable_variables, optimizer.variables]
        weights, states = ([variable.value for variable in group] for group in changed)
        after = optimizer.stateless_apply(states, found, weights)
        for group, values in zip(changed, after, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)


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
