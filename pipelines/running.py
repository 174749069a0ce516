"""`dlspec run`: one spec's chain in this process, through the definitions that the UI shows."""

import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.instance import prepare_instance
from pipelines.processes import Trainers, backend_of
from pipelines.progress import Progress, table
from pipelines.specs import SpecFile
from pipelines.steps.problems import StepError
from pipelines.steps.records import Champion, Evaluation, from_json

CLEAN, FINDINGS, INTERRUPTED = 0, 1, 130
_INTERRUPT = "DagsterExecutionInterruptedError"


def run(spec: SpecFile, *, backend: str | None, verbose: bool) -> int:
    """Materialize the chain of one spec, and return the exit status.

    Args:
        backend: Overrides the spec's `runtime.backend`.
        verbose: Shows Dagster's own log too.
    """
    run_id = str(uuid.uuid4())
    trainers = Trainers(run_id)
    try:
        # Before Dagster is loaded: Keras takes four times as long, and has a core to itself.
        trainers.get(backend_of(spec.plan, backend))
        return _execute(spec, run_id, trainers=trainers, backend=backend, verbose=verbose)
    except StepError as problem:
        return _tell(str(problem), FINDINGS)
    except KeyboardInterrupt:
        return _tell("stopped before training began", INTERRUPTED)
    finally:
        trainers.close()


