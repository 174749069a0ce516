"""`dlspec run`: one spec's chain in this process, through the definitions that the UI shows."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlspec.tools.commands.exit_status import CLEAN, FINDINGS, INTERRUPTED
from dlspec.tools.commands.remarks import print_remark
from dlspec.tools.project_code import told_project_code
from dlspec_pipelines.location.instance import OWN_PROCESS, opening_alone, prepare_instance
from dlspec_pipelines.run.terminal import Progress
from dlspec_pipelines.run.watcher import _print_run_message, _Watcher
from dlspec_pipelines.specs import SpecFile
from dlspec_pipelines.steps.long_work import long_work_told_to
from dlspec_pipelines.steps.records import Champion, Evaluation, Start, read_record
from dlspec_pipelines.steps.reuse import is_trained
from dlspec_pipelines.steps.start import find_start
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.trainer.backend_choice import backend_of, on_backend, require_backend
from dlspec_pipelines.trainer.callback_packages import require_callback_packages
from dlspec_pipelines.trainer.process import Trainers


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How one spec is run.

    `backend` overrides the spec's `runtime.backend`; `weights_from` is the run or the file whose
    weights the training begins with; `again` trains and evaluates even what would come out as it
    did before; `verify` reads files again that look unchanged; `verbose` shows Dagster's own log
    too, `quiet` what goes wrong alone.
    """

    backend: str | None = None
    weights_from: str | None = None
    again: bool = False
    verify: bool = False
    verbose: bool = False
    quiet: bool = False


def run(spec: SpecFile, options: RunOptions) -> int:
    """Materialize the chain of one spec, and return the exit status."""
    run_id = str(uuid.uuid4())
    trainers = Trainers(run_id)
    watcher = _Watcher(spec, Progress(quiet=options.quiet))
    try:
        start = None if options.weights_from is None else find_start(options.weights_from)
        chosen = backend_of(spec.plan, options.backend)
        require_backend(chosen, spec.plan)
        require_callback_packages(spec.plan)
        code = told_project_code([spec.plan])
        if code is not None:
            # Before any of it runs.
            print_remark(f"imports code of the project: {code}")
        if options.again or not is_trained(on_backend(spec.plan, chosen)):
            # Before Dagster is loaded: Keras takes four times as long, and has a core to itself.
            trainers.get(chosen)
            watcher.trains = True
            watcher.progress.starts(f"importing Dagster, and Keras on {chosen} beside it")
        else:
            watcher.progress.starts("importing Dagster")
        config = _dagster_run_config(spec, options, start)
        return _execute_chain(watcher, run_id, trainers=trainers, config=config)
    except StepError as problem:
        return _print_run_message(str(problem), problem.status)
    except KeyboardInterrupt:
        return _explain_interruption(watcher)
    finally:
        trainers.close()


def _dagster_run_config(spec: SpecFile, options: RunOptions, start: Start | None) -> dict[str, Any]:
    model: dict[str, Any] = {"reuse": not options.again}
    if start is not None:
        # By its file: a champion may change before the training begins.
        model["weights_from"] = start.file
    config: dict[str, Any] = {
        "ops": {
            f"{spec.name}__dataset": {"config": {"verify": options.verify}},
            f"{spec.name}__model": {"config": model},
            f"{spec.name}__evaluation": {"config": {"reuse": not options.again}},
        }
    }
    if options.backend:
        config["resources"] = {"settings": {"config": {"backend": options.backend}}}
    if not options.verbose:
        config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    return config


def _execute_chain(
    watcher: "_Watcher", run_id: str, *, trainers: Trainers, config: Mapping[str, Any]
) -> int:
    from dlspec_pipelines.location.abandoned_runs import attended_run, end_abandoned
    from dlspec_pipelines.location.assets import chain_keys
    from dlspec_pipelines.location.chain_definitions import definitions_of
    from dlspec_pipelines.location.schedules import JOB
    from dlspec_pipelines.run.event_log import storage_errors_as_step_errors, unwritable_event_log

    spec = watcher.spec
    definitions = definitions_of([spec], trainers=trainers, listener=watcher.hear)
    folder = prepare_instance()
    with storage_errors_as_step_errors(folder), _open_run_instance(folder) as instance:
        end_abandoned(instance)
        # Without it Dagster takes Ctrl-C for a failure.
        watcher.cancel = lambda: _report_run_canceling(instance, run_id)
        instance.add_event_listener(run_id, watcher.see_log_entry)
        try:
            with (
                attended_run(instance, run_id),
                long_work_told_to(watcher.progress.move_long_work),
            ):
                definitions.resolve_job_def(JOB).execute_in_process(
                    run_config=config,
                    instance=instance,
                    asset_selection=chain_keys(spec),
                    raise_on_error=False,
                    run_id=run_id,
                    tags={"dlspec/spec": spec.name, **OWN_PROCESS},
                )
        finally:
            watcher.progress.close()
    if watcher.unwritable is not None:
        raise unwritable_event_log(folder, watcher.unwritable)
    if watcher.interrupted:
        return _explain_interruption(watcher)
    return _print_verdict(spec, run_id, watcher)


def _open_run_instance(folder: Path) -> Any:  # noqa: ANN401 - a DagsterInstance
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


def _report_run_canceling(instance: Any, run_id: str) -> None:  # noqa: ANN401 - a DagsterInstance
    instance.report_run_canceling(instance.get_run_by_id(run_id))


def _explain_interruption(watcher: _Watcher) -> int:
    """Say where a run was stopped, and what the next one does."""
    watcher.progress.close()
    if (problem := watcher.stopped) is not None:
        return _print_run_message(
            f"{problem['message']}\n{problem['help'] or ''}".rstrip(), INTERRUPTED
        )
    if "model" in watcher.made:
        path, name = watcher.made["model"]["path"], watcher.spec.name
        return _print_run_message(
            f"stopped after the training; the model is in `{path}`\n"
            f"`dlspec run {name}` goes on from it; `--again` trains anew",
            INTERRUPTED,
        )
    if watcher.began:
        text = "training stopped without a new checkpoint\nrun it again: it goes on from the last"
        return _print_run_message(text, INTERRUPTED)
    return _print_run_message("stopped before training began", INTERRUPTED)


def _print_verdict(spec: SpecFile, run_id: str, watcher: _Watcher) -> int:
    """Print the gates, the champion's verdict and, on standard output, where the report is."""
    from dlspec_pipelines.location.record_io import record_file

    def made(step: str) -> Any:  # noqa: ANN401 - any record
        path = record_file(spec.name, step, run=run_id)
        return read_record(path) if path.is_file() else None

    evaluation: Evaluation | None = made("evaluation")
    if evaluation is not None:
        watcher.progress.table(_gates_verdict_rows(evaluation, made("champion")))
    if (report := made("report")) is not None:
        print(Path(report.html).absolute(), flush=True)  # noqa: T201 - this is the output
    gates = evaluation.gates if evaluation else ()
    return FINDINGS if watcher.failed or not all(g.passed for g in gates) else CLEAN


def _gates_verdict_rows(evaluation: Evaluation, champion: Champion | None) -> list[tuple[str, ...]]:
    rows = [
        (
            f"gate {gate.metric} {gate.requirement}",
            gate.value_text or gate.reason or "not measured",
            "passed" if gate.passed else "failed",
        )
        for gate in evaluation.gates
    ]
    verdict = "promoted" if champion and champion.promoted else "not promoted"
    return [*rows, ("champion", evaluation.name, verdict)]
