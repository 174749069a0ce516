"""The Dagster instance that `dlspec run` and `make dev` share, kept under `.dlspec/dagster`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dlspec_pipelines.steps.store import artifacts_home, write_whole

# Tags of a run that executes in the process that made it: Dagster cannot terminate those.
OWN_PROCESS = {"dlspec/process": "own"}

_CONFIG = """\
# Written by dlspec where there was none; change what you like. Storage: SQLite, in this folder.
telemetry:
  enabled: false
# No invitation to a newsletter on the first page.
nux:
  enabled: false

run_coordinator:
  module: dagster
  class: QueuedRunCoordinator

concurrency:
  runs:
    max_concurrent_runs: 4
  # Training steps are in the pool `trainer`: one run trains at a time, others wait in the queue.
  pools:
    granularity: run
    default_limit: 1

run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  cancel_timeout_seconds: 120
  # A run that was cancelled gives its place in a pool back.
  free_slots_after_run_end_seconds: 5

# Days to keep what schedules and sensors say; -1 keeps it for ever.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 1
      success: 7
      failure: 30
      started: 1
"""


def prepare_instance() -> Path:
    """Return $DAGSTER_HOME, or make `dagster/` in the folder of artifacts and name it in there.

    An existing dagster.yaml is left as it is, unless it is empty.

    Raises:
        StepError: If the folder may not be written.
    """
    named = os.environ.get("DAGSTER_HOME")
    folder = Path(named).expanduser().absolute() if named else artifacts_home() / "dagster"
    config = folder / "dagster.yaml"
    if not config.exists() or not config.stat().st_size:
        write_whole(config, _CONFIG)
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


@contextmanager
def opening_alone(folder: Path) -> Iterator[None]:
    """Hold others back while an instance is opened: two that make its tables at once both fail."""
    handle = os.open(folder / "dagster.yaml", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
