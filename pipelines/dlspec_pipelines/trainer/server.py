"""The trainer: one process for a run's `model` and `evaluation`, so that Keras is imported once.

Standard input brings one JSON object a line: `{"pipes": {...}}` is a job, its context and extras in
Dagster Pipes' encoding, and `{"stop": true}` asks the job that runs for a checkpoint. Standard
output takes Pipes' messages; what anything else prints goes to standard error.
"""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from types import FrameType
from typing import Any, TextIO, assert_never

from dagster_pipes import (
    PipesContext,
    PipesDefaultContextLoader,
    PipesMappingParamsLoader,
    PipesMessage,
    PipesMessageWriter,
    PipesMessageWriterChannel,
)

from dlspec.compiler import compile_source
from dlspec.diagnostics.findings import SpecError
from dlspec.diagnostics.source import Source
from dlspec.resolve.plan import Plan, canonical_digest
from dlspec_pipelines.steps.records import (
    Dataset,
    Started,
    TrainedModel,
    record_from_json,
    record_to_json,
)
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.progress import EpochEnd, Notice, Progress, Tick
from dlspec_pipelines.trainer.backend_choice import on_backend
from dlspec_pipelines.trainer.keras_import import import_keras

# How long an idle trainer may outlive its parent.
_POLL_S = 1.0
# From the end of the parent to ours, for one compiled call and one checkpoint.
_GRACE_S = 30.0


class _Channel(PipesMessageWriterChannel):
    """One message a line; a reader that is gone counts as a request to stop."""

    def __init__(self, stream: TextIO, stop: Event) -> None:
        self._stream = stream
        self._stop = stop

    def write_message(self, message: PipesMessage) -> None:
        """Write one message."""
        self.write(dict(message))

    def write(self, message: Mapping[str, object]) -> None:
        """Write one line of JSON."""
        try:
            self._stream.write(json.dumps(message) + "\n")
            self._stream.flush()
        except BrokenPipeError:
            self._stop.set()


class _Writer(PipesMessageWriter[_Channel]):
    """Gives every job the same channel."""

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    @contextmanager
    def open(self, params: object) -> Iterator[_Channel]:  # noqa: ARG002 - the protocol
        """Give the channel; it stays open for the next job."""
        yield self._channel


class _Trainer:
    """What the threads share: the jobs, whether one runs, and whether it should stop."""

    def __init__(self, channel: TextIO) -> None:
        self.stop = Event()
        self.jobs: Queue[Mapping[str, str] | None] = Queue()
        self.channel = _Channel(channel, self.stop)
        self.busy = False

    def read(self) -> None:
        """Take lines from standard input until it ends."""
        for line in sys.stdin:
            message = json.loads(line)
            if "stop" in message:
                self.ask_to_stop()
            else:
                self.jobs.put(message["pipes"])
        self.jobs.put(None)
        self.end_process()

    def end_with_parent(self, parent: int) -> None:
        """End soon after the parent, however it ended."""
        while os.getppid() == parent:
            time.sleep(_POLL_S)
        self.end_process()

    def end_process(self) -> None:
        """End now when idle, else after the job's checkpoint, and in any case after a while."""
        self.ask_to_stop()
        time.sleep(_GRACE_S)
        os._exit(1)

    def on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the protocol
        """Answer SIGINT and SIGTERM."""
        self.ask_to_stop()

    def ask_to_stop(self) -> None:
        """Ask the job for a checkpoint; without a job nothing is lost by ending at once."""
        self.stop.set()
        if not self.busy:
            os._exit(0)

    def do_jobs(self) -> None:
        """Do the jobs in turn, each in its own Pipes session."""
        while not self.stop.is_set() and (job := self.jobs.get()) is not None:
            self.busy = True
            loader = PipesMappingParamsLoader(job)
            with PipesContext(loader, PipesDefaultContextLoader(), _Writer(self.channel)) as pipes:
                pipes.report_custom_message(_answer_job(pipes, self.stop))
            self.busy = False


