"""Trainings that are stopped and go on, beside those that are not."""

import pytest

from dlspec_pipelines.steps.step_errors import Stopped
from dlspec_pipelines.steps.training.progress import EpochEnd
from dlspec_pipelines.steps.training.train import train


class Stop:
    """Asks to stop once so many epochs are over."""

    def __init__(self, epochs):
        self.epochs = epochs

    def is_set(self):
        return self.epochs <= 0

    def hear(self, said):
        self.epochs -= isinstance(said, EpochEnd)


def stopped_and_continued(plan, dataset, *, epochs, start=None):
    """Return a training that was stopped once so many epochs were over, and continued."""
    stop = Stop(epochs)
    with pytest.raises(Stopped) as stopped:
        train(
            plan, dataset, run="stopped", spec_text="", progress=stop.hear, stop=stop, start=start
        )
    resumed = train(plan, dataset, run="stopped", spec_text="", start=start)
    assert epochs <= stopped.value.epoch == resumed.continued_from_epoch < resumed.epochs
    return resumed


def whole_and_continued(plan, dataset, *, epochs=1, start=None):
    """Return a training of which nothing is stopped, and one that was stopped and continued."""
    whole = train(plan, dataset, run="whole", spec_text="", start=start)
    return whole, stopped_and_continued(plan, dataset, epochs=epochs, start=start)
