"""The epoch loop: steps in stretches of about a second, so that it answers while it runs."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from dlspec.backends.optimizers import optimizers_of
from dlspec.language.sections import Training
from dlspec_pipelines.steps.engine.batches import (
    Chunk,
    Samples,
    sample_chunks,
)
from dlspec_pipelines.steps.engine.call_length import Pace
from dlspec_pipelines.steps.engine.engine import Engine, Loaded, engine_for
from dlspec_pipelines.steps.engine.epoch_draws import EpochDraw
from dlspec_pipelines.steps.engine.reading_ahead import read_ahead
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training import callbacks as watching
from dlspec_pipelines.steps.training import checkpoint
from dlspec_pipelines.steps.training.checkpoint import Position
from dlspec_pipelines.steps.training.progress import EpochEnd, Listener, Tick
from dlspec_pipelines.steps.training.written_files import WrittenFiles

# A checkpoint waits until fifty times its own cost has passed: at most 2 % of the time.
_CHECKPOINT_SHARE = 50
# In an epoch of hours, a kill must not cost hours.
_LONG_S = 600.0


class LossError(StepError):
    """A loss that is not a number any more."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a training talks to: where its files lie, who listens, who may stop it."""

    checkpoint_file: Path
    files: WrittenFiles
    listen: Listener
    should_stop: Callable[[], bool]