def _answer_job(pipes: PipesContext, stop: Event) -> dict[str, Any]:
    try:
        return {"result": record_to_json(_do_job(pipes, stop))}
    except StepError as problem:
        return {"problem": problem_fields(problem)}
    except SpecError as refused:
        return {"problem": problem_fields(_spec_refusal_as_step_error(refused))}
    except BaseException:  # noqa: BLE001 - our own bug: handed over whole, raised again at the other end
        return {"crash": traceback.format_exc()}


def _spec_refusal_as_step_error(refused: SpecError) -> StepError:
    """Return what only Keras could refuse, with its code and its place, as a sentence."""
    found = refused.diagnostics[0]
    place = f"{found.span.source.path}:{found.span.line}:{found.span.column}"
    return StepError(f"{found.message} ({place}): {found.label}", code=found.code.value)


def _do_job(pipes: PipesContext, stop: Event) -> object:
    extras = pipes.extras
    plan = _plan_of_job(extras["spec"])
    dataset: Dataset = record_from_json(extras["records"]["dataset"])
    if extras["step"] == "model":
        return _train_job(pipes, plan, dataset, stop)
    trained: TrainedModel = record_from_json(extras["records"]["model"])
    from dlspec_pipelines.steps.evaluation.evaluate import evaluate
    from dlspec_pipelines.steps.promotion.promote import current_champion

    return evaluate(
        plan,
        trained,
        dataset,
        current_champion(plan.name),
        run=pipes.run_id,
        spec_text=extras["spec"]["compiled"],
        base=Path(extras["spec"]["path"]).parent,
    )


def _train_job(pipes: PipesContext, plan: Plan, dataset: Dataset, stop: Event) -> TrainedModel:
    from dlspec_pipelines.steps.evaluation.computable_metrics import require_computable_metrics
    from dlspec_pipelines.steps.training.train import train

    require_computable_metrics(plan, dataset)
    return train(
        plan,
        dataset,
        run=pipes.run_id,
        spec_text=pipes.get_extra("spec")["compiled"],
        sets=pipes.get_extra("spec")["set"],
        progress=lambda said: _pass_on(pipes, said),
        stop=stop,
        start=record_from_json(start) if (start := pipes.get_extra("start")) else None,
    )


def _pass_on(pipes: PipesContext, said: Progress) -> None:
    match said:
        case Notice():
            pipes.log.info(said.text)
        case Tick():
            pipes.report_custom_message({"tick": asdict(said)})
        case EpochEnd():
            pipes.report_custom_message({"epoch": asdict(said)})
        case Started():
            pipes.report_custom_message({"start": asdict(said)})
        case _:
            assert_never(said)


def _plan_of_job(spec: Mapping[str, Any]) -> Plan:
    plan = compile_source(Source(spec["path"], spec["text"]), sets=spec["set"]).plan
    if plan is None or canonical_digest(plan) != spec["digest"]:
        raise StepError(
            f"a file or a layer that `{spec['path']}` uses changed while the run was starting",
            help="start the run again",
        )
    return on_backend(plan, os.environ["KERAS_BACKEND"])


def problem_fields(problem: StepError) -> dict[str, Any]:
    """Return an error as JSON data, for the process that shows it."""
    return {
        "message": problem.message,
        "code": problem.code,
        "help": problem.help,
        "table": problem.table,
        "epoch": problem.epoch if isinstance(problem, Stopped) else None,
    }


def _own_stdout() -> TextIO:
    """Return standard output for the protocol alone; prints go to standard error from now on."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "w", encoding="utf-8")


def main() -> None:
    """Serve one run."""
    trainer = _Trainer(_own_stdout())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, trainer.on_signal)
    Thread(target=trainer.end_with_parent, args=(os.getppid(),), daemon=True).start()
    Thread(target=trainer.read, daemon=True).start()
    started = time.monotonic()
    import_keras()
    trainer.channel.write({"ready": time.monotonic() - started})
    trainer.do_jobs()


if __name__ == "__main__":
    main()
