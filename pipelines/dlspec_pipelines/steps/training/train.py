"""The training step: build, continue or begin, train, and leave a whole run folder."""

import math
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Protocol

import keras

from dlspec.backends.keras_objects import build_object
from dlspec.backends.optimizers import optimizers_of
from dlspec.diagnostics.counts import agreed, counted
from dlspec.resolve.chain import step_digest
from dlspec.resolve.plan import Plan, canonical_digest
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.data_memory import memory_for_data
from dlspec_pipelines.steps.engine import determinism as machine
from dlspec_pipelines.steps.engine.batches import Samples
from dlspec_pipelines.steps.engine.determinism import step_flops
from dlspec_pipelines.steps.preparation.model_parts import open_model_part
from dlspec_pipelines.steps.records import Dataset, Start, TrainedModel
from dlspec_pipelines.steps.start import find_model_start, model_start_digests, vectors_digests
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.stopped_work import CHECKPOINT, note_work
from dlspec_pipelines.steps.training import checkpoint
from dlspec_pipelines.steps.training.aligned_targets import require_steps_for_targets
from dlspec_pipelines.steps.training.begun_model import begin_model, build_training_variables
from dlspec_pipelines.steps.training.checkpoint import CorruptError, Position, Saved
from dlspec_pipelines.steps.training.drawn_epochs import (
    samples_in_form_of_model,
    training_draw,
)
from dlspec_pipelines.steps.training.kept_epoch import kept_weights
from dlspec_pipelines.steps.training.loop import Loop, LossError, Surroundings
from dlspec_pipelines.steps.training.progress import Listener, Notice, Progress
from dlspec_pipelines.steps.training.run_folder import Origin, Outcome, write_run
from dlspec_pipelines.steps.training.start_weights import start_digest
from dlspec_pipelines.steps.training.written_files import WrittenFiles

# Part of the key of a checkpoint: raise it when the loop would give other numbers.
_LOOP_VERSION = 1


class StopRequest(Protocol):
    """Says whether the training shall stop; a `threading.Event` does."""

    def is_set(self) -> bool:
        """Return whether the training shall stop."""


def _say_nothing(said: Progress) -> None:
    """Listen to nothing."""


def train(  # noqa: PLR0913 - what to do, where to tell of it, and when to stop
    plan: Plan,
    dataset: Dataset,
    *,
    run: str,
    spec_text: str,
    sets: Mapping[str, object] | None = None,
    progress: Listener = _say_nothing,
    stop: StopRequest | None = None,
    start: Start | None = None,
) -> TrainedModel:
    """Train the model of a plan, going on from a checkpoint of the same work if there is one.

    The key of the work is the plan's model and training, the arrays, the weights it begins with,
    and the backend with its version: a continued training gives the weights of one that was never
    interrupted, bit for bit.
    SIGINT and SIGTERM end it with a checkpoint when it runs in the main thread.

    Args:
        run: The name of the new run folder.
        spec_text: The spec as compiled, kept with the run.
        sets: What `--set` changed in it, kept with the run.
        start: Earlier weights to begin with where they fit; None begins with fresh ones.

    Raises:
        Stopped: If asked to stop; the next call goes on.
        Busy: If another process trains the same.
        StepError: If the run exists, a target has more ids than `CTC` has steps for, the loss is
            not a number, the disk is full or the like.
    """
    assert plan.training is not None
    if store.run_folder(plan.name, run).exists():
        raise StepError(f"the run `{run}` of `{plan.name}` exists", help="name the run otherwise")
    require_steps_for_targets(plan, dataset)
    with (
        _stop_on_signals() as signalled,
        machine.settled_machine(plan.runtime, seed=plan.training.seed, step_flops=step_flops(plan)),
        _locked_work_folder(store.work_folder(work_key(plan, dataset, start))) as work,
    ):
        around = Surroundings(
            work / CHECKPOINT,
            WrittenFiles(work, plan.training.callbacks),
            progress,
            lambda: signalled.is_set() or (stop is not None and stop.is_set()),
        )
        epochs = plan.training.epochs
        begun = [*((start,) if start else ()), *map(find_model_start, plan.starts)]
        note_work(
            work,
            name=plan.name,
            epochs=epochs,
            dataset=dataset.fingerprint,
            begins_with=[one.run for one in begun],
        )
        origin = Origin(run, spec_text, sets or {})
        trained = _train_in_work_folder(plan, dataset, origin=origin, around=around, start=start)
        shutil.rmtree(work)
    return trained


@contextmanager
def _locked_work_folder(work: Path) -> Iterator[Path]:
    with store.lock_folder(work):
        yield work


def work_key(plan: Plan, dataset: Dataset, start: Start | None = None) -> str:
    """Return the name of a piece of work: equal keys mean equal numbers."""
    versions = machine.software_versions()
    backend = keras.config.backend()
    parts = (
        step_digest(plan, "model"),
        dataset.digest,
        f"{backend} {versions[backend]}",
        f"keras {versions['keras']}",
        f"threads {machine.threads_per_operation()}",
        f"loop {_LOOP_VERSION}",
        *(() if start is None else (f"weights {start_digest(start)}",)),
        *(f"weights of {name} {digest}" for name, digest in model_start_digests(plan).items()),
        *(f"vectors of {name} {digest}" for name, digest in vectors_digests(plan).items()),
    )
    return canonical_digest(parts)[:32]


