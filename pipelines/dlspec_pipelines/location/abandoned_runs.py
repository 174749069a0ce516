"""Runs whose process was killed: only they themselves would ever have said that they ended.

Dagster watches the workers that it launched; `dlspec run` executes in its own process. A run that
shows as started for ever would hold its place in the pool `trainer`, and the queue behind it waits.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg

from dlspec_pipelines.steps.step_errors import Busy
from dlspec_pipelines.steps.store import lock_folder

# A person waits that long before looking; each look costs a query.
_EVERY_S = 30
_KILLED = (
    "The process of this run ended without a word, most often because it was killed. "
    "The next run of the same spec goes on from its checkpoint."
)


@contextmanager
def attended_run(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold a lock for as long as this process executes a run; it ends with the process."""
    folder = _attended_runs_folder(instance) / run_id
    with lock_folder(folder):
        yield
        # After an error the event log may say that the run goes on: that is looked at later.
        shutil.rmtree(folder)


def end_abandoned(instance: dg.DagsterInstance) -> list[str]:
    """Report the runs as failed whose process is gone, and return their ids."""
    ended = []
    for folder in _attended_runs_folder(instance).glob("*"):
        # Busy: the process is alive, or another one is just looking.
        with suppress(Busy), lock_folder(folder):
            run = instance.get_run_by_id(folder.name)
            if run is not None and not run.is_finished:
                instance.report_run_failed(run, _KILLED)
                ended.append(run.run_id)
            shutil.rmtree(folder)
    return ended


def abandoned_runs_sensor() -> dg.SensorDefinition:
    """Build the sensor that ends them while the UI is open."""

    @dg.sensor(
        name="abandoned_runs",
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fails the runs whose process was killed, so that no other waits for them.",
    )
    def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        ended = end_abandoned(context.instance)
        return dg.SkipReason(f"failed: {', '.join(ended)}" if ended else "none")

    return abandoned_runs


def _attended_runs_folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "attended"
