"""`dlspec run`: one spec's chain in this process, through the definitions that the UI shows."""

import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.instance import OWN_PROCESS, opening_alone, prepare_instance
from pipelines.processes import Trainers, backend_of, require_backend
from pipelines.progress import Progress, table
from pipelines.specs import SpecFile
from pipelines.starting import find_start, start_lines
from pipelines.steps.problems import StepError
from pipelines.steps.records import Champion, Evaluation, Start, Started, from_json

CLEAN, FINDINGS, INTERRUPTED = 0, 1, 130
_INTERRUPT = "DagsterExecutionInterruptedError"


def run(
    spec: SpecFile, *, backend: str | None, verbose: bool, weights_from: str | None = None
) -> int:
    """Materialize the chain of one spec, and return the exit status.

    Args:
        backend: Overrides the spec's `runtime.backend`.
        verbose: Shows Dagster's own log too.
        weights_from: The run or the file whose weights the training begins with.
    """
    run_id = str(uuid.uuid4())
    trainers = Trainers(run_id)
    watcher = _Watcher(spec, Progress())
    try:
        start = None if weights_from is None else find_start(weights_from)
        chosen = backend_of(spec.plan, backend)
        require_backend(chosen, spec.plan)
        # Before Dagster is loaded: Keras takes four times as long, and has a core to itself.
        trainers.get(chosen)
        config = _config(spec, backend, start, verbose=verbose)
        return _execute(watcher, run_id, trainers=trainers, config=config)
    except StepError as problem:
        return _tell(str(problem), FINDINGS)
    except KeyboardInterrupt:
        return _interrupted(watcher)
    finally:
        trainers.close()


def _config(
    spec: SpecFile, backend: str | None, start: Start | None, *, verbose: bool
) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if backend:
        config["resources"] = {"settings": {"config": {"backend": backend}}}
    if not verbose:
        config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    if start is not None:
        # By its file: a champion may change before the training begins.
        config["ops"] = {f"{spec.name}__model": {"config": {"weights_from": start.file}}}
    return config


def _execute(
    watcher: "_Watcher", run_id: str, *, trainers: Trainers, config: Mapping[str, Any]
) -> int:
    from pipelines.abandoned import attended, end_abandoned
    from pipelines.assets import keys
    from pipelines.event_log import storing, unwritable
    from pipelines.location import definitions_of
    from pipelines.schedules import JOB

    spec = watcher.spec
    definitions = definitions_of([spec], trainers=trainers, listener=watcher.hear)
    folder = prepare_instance()
    with storing(folder), _opened(folder) as instance:
        end_abandoned(instance)
        # Without it Dagster takes Ctrl-C for a failure.
        watcher.cancel = lambda: _cancel(instance, run_id)
        instance.add_event_listener(run_id, watcher.see)
        try:
            with attended(instance, run_id):
                definitions.resolve_job_def(JOB).execute_in_process(
                    run_config=config,
                    instance=instance,
                    asset_selection=keys(spec),
                    raise_on_error=False,
                    run_id=run_id,
                    tags={"dlspec/spec": spec.name, **OWN_PROCESS},
                )
        finally:
            watcher.progress.close()
    if watcher.unwritable is not None:
        raise unwritable(folder, watcher.unwritable)
    if watcher.interrupted:
        return _interrupted(watcher)
    return _verdict(spec, run_id, watcher)


def _opened(folder: Path) -> Any:  # noqa: ANN401 - a DagsterInstance
    import dagster as dg
    from dagster._core.instance.ref import InstanceRef

    # Dagster would redirect standard output, where the progress goes, and start a `tail`.
    quiet = {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
    reference = InstanceRef.from_dir(str(folder), overrides={"compute_logs": quiet})
    with opening_alone(folder):
        return dg.DagsterInstance.from_ref(reference)


@dataclass(slots=True)
class _Watcher:
    """Turns what Dagster and the trainer say into lines; remembers what failed."""

    spec: SpecFile
    progress: Progress
    made: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    began: bool = False
    unwritable: str | None = None
    stopped: Mapping[str, Any] | None = None
    interrupted: bool = False
    cancel: Callable[[], object] | None = None
    _started: dict[str, float] = field(default_factory=dict)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take what the trainer says."""
        self.began = self.began or "epoch" in message or "tick" in message
        if "epoch" in message:
            self.progress.epoch(message["epoch"])
        elif "tick" in message:
            self.progress.tick(message["tick"])
        elif "log" in message:
            self.progress.step("model", message["log"])
        elif "start" in message:
            head, *rows = start_lines(Started(**message["start"]))
            self.progress.step("weights", head)
            for row in rows:
                self.progress.step("", row)
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
            self._failed(step, event.step_failure_data)

    def _failed(self, step: str, failure: Any) -> None:  # noqa: ANN401 - a StepFailureData
        from pipelines.event_log import storage_reason

        self.failed.append(step)
        self.progress.close()
        reason = storage_reason(failure)
        if reason is None:
            _tell(f"{step:<11} failed\n{_reason(failure)}", FINDINGS)
        self.unwritable = self.unwritable or reason

    def _made(self, step: str, metadata: Mapping[str, Any]) -> None:
        if step == "model":
            # Early stopping leaves the bar before its end.
            self.progress.close()
        facts = {name: value.value for name, value in metadata.items()}
        self.made[step] = facts
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


def _interrupted(watcher: _Watcher) -> int:
    """Say where a run was stopped, and what the next one does."""
    watcher.progress.close()
    if (problem := watcher.stopped) is not None:
        return _tell(f"{problem['message']}\n{problem['help'] or ''}".rstrip(), INTERRUPTED)
    if "model" in watcher.made:
        path, name = watcher.made["model"]["path"], watcher.spec.name
        return _tell(
            f"stopped after the training; the model is in `{path}`\n"
            f"`make dev` goes on from it where `{name}/evaluation` is materialized; "
            f"`dlspec run {name}` trains again",
            INTERRUPTED,
        )
    if watcher.began:
        text = "training stopped without a new checkpoint\nrun it again: it goes on from the last"
        return _tell(text, INTERRUPTED)
    return _tell("stopped before training began", INTERRUPTED)


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
