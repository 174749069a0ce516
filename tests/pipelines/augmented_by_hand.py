"""Layers of Keras that vary batches before a model of Keras is trained on them, in a plain loop."""

import zlib

import keras
import numpy as np

from dlspec_pipelines.steps.engine.batches import epoch_visit_order
from dlspec_pipelines.steps.training.train import samples_for_model


def drawn_seed(text: str) -> int:
    """Return the seed that stands for a place."""
    return zlib.crc32(text.encode()) & 0x7FFFFFFF


def layers_of_augmented():
    """Return what `AUGMENTED` says, made by hand."""
    return [
        keras.layers.RandomTranslation(0.1, 0.1, seed=drawn_seed("7 augment image 0")),
        keras.layers.RandomErasing(value_range=(0, 1), seed=5),
        keras.layers.MixUp(0.3, seed=drawn_seed("7 augment image 2")),
        keras.layers.GaussianNoise(0.05, seed=drawn_seed("7 augment image 3")),
    ]


def train_by_hand(model, plan, dataset, layers, *, as_target=lambda y: y):
    """Train a model on varied batches, in the order in which a run visits its rows."""
    training = plan.training
    part = samples_for_model(plan, dataset, "train")
    (x,), (y,) = (list(map(np.array, a.values())) for a in (part.inputs, part.targets))
    for epoch in range(training.epochs):
        visit = epoch_visit_order(training.seed, epoch, len(x))
        for first in range(0, len(x), training.batch_size):
            rows = visit[first : first + training.batch_size]
            batch = {"images": keras.ops.array(x[rows]), "labels": keras.ops.array(y[rows])}
            for layer in layers:
                if isinstance(layer, keras.layers.MixUp):
                    batch = layer(batch, training=True)
                else:
                    batch["images"] = layer(batch["images"], training=True)
            model.train_on_batch(batch["images"], as_target(batch["labels"]))