def _execute(
    spec: SpecFile, run_id: str, *, trainers: Trainers, backend: str | None, verbose: bool
) -> int:
    import dagster as dg
    from dagster._core.instance.ref import InstanceRef
    from sqlalchemy.exc import OperationalError

    from pipelines.assets import keys
    from pipelines.location import definitions_of
    from pipelines.schedules import JOB

    watcher = _Watcher(spec, Progress())
    definitions = definitions_of([spec], trainers=trainers, listener=watcher.hear)
    # Dagster would redirect standard output, where the progress goes, and start a `tail`.
    quiet = {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
    folder = str(prepare_instance())
    settings = {"backend": backend} if backend else {}
    config: dict[str, Any] = {"resources": {"settings": {"config": settings}}}
    if not verbose:
        config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    reference = InstanceRef.from_dir(folder, overrides={"compute_logs": quiet})
    with dg.DagsterInstance.from_ref(reference) as instance:
        # Without it Dagster takes Ctrl-C for a failure.
        watcher.cancel = lambda: _cancel(instance, run_id)
        instance.add_event_listener(run_id, watcher.see)
        try:
            definitions.resolve_job_def(JOB).execute_in_process(
                run_config=config,
                instance=instance,
                asset_selection=keys(spec),
                raise_on_error=False,
                run_id=run_id,
                tags={"dlspec/spec": spec.name},
            )
        except OperationalError as error:
            raise _unwritable(folder, error) from error
        finally:
            watcher.progress.close()
    if watcher.interrupted:
        return _interrupted(watcher)
    return _verdict(spec, run_id, watcher)


@dataclass(slots=True)
class _Watcher:
    """Turns what Dagster and the trainer say into lines; remembers what failed."""

    spec: SpecFile
    progress: Progress
    failed: list[str] = field(default_factory=list)
    stopped: Mapping[str, Any] | None = None
    interrupted: bool = False
    cancel: Callable[[], object] | None = None
    _started: dict[str, float] = field(default_factory=dict)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take what the trainer says."""
        if "epoch" in message:
            self.progress.epoch(message["epoch"])
        elif "tick" in message:
            self.progress.tick(message["tick"])
        elif "log" in message:
            self.progress.step("model", message["log"])
        elif "problem" in message:
            self.stopped = message["problem"]
            if self.cancel is not None and self.stopped["epoch"] is not None:
                self.cancel()

    def see(self, entry: Any) -> None:  # noqa: ANN401 - an EventLogEntry
        """Take one entry of the run's event log."""
        event = entry.dagster_event
        if event is not None and _is_interruption(event):
            self.interrupted = True
        elif event is not None and event.is_run_failure and not self.failed:
            self.failed.append("run")
            _tell(event.job_failure_data.error.to_string(), FINDINGS)
        if event is None or event.step_key is None:
            return
        step = event.step_key.rpartition("__")[2]
        if event.is_step_start:
            self._started[step] = time.monotonic()
        elif event.is_step_materialization:
            self._made(step, event.materialization.metadata)
        elif event.is_step_failure and _is_interrupt(event.step_failure_data):
            self.interrupted = True
        elif event.is_step_failure:
            self.failed.append(step)
            self.progress.close()
            _tell(f"{step:<11} failed\n{_reason(event.step_failure_data)}", FINDINGS)

    def _made(self, step: str, metadata: Mapping[str, Any]) -> None:
        if step == "model":
            # Early stopping leaves the bar before its end.
            self.progress.close()
        facts = {name: value.value for name, value in metadata.items()}
        seconds = time.monotonic() - self._started[step]
        self.progress.step(step, _summary(step, facts), seconds)


def _is_interruption(event: Any) -> bool:  # noqa: ANN401 - a DagsterEvent
    from dagster import DagsterEventType

    if event.event_type == DagsterEventType.RUN_CANCELED:
        return True
    reason = event.job_failure_data.failure_reason if event.is_run_failure else None
    return reason is not None and reason.value == "UNEXPECTED_TERMINATION"


def _is_interrupt(failure: Any) -> bool:  # noqa: ANN401 - a StepFailureData
    return failure.error is not None and failure.error.cls_name == _INTERRUPT


def _summary(step: str, facts: Mapping[str, Any]) -> str:
    match step:
        case "dataset":
            parts = {n.removeprefix("rows/"): v for n, v in facts.items() if n.startswith("rows/")}
            told = ", ".join(f"{count:,} {part}" for part, count in parts.items())
            return f"{sum(parts.values()):,} rows: {told}"
        case "model":
            return f"{facts['epochs']} epochs, {facts['parameters']:,} parameters"
        case "evaluation":
            figures = ((n, v) for n, v in facts.items() if isinstance(v, float) and "/" not in n)
            return "  ".join(f"{name} {value:.4f}" for name, value in figures)
        case "champion":
            return str(facts["evidence"])
        case _:
            return "written"


def _reason(failure: Any) -> str:  # noqa: ANN401 - a StepFailureData
    """Return a step's sentence, or the traceback of a bug of ours."""
    told = failure.user_failure_data
    if told is None:
        return str((failure.error.cause or failure.error).to_string())
    rows = told.metadata.get("rows")
    return str(told.description) + (f"\n\n{rows.value}" if rows else "")


def _cancel(instance: Any, run_id: str) -> None:  # noqa: ANN401 - a DagsterInstance
    instance.report_run_canceling(instance.get_run_by_id(run_id))


def _unwritable(folder: str, error: Exception) -> StepError:
    return StepError(
        f"Dagster cannot write its event log in `{folder}`: {error.__cause__ or error}",
        help="make room or make the folder writable, or let DAGSTER_HOME name another one",
    )


def _interrupted(watcher: _Watcher) -> int:
    problem = watcher.stopped or {"message": "stopped before training began", "help": None}
    return _tell(f"{problem['message']}\n{problem['help'] or ''}".rstrip(), INTERRUPTED)


def _verdict(spec: SpecFile, run_id: str, watcher: _Watcher) -> int:
    """Print the gates, the champion's verdict and, last, where the report is."""
    from pipelines.resources import record_file

    def made(step: str) -> Any:  # noqa: ANN401 - any record
        path = record_file(spec.name, step, run=run_id)
        return from_json(path.read_text(encoding="utf-8")) if path.is_file() else None

    evaluation: Evaluation | None = made("evaluation")
    if evaluation is not None:
        print(_gates(evaluation, made("champion")))  # noqa: T201 - this is the output
    if (report := made("report")) is not None:
        print(Path(report.html).absolute())  # noqa: T201 - this is the output
    gates = evaluation.gates if evaluation else ()
    return FINDINGS if watcher.failed or not all(g.passed for g in gates) else CLEAN


def _gates(evaluation: Evaluation, champion: Champion | None) -> str:
    rows = [
        (
            f"gate {gate.metric} {gate.requirement}",
            "not measured" if gate.value is None else f"{gate.value:.6g}",
            "passed" if gate.passed else "failed",
        )
        for gate in evaluation.gates
    ]
    verdict = "promoted" if champion and champion.promoted else "not promoted"
    return table([*rows, ("champion", evaluation.name, verdict)])


def _tell(text: str, status: int) -> int:
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the output
    return status
