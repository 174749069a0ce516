"""Dagster's client for the trainer: hands it jobs and passes on what it says."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster_pipes import PipesOpenedData

from dlspec.resolve.plan import canonical_digest
from dlspec_pipelines.specs import SpecFile
from dlspec_pipelines.steps.records import Start, TrainedModel, record_from_json, record_to_json
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.trainer.backend_choice import backend_of, require_backend, trained_on
from dlspec_pipelines.trainer.callback_packages import require_callback_packages
from dlspec_pipelines.trainer.process import (
    STOP_GRACE_S,
    Message,
    TrainerGone,
    TrainerProcess,
    Trainers,
)

# Each observation is a row in Dagster's event log for ever.
_MOST_OBSERVATIONS = 100


# Dagster's page asks four times a second.
_LEAST_INTERVAL_S = 0.25


Listener = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One step for the trainer: its spec, and the records it starts from."""

    step: str
    spec: SpecFile
    records: Mapping[str, object]
    start: Start | None = None

    @property
    def backend(self) -> str | None:
        """Return the backend that the model it starts from was trained on; None without one."""
        model = self.records.get("model")
        return trained_on(model) if isinstance(model, TrainedModel) else None

    def extras(self) -> dict[str, Any]:
        """Return the job as JSON data."""
        spec = self.spec
        return {
            "step": self.step,
            "spec": {
                "path": str(spec.path),
                "text": spec.text,
                "compiled": spec.compiled,
                "set": dict(spec.sets),
                "digest": canonical_digest(spec.plan),
            },
            "records": {name: record_to_json(record) for name, record in self.records.items()},
            "start": None if self.start is None else record_to_json(self.start),
        }


