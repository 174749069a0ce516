"""What happens while a run goes on, heard and summed up for a terminal."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlspec.diagnostics.counts import counted
from dlspec.resolve.chain import STEPS, Step, chain_step
from dlspec.tools.commands.exit_status import FINDINGS
from dlspec_pipelines.run.start_lines import print_start
from dlspec_pipelines.run.terminal import Progress
from dlspec_pipelines.specs import SpecFile
from dlspec_pipelines.steps.records import Started

_INTERRUPT = "DagsterExecutionInterruptedError"


@dataclass(slots=True)
class _Watcher:
    """Turns what Dagster and the trainer say into lines; remembers what failed."""

    spec: SpecFile
    progress: Progress
    made: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    trains: bool = False
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
            self.progress.move_within_epoch(message["tick"])
        elif "log" in message:
            self.progress.step("model", message["log"])
        elif "start" in message:
            print_start(self.progress, Started(**message["start"]))
        elif "problem" in message:
            self.stopped = message["problem"]
            if self.cancel is not None and self.stopped["epoch"] is not None:
                self.cancel()

    def see_log_entry(self, entry: Any) -> None:  # noqa: ANN401 - an EventLogEntry
        """Take one entry of the run's event log."""
        event = entry.dagster_event
        if event is not None and _is_interruption(event):
            self.interrupted = True
        elif event is not None and event.is_run_failure and not self.failed:
            self.failed.append("run")
            _print_run_message(event.job_failure_data.error.to_string(), FINDINGS)
        if event is None or event.step_key is None:
            return
        step = event.step_key.rpartition("__")[2]
        if event.is_step_start:
            self._started[step] = time.monotonic()
            self._tell_start(step)
        elif event.is_step_materialization:
            self._note_made_record(step, event.materialization.metadata)
        elif event.is_step_failure:
            self._note_failed_step(step, event.step_failure_data)
        elif event.event_type_value == "ASSET_CHECK_EVALUATION" and step == "dataset":
            self._note_warned_check(event.asset_check_evaluation_data)

    def _tell_start(self, step: str) -> None:
        if step == "dataset":
            self.progress.starts("reading and preparing the data")
        elif step == "model" and self.trains:
            self.progress.starts("building the model; the first epoch compiles it")

    def _note_failed_step(self, step: str, failure: Any) -> None:  # noqa: ANN401 - a StepFailureData
        from dlspec_pipelines.run.event_log import storage_reason

        if _is_interrupt(failure):
            self.interrupted = True
            return
        self.failed.append(step)
        self.progress.close()
        reason = storage_reason(failure)
        if reason is None:
            _print_run_message(f"{step:<11} failed\n{_failure_reason(failure)}", FINDINGS)
        self.unwritable = self.unwritable or reason

    def _note_warned_check(self, check: Any) -> None:  # noqa: ANN401 - an AssetCheckEvaluation
        if check.passed or check.severity.value != "WARN":
            return
        found = check.metadata.get("findings")
        told = check.description
        if found is not None and found.value > 1:
            told = f"{counted(found.value, 'finding')}: `dlspec data {self.spec.name}` shows them"
        self.progress.step(check.check_name, f"{told} (warning)")
        if (kept := check.metadata.get("failing_rows")) is not None:
            self.progress.line(f"{'':<11} all failing rows: {kept.value}")

    def _note_made_record(self, step: str, metadata: Mapping[str, Any]) -> None:
        if step == "model":
            # Early stopping leaves the bar before its end.
            self.progress.close()
        facts = {name: value.value for name, value in metadata.items()}
        self.made[step] = facts
        seconds = time.monotonic() - self._started[step]
        self.progress.step(step, _step_summary(step, facts), seconds)


def _is_interruption(event: Any) -> bool:  # noqa: ANN401 - a DagsterEvent
    from dagster import DagsterEventType

    if event.event_type == DagsterEventType.RUN_CANCELED:
        return True
    reason = event.job_failure_data.failure_reason if event.is_run_failure else None
    return reason is not None and reason.value == "UNEXPECTED_TERMINATION"


def _is_interrupt(failure: Any) -> bool:  # noqa: ANN401 - a StepFailureData
    return failure.error is not None and failure.error.cls_name == _INTERRUPT


def _dataset_summary(facts: Mapping[str, Any]) -> str:
    parts = {n.removeprefix("rows/"): v for n, v in facts.items() if n.startswith("rows/")}
    told = ", ".join(f"{count:,} {part}" for part, count in parts.items())
    return f"{counted(sum(parts.values()), 'row')}: {told}{_reread_note(facts)}"


def _reread_note(facts: Mapping[str, Any]) -> str:
    if "verified/files" not in facts:
        return ""
    count, differing = facts["verified/files"], facts["verified/differing"]
    found = f"another content in {differing:,}" if differing else "nothing differs"
    return f"; {count:,} file{'s' * (count != 1)} read again, {found}"


def _model_summary(facts: Mapping[str, Any]) -> str:
    if "made_by" in facts:
        return f"already trained: run {facts['made_by']}; --again trains anew"
    kept = facts["weights_of_epoch"], facts["weights_kept"]
    size = f"{counted(facts['epochs'], 'epoch')}, {counted(facts['parameters'], 'parameter')}"
    return f"{size}; weights of epoch {kept[0]}, {kept[1]}"


def _evaluation_summary(facts: Mapping[str, Any]) -> str:
    if "made_by" in facts:
        return f"already evaluated: run {facts['made_by']}; --again evaluates anew"
    figures = ((n, v) for n, v in facts.items() if isinstance(v, float) and "/" not in n)
    return "  ".join(f"{name} {value:.4f}" for name, value in figures)


_SUMMARIES: Mapping[Step, Callable[[Mapping[str, Any]], str]] = {
    "dataset": _dataset_summary,
    "model": _model_summary,
    "evaluation": _evaluation_summary,
    "report": lambda _: "written",
    "champion": lambda facts: str(facts["evidence"]),
}
assert set(_SUMMARIES) == set(STEPS), (
    "a step of the chain has no line in a terminal, or the reverse"
)


def _step_summary(step: str, facts: Mapping[str, Any]) -> str:
    return _SUMMARIES[chain_step(step)](facts)


def _failure_reason(failure: Any) -> str:  # noqa: ANN401 - a StepFailureData
    """Return a step's sentence, or the traceback of a bug of ours."""
    told = failure.user_failure_data
    if told is None:
        return str((failure.error.cause or failure.error).to_string())
    rows = told.metadata.get("rows")
    return str(told.description) + (f"\n\n{rows.value}" if rows else "")


def _print_run_message(text: str, status: int) -> int:
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the output
    return status
