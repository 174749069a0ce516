"""What a preparation costs in the process that it runs in; one of a spec when run by itself."""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dlspec
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset


def print_cost(prepare: Callable[[], int]) -> None:
    """Print as JSON the rows, the seconds, and the MB at the peak above what imports took.

    `seconds` are those of a clock, `cpu` those of all threads.
    """
    before, started, cpu = _peak_mb(), time.monotonic(), time.process_time()
    rows = prepare()
    cost = {
        "rows": rows,
        "seconds": time.monotonic() - started,
        "cpu": time.process_time() - cpu,
        "mb": _peak_mb() - before,
    }
    print(json.dumps(cost))


def _peak_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None, "Linux tells the peak"
    return int(found[1]) / 1000


def _prepared_rows() -> int:
    spec = Path(sys.argv[1])
    plan = dlspec.load(spec)
    assert plan.data is not None
    dataset = prepare_dataset(plan.data, base=spec.parent, memory=plan.runtime.memory)
    return sum(dataset.rows.values())


if __name__ == "__main__":
    print_cost(_prepared_rows)