@dataclass(slots=True)
class Loop:
    """One training under way; the state is where it stands, all else is given.

    `compiled` calls the `callbacks` as Keras does. `train` are the samples of the first epoch, to
    which those of every other that `draw` gives are alike in form and number. `memory` is how many
    bytes of samples may be read at a time; None for any number.
    """

    model: keras.Model
    training: Training
    train: Samples
    validation: Samples | None
    callbacks: Sequence[keras.callbacks.Callback]
    compiled: keras.callbacks.CallbackList
    around: Surroundings
    position: Position
    draw: EpochDraw
    memory: int | None = None
    _engines: dict[str, Engine] = field(init=False)
    _paces: dict[str, Pace] = field(init=False)
    _first_epoch: int = field(init=False)
    _zero: float = field(init=False)
    _saved_at_s: float = field(init=False, default=-math.inf)
    _save_cost_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Make the engines; they trace nothing before they run."""
        size = self.training.batch_size
        self._engines = {"train": engine_for(self.model, self.train, batch_size=size)}
        if self.validation is not None:
            self._engines["test"] = engine_for(self.model, self.validation, batch_size=size)
        self._paces = {
            "train": Pace(size, watching.watches_train_batches(self.callbacks)),
            "test": Pace(size, watching.watches_test_batches(self.callbacks)),
        }
        self._first_epoch = self.position.epoch
        self._zero = time.monotonic() - self.position.seconds

    @property
    def seconds(self) -> float:
        """Return the training time so far, that before an interruption included."""
        return time.monotonic() - self._zero

    def run(self) -> None:
        """Train to the end: the last epoch, a callback's word, or `max_minutes`.

        Raises:
            Stopped: If asked to; a checkpoint has been written.
            LossError: If the loss is not a number any more.
        """
        while not self._is_over():
            self._run_epoch()
            if self.around.should_stop() and not self._is_over():
                self._stop_training()

    def _is_over(self) -> bool:
        limit_s = 60 * (self.training.max_minutes or math.inf)
        position = self.position
        over = position.epoch >= self.training.epochs or position.stopped
        return over or position.seconds >= limit_s

    def _run_epoch(self) -> None:
        before, started_s = self.position, self.seconds
        if before.figures is None:
            if before.row == 0:
                self.model.reset_metrics()
                self.compiled.on_epoch_begin(before.epoch)
            self._train_rows()
            figures = self._metric_figures() | self._learning_rates()
            self._move_position(figures=figures)
        trained_s = self.seconds - started_s
        assert self.position.figures is not None
        figures = {**self.position.figures, **self._validate_epoch()}
        self.compiled.on_epoch_end(before.epoch, figures)
        row = {"epoch": before.epoch + 1, **figures, "seconds": self.seconds - started_s}
        self.position = Position(
            epoch=before.epoch + 1,
            seconds=self.seconds,
            history=(*before.history, row),
            stopped=bool(self.model.stop_training),
        )
        self._report_epoch_end(row, rows=len(self.train) - before.row, trained_s=trained_s)
        if (before.epoch + 1) % self.training.checkpoint.every_epochs == 0:
            self._save_if_due()

    def _train_rows(self) -> None:
        first_row, started_s = self.position.row, self.seconds
        drawn = self.draw.epoch(self.training.seed, self.position.epoch)
        batches = sample_chunks(
            drawn.samples,
            self.training.batch_size,
            visit=drawn.visit,
            start=first_row,
            memory=self.memory,
        )
        for row in self._run_engine_calls("train", batches):
            self._move_position(row=row)
            self._report_tick(rate=(row - first_row) / max(self.seconds - started_s, 1e-9))
            if self.model.stop_training:
                return
            if row < len(self.train) and self.around.should_stop():
                self._stop_training()
            if self.seconds - max(self._saved_at_s, started_s) >= _LONG_S:
                self._save_position()

    def _validate_epoch(self) -> Mapping[str, float]:
        if self.validation is None:
            return {}
        self.compiled.on_test_begin()
        self.model.reset_metrics()
        size = self.training.batch_size
        batches = sample_chunks(self.validation, size, memory=self.memory)
        for row in self._run_engine_calls("test", batches):
            if row < len(self.validation) and self.around.should_stop():
                # Testing changes no weight: it is done again when training goes on.
                self.compiled.on_test_end(self._metric_figures())
                self._stop_training()
        figures = self._metric_figures()
        self.compiled.on_test_end(figures)
        return {f"val_{name}": value for name, value in figures.items()}

    def _run_engine_calls(self, what: str, batches: Iterator[Chunk]) -> Iterator[int]:
        """Run all chunks; yield after each call how many samples are behind us."""
        engine, pace = self._engines[what], self._paces[what]
        with closing(read_ahead(batches)) as chunks:
            for chunk in chunks:
                loaded, first = engine.load(chunk), 0
                while first < chunk.rows:
                    last = min(first + pace.rows, chunk.rows)
                    started = time.monotonic()
                    self._call_engine(
                        what, loaded, first, last, step=(chunk.start + first) // pace.batch_size
                    )
                    pace.learn_from_call(time.monotonic() - started, last - first)
                    first = last
                    yield chunk.start + first

    def _call_engine(self, what: str, loaded: Loaded, first: int, last: int, *, step: int) -> None:
        engine, watched = self._engines[what], self._paces[what].one_by_one
        run = engine.train if what == "train" else engine.test
        if not watched:
            run(loaded, first, last)
            return
        begin = getattr(self.compiled, f"on_{what}_batch_begin")
        end = getattr(self.compiled, f"on_{what}_batch_end")
        begin(step)
        run(loaded, first, last)
        figures = self._metric_figures()
        if what == "train":
            # Before a callback such as TerminateOnNaN says so in a way of its own.
            self._require_finite_loss(figures)
        end(step, figures)

    def _metric_figures(self) -> dict[str, float]:
        results = self.model.get_metrics_result()
        # A metric such as F1Score without an average gives one number per class.
        return {
            name: float(np.mean(keras.ops.convert_to_numpy(value)))
            for name, value in results.items()
        }

    def _learning_rates(self) -> dict[str, float]:
        turns = [f"{turn.title}_learning_rate" for turn in self.training.turns or ()]
        optimizers = [optimizer for optimizer, _ in optimizers_of(self.model)]
        return {
            name: float(keras.ops.convert_to_numpy(optimizer.learning_rate))
            for name, optimizer in zip(turns or ["learning_rate"], optimizers, strict=True)
        }

    def _report_tick(self, *, rate: float) -> None:
        figures = self._metric_figures()
        self._require_finite_loss(figures)
        done, at = self.position.row / len(self.train), self.position.epoch + 1
        if done < 1:
            self.around.listen(Tick(at, self.training.epochs, done, figures, rate))

    def _require_finite_loss(self, figures: Mapping[str, float]) -> None:
        if not math.isfinite(figures["loss"]):
            raise LossError(
                f"the loss became {figures['loss']} in epoch {self.position.epoch + 1}",
                help="use a smaller learning rate, bound the gradients with `training.clip: "
                "{norm: 1}`, or scale the inputs",
            )

    def _report_epoch_end(self, row: Mapping[str, float], *, rows: int, trained_s: float) -> None:
        tracing_s = {name: pace.tracing_s or 0.0 for name, pace in self._paces.items()}
        seconds, steady_s = row["seconds"], row["seconds"]
        if self.position.epoch == self._first_epoch + 1:
            steady_s -= sum(tracing_s.values())
            trained_s = max(trained_s - tracing_s["train"], 0.0) or trained_s
        figures = {name: v for name, v in row.items() if name not in ("epoch", "seconds")}
        self.around.listen(
            EpochEnd(
                epoch=self.position.epoch,
                epochs=self.training.epochs,
                figures=figures,
                seconds=seconds,
                samples_per_s=rows / max(trained_s, 1e-9),
                seconds_left=max(steady_s, 0.0) * (self.training.epochs - self.position.epoch),
            )
        )

    def _save_if_due(self) -> None:
        if self.seconds - self._saved_at_s >= _CHECKPOINT_SHARE * self._save_cost_s:
            self._save_position()

    def _save_position(self) -> None:
        started_s = self.seconds
        self._move_position(seconds=started_s)
        files = self.around.files.copy_at_checkpoint()
        checkpoint.save_checkpoint(
            self.around.checkpoint_file,
            self.model,
            callbacks=self.callbacks,
            position=self.position,
            files=files,
        )
        self.around.files.drop_other_copies(files)
        self._saved_at_s = self.seconds
        self._save_cost_s = self._saved_at_s - started_s

    def _stop_training(self) -> None:
        self._save_position()
        raise Stopped(
            f"training stopped in epoch {self.position.epoch + 1} of {self.training.epochs}",
            epoch=self.position.epoch,
            help="run it again: it goes on from here",
        )

    def _move_position(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Position
        self.position = replace(self.position, **changes)