def samples_for_model(plan: Plan, dataset: Dataset, part: str) -> Samples:
    """Return one part of a data set in the form the plan's model takes."""
    assert plan.data is not None
    opened = open_model_part(plan.data, dataset, part)
    return samples_in_form_of_model(plan, opened.inputs, opened.targets, opened.weights)


def _train_in_work_folder(
    plan: Plan,
    dataset: Dataset,
    *,
    origin: Origin,
    around: Surroundings,
    start: Start | None,
) -> TrainedModel:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    begun = begin_model(plan, dataset, start, listen=around.listen)
    loop = _begin_loop(plan, dataset, begun.model, around=around)
    continued = loop.position.epoch
    try:
        loop.run()
    except StepError as problem:
        # Closes the files of the callbacks; the model is not used any more.
        loop.compiled.on_train_end()
        if isinstance(problem, LossError):
            # Going on from here would end in the same place.
            around.checkpoint_file.unlink(missing_ok=True)
        raise
    for optimizer, variables in optimizers_of(loop.model):
        optimizer.finalize_variable_values(variables)
    history = loop.position.history
    loop.compiled.on_train_end(history[-1])
    seconds = loop.position.seconds
    kept = kept_weights(loop.callbacks, history)
    outcome = Outcome(
        started,
        seconds,
        history,
        continued,
        len(loop.train),
        kept,
        begun.taken,
        begun.models,
        begun.rows,
        around.files,
    )
    return write_run(loop.model, plan, dataset=dataset, origin=origin, outcome=outcome)


def _begin_loop(plan: Plan, dataset: Dataset, model: keras.Model, *, around: Surroundings) -> Loop:
    training = plan.training
    assert training is not None
    draw = training_draw(plan, dataset, training)
    # Every epoch has the form and the length of the first.
    data = draw.epoch(training.seed, 0).samples
    validation = (
        samples_for_model(plan, dataset, "validation") if dataset.rows["validation"] else None
    )
    _refuse_short_batch(model, data, validation, training.batch_size)
    build_training_variables(model, data)
    callbacks = [build_object(placed) for placed in around.files.placed_callbacks()]
    saved = _load_saved(model, callbacks, around, epochs=training.epochs)
    around.files.revert(saved.files if saved else None, goes_on=saved is not None)
    model.stop_training = False
    steps = math.ceil(len(data) / training.batch_size)
    compiled = keras.callbacks.CallbackList(
        list(callbacks), model=model, epochs=training.epochs, steps=steps, verbose=0
    )
    _go_on_or_begin(model, callbacks, compiled, saved)
    position = saved.position if saved else Position()
    memory = memory_for_data(plan.runtime.memory)
    return Loop(
        model, training, data, validation, callbacks, compiled, around, position, draw, memory
    )


def _load_saved(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    around: Surroundings,
    *,
    epochs: int,
) -> Saved | None:
    """Return the checkpoint to go on from, and say so; None when training begins."""
    if not around.checkpoint_file.exists():
        return None
    try:
        saved = checkpoint.load_checkpoint(around.checkpoint_file, model, callbacks)
    except CorruptError as error:
        around.listen(Notice(f"{error}; training starts from the beginning"))
        return None
    position = saved.position
    where = (
        f"within epoch {position.epoch + 1}" if position.row else f"after epoch {position.epoch}"
    )
    around.listen(Notice(f"continuing {where} of {epochs}"))
    return saved


def _go_on_or_begin(
    model: keras.Model,
    callbacks: Sequence[keras.callbacks.Callback],
    compiled: keras.callbacks.CallbackList,
    saved: Saved | None,
) -> None:
    for callback in callbacks:
        if saved is not None and isinstance(callback, keras.callbacks.CSVLogger):
            # Else it would begin its file anew and lose the epochs before.
            callback.append = True
    compiled.on_train_begin()
    if saved is not None:
        checkpoint.restore_checkpoint(saved, model, callbacks)


def _refuse_short_batch(
    model: keras.Model, data: Samples, validation: Samples | None, batch_size: int
) -> None:
    fixed = model.inputs[0].shape[0]
    for part, samples in (("training", data), ("validation", validation)):
        if fixed is not None and samples is not None and len(samples) % batch_size:
            raise StepError(
                f"the model takes {counted(fixed, 'sample')} at a time, and "
                f"{counted(len(samples), part + ' sample')} {agreed(len(samples), 'leave')} "
                f"{len(samples) % batch_size} over",
                help="leave `batch` out of the model's inputs, or split by a column",
            )


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that the first SIGINT or SIGTERM sets; a second one acts as before."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's signature
        asked.set()
        restore()

    for number in before:
        signal.signal(number, ask)
    try:
        yield asked
    finally:
        restore()