class _ContextOverInput(dg.PipesContextInjector):
    """The context travels inside the job's own line."""

    @contextmanager
    def inject_context(self, context_data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Give the context as the parameters themselves."""
        yield {"data": context_data}

    def no_messages_debug_text(self) -> str:
        """Return where the context went."""
        return "the context was handed over on the trainer's standard input"


class _MessagesOverOutput(dg.PipesMessageReader):
    """The client reads the trainer's standard output itself: nothing needs a thread here."""

    @property
    def expected_writer_count(self) -> int:
        """Return one: the base class asks with a warning."""
        return 1

    @contextmanager
    def read_messages(self, handler: object) -> Iterator[dict[str, Any]]:  # noqa: ARG002 - the protocol
        """Give no parameters: there is one channel."""
        yield {}

    def on_opened(self, opened_payload: PipesOpenedData) -> None:
        """Take note of nothing."""

    def no_messages_debug_text(self) -> str:
        """Return where messages were expected."""
        return "messages were expected on the trainer's standard output"


class TrainerClient(dg.PipesClient):
    """Hands a run's jobs to its trainer and passes on what the trainer says, as it says it."""

    def __init__(
        self, trainers: Trainers, backend: str | None = None, listener: Listener | None = None
    ) -> None:
        """Take the processes to use.

        Args:
            backend: Overrides what the specs say; None leaves it to them.
            listener: Hears every epoch and log line too, before it is thinned out.
        """
        self._trainers = trainers
        self._backend = backend
        self._listener = listener or _ignore_message

    def start(self, spec: SpecFile) -> None:
        """Start the trainer that `spec` will need, so that its imports overlap other work."""
        # The step that needs the trainer says why there is none.
        with suppress(StepError):
            self._trainers.get(backend_of(spec.plan, self._backend))

    def run(  # type: ignore[override]  # a job is what this client runs
        self, *, context: dg.AssetExecutionContext, job: Job
    ) -> dg.PipesClientCompletedInvocation:
        """Do one job; its record is the last custom message.

        Raises:
            StepError: If the step cannot go on, for a reason a person can act on.
            RuntimeError: If the step crashed; the text is its traceback.
        """
        backend = job.backend or backend_of(job.spec.plan, self._backend)
        require_backend(backend, job.spec.plan)
        if job.step == "model":
            require_callback_packages(job.spec.plan)
        trainer = self._trainers.get(backend)
        with dg.open_pipes_session(
            context, _ContextOverInput(), _MessagesOverOutput(), extras=job.extras()
        ) as session:
            try:
                trainer.send_message({"pipes": dict(session.get_bootstrap_env_vars())})
                self._follow_job(trainer, session, context)
            except BaseException as reason:
                # Terminate, Ctrl-C, a crash: nothing of ours may be left running.
                self._end_job(trainer, session, context)
                self._trainers.drop_trainer(backend, keep_log=isinstance(reason, TrainerGone))
                raise
        _raise_problem(session)
        return dg.PipesClientCompletedInvocation(session)

    def record(self, context: dg.AssetExecutionContext, job: Job) -> Any:  # noqa: ANN401 - any record
        """Do one job and return its record."""
        return record_from_json(
            self.run(context=context, job=job).get_custom_messages()[-1]["result"]
        )

    def _follow_job(
        self, trainer: TrainerProcess, session: dg.PipesSession, context: dg.AssetExecutionContext
    ) -> None:
        observe = _Observations(context)
        while not session.message_handler.received_closed_message:
            message = trainer.receive_message(timeout_s=1.0)
            if message is not None and "method" in message:
                self._take_trainer_message(message, session, observe)

    def _take_trainer_message(
        self, message: Message, session: dg.PipesSession, observe: "_Observations"
    ) -> None:
        payload = _custom_payload(message)
        if payload:
            self._listener(payload)
        if message["method"] == "log":
            self._listener({"log": message["params"]["message"]})
        if "epoch" in payload:
            observe(payload["epoch"])
        elif "tick" not in payload:
            session.message_handler.handle_message(message)  # type: ignore[arg-type]  # off the wire

    def _end_job(
        self, trainer: TrainerProcess, session: dg.PipesSession, context: dg.AssetExecutionContext
    ) -> None:
        """Let the job write its checkpoint, for a while; say what became of it."""
        self._listener({"log": "stopping, a checkpoint is being written"})
        deadline = time.monotonic() + STOP_GRACE_S
        handler = session.message_handler
        try:
            trainer.stop()
            while time.monotonic() < deadline and not handler.received_closed_message:
                message = trainer.receive_message(timeout_s=0.5)
                if message is not None and "method" in message:
                    self._take_trainer_message(message, session, _Observations(context))
        except TrainerGone:
            return
        for answer in session.get_custom_messages():
            if "problem" in answer:
                context.log.warning(answer["problem"]["message"])


def _ignore_message(message: Message) -> None:
    """Hear nothing."""


class _Observations:
    """Writes at most about a hundred of a training's epochs into the event log."""

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context = context
        self._last = 0.0

    def __call__(self, end: Mapping[str, Any]) -> None:
        """Observe an epoch's figures, unless it comes too soon after the one before."""
        every = -(-end["epochs"] // _MOST_OBSERVATIONS)
        edge = end["epoch"] in (1, end["epochs"])
        soon = time.monotonic() - self._last < _LEAST_INTERVAL_S
        if not edge and (soon or end["epoch"] % every):
            return
        self._last = time.monotonic()
        # Six digits: what the figures are worth, and what a table of them has room for.
        told = {name: float(f"{value:.6g}") for name, value in end["figures"].items()}
        figures = {f"epoch/{name}": value for name, value in told.items()}
        self._context.log_event(
            dg.AssetObservation(
                asset_key=self._context.asset_key,
                description=f"epoch {end['epoch']} of {end['epochs']}",
                metadata={"epoch/number": end["epoch"], **figures},
            )
        )


def _custom_payload(message: Mapping[str, Any]) -> Message:
    """Return what a custom message carries; nothing for Pipes' own messages."""
    payload: Message = (message.get("params") or {}).get("payload") or {}
    return payload


def _raise_problem(session: dg.PipesSession) -> None:
    answer = session.get_custom_messages()[-1]
    if "crash" in answer:
        raise RuntimeError(f"the trainer crashed\n{answer['crash']}")
    if "problem" in answer:
        fields = {name: answer["problem"][name] for name in ("code", "help", "table")}
        raise StepError(answer["problem"]["message"], **fields)
