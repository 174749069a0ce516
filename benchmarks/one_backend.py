"""One training of a spec in this process, by us or by `model.fit`, timed epoch by epoch."""

import json
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

import dlspec
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.records import Dataset
from dlspec_pipelines.steps.training.progress import EpochEnd, Progress
from dlspec_pipelines.steps.training.train import samples_for_model, train

EPOCHS = 10


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Notes when each epoch ends."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002 - Keras's call
        """Start the clock."""
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002 - Keras's call
        """Stop the clock; validation is over too."""
        self.seconds.append(time.monotonic() - self._began)


def measure(what: str, path: str) -> None:
    """Print the seconds of each epoch and those of the whole training, as JSON.

    Args:
        what: `ours` or `fit`.
    """
    plan = dlspec.load(path)
    assert plan.training is not None
    assert plan.data is not None
    dataset = prepare_dataset(plan.data, base=Path(path).parent)
    plan = replace(plan, training=replace(plan.training, epochs=EPOCHS, callbacks=()))
    started = time.monotonic()
    epochs = _ours(plan, dataset) if what == "ours" else _fit(plan, dataset)
    print(json.dumps([epochs, time.monotonic() - started]))


def _ours(plan: Plan, dataset: Dataset) -> list[float]:
    seconds: list[float] = []

    def hear(said: Progress) -> None:
        if isinstance(said, EpochEnd):
            seconds.append(said.seconds)

    train(plan, dataset, run="bench", spec_text="", progress=hear)
    return seconds


def _fit(plan: Plan, dataset: Dataset) -> list[float]:
    assert plan.training is not None
    model, clock = dlspec.compile(plan), _Clock()
    parts = [samples_for_model(plan, dataset, name) for name in ("train", "validation")]
    (x, y), validation = (part.pack([np.array(a) for a in part.arrays]) for part in parts)
    model.fit(
        x,
        y,
        batch_size=plan.training.batch_size,
        epochs=plan.training.epochs,
        validation_data=validation,
        callbacks=[clock],
        verbose=0,
    )
    model.save(Path(dataset.path) / "model.keras")
    return clock.seconds
