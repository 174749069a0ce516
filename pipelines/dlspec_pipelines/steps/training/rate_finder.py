"""A range test: the learning rate rises in every step, and the loss tells which rates are of use.

Source: Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from dlspec.backends.optimizers import optimizers_of
from dlspec.language.catalogue.reader import Object
from dlspec.language.sections import Training
from dlspec.resolve.plan import Plan
from dlspec_pipelines.steps.data_memory import memory_for_data
from dlspec_pipelines.steps.engine import determinism as machine
from dlspec_pipelines.steps.engine.batches import sample_chunks
from dlspec_pipelines.steps.engine.determinism import step_flops
from dlspec_pipelines.steps.engine.engine import Engine, Loaded, engine_for
from dlspec_pipelines.steps.engine.epoch_draws import EpochDraw
from dlspec_pipelines.steps.records import Dataset, Start
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.aligned_targets import require_steps_for_targets
from dlspec_pipelines.steps.training.begun_model import begin_model, build_training_variables
from dlspec_pipelines.steps.training.drawn_epochs import training_draw
from dlspec_pipelines.steps.training.progress import Listener, Tick

# What optimizers are used with lies between; thirty steps make each rate ten times as large.
LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 210
# Losses of single batches are noise: each counts 0.95 times as much as the one after it.
_MEMORY = 0.95
# Of the smallest loss: beyond it no rate is of use any more.
_BLOWN_UP = 4.0
# The first means hold few losses; what they say of a slope is chance.
_FIRST_STEPS = 10
# A rate that is the best for one step is too large for many: a tenth of it is used.
_SAFE = 10.0

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RateSearch:
    """The loss of each step by its learning rate.

    Attributes:
        rates: Of each step, rising.
        losses: Of the batch of each step, before it.
        means: A running mean of them, the latest counting most.
        blown_up: Whether the loss went beyond all bounds, and ended the search.
    """

    rates: Numbers
    losses: Numbers
    means: Numbers
    blown_up: bool

    @property
    def least(self) -> float:
        """Return the rate at which the mean loss is the least."""
        return float(self.rates[int(np.argmin(self.means))])

    @property
    def steepest(self) -> float:
        """Return the rate at which the mean loss falls the fastest."""
        end = max(int(np.argmin(self.means)), 1) + 1
        first = min(_FIRST_STEPS, end - 2)
        slopes = np.gradient(self.means[first:end], np.log(self.rates[first:end]))
        return float(self.rates[first + int(np.argmin(slopes))])

    @property
    def suggested(self) -> float | None:
        """Return the rate to begin with; None where the loss does not fall."""
        if len(self.means) <= _FIRST_STEPS or np.argmin(self.means) <= _FIRST_STEPS:
            return None
        return min(self.least / _SAFE, self.steepest)


def find_rate(
    plan: Plan, dataset: Dataset, *, start: Start | None = None, listen: Listener
) -> RateSearch:
    """Train on batches in their order with a rate that rises, until the loss blows up.

    Nothing is kept of the model. The optimizer's own rate, or schedule, is left out, and so are
    callbacks.

    Args:
        start: Earlier weights to begin with; None begins with fresh ones.

    Raises:
        StepError: If the training takes turns, or what it begins with is not there.
    """
    training = plan.training
    assert training is not None
    if training.turns:
        raise StepError(
            "turns have optimizers of their own, and no loss that one rate could be judged by",
            help="leave `--find-rate` out, and compare runs: `--set "
            "'training.turns.0.optimizer.Adam.learning_rate=1e-4'`",
        )
    require_steps_for_targets(plan, dataset)
    plan = replace(plan, training=replace(training, optimizer=_with_rate(training.optimizer)))
    with machine.settled_machine(plan.runtime, seed=training.seed, step_flops=step_flops(plan)):
        begun = begin_model(plan, dataset, start, listen=listen)
        return _search_rates(begun.model, plan, training_draw(plan, dataset, training), listen)


def _with_rate(optimizer: Object) -> Object:
    return replace(optimizer, arguments={**optimizer.arguments, "learning_rate": LOWEST})


def _search_rates(model: keras.Model, plan: Plan, draw: EpochDraw, listen: Listener) -> RateSearch:
    training = plan.training
    assert training is not None
    first = draw.epoch(training.seed, 0).samples
    build_training_variables(model, first)
    engine = engine_for(model, first, batch_size=training.batch_size)
    ((optimizer, _),) = optimizers_of(model)
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses: list[float] = []
    means: list[float] = []
    running, blown_up = 0.0, False
    batches = _loaded_batches(draw, engine, training, memory_for_data(plan.runtime.memory))
    for rate, (loaded, row, end) in zip(rates, batches, strict=False):
        optimizer.learning_rate = float(rate)
        model.reset_metrics()
        engine.train(loaded, row, end)
        loss = float(keras.ops.convert_to_numpy(model.get_metrics_result()["loss"]))
        running = _MEMORY * running + (1 - _MEMORY) * loss
        mean = running / (1 - _MEMORY ** (len(losses) + 1))
        if not math.isfinite(mean):
            blown_up = True
            break
        losses.append(loss)
        means.append(mean)
        done = len(losses) / STEPS
        listen(Tick(1, 1, done, {"loss": loss, "learning_rate": float(rate)}, 0.0))
        if mean > min(means) + (_BLOWN_UP - 1) * abs(min(means)) and len(losses) > _FIRST_STEPS:
            blown_up = True
            break
    if len(losses) < 2:
        raise StepError(
            "the loss is not a number from the first steps on, at any rate",
            help="scale the inputs, and look at them: `dlspec data`",
        )
    return RateSearch(rates[: len(losses)], np.array(losses), np.array(means), blown_up)


def _loaded_batches(
    draw: EpochDraw, engine: Engine, training: Training, memory: int
) -> Iterator[tuple[Loaded, int, int]]:
    """Yield batch after batch through as many epochs as it takes; a short last one is left out.

    Args:
        memory: Bytes of samples that may be read at a time.
    """
    size = training.batch_size
    for epoch in itertools.count():
        drawn = draw.epoch(training.seed, epoch)
        chunks = sample_chunks(drawn.samples, size, visit=drawn.visit, memory=memory)
        for chunk in chunks:
            loaded = engine.load(chunk)
            whole = chunk.rows if chunk.rows < size else chunk.rows - chunk.rows % size
            for row in range(0, whole, size):
                yield loaded, row, min(row + size, chunk.rows)
