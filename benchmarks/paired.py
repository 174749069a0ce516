"""Times two commands in turn, A B A B ..., so that a drifting machine slows both alike."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the counted runs of one command: wall and CPU time, in seconds."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two commands side by side; `ratio` is the median of A over B, pair by pair, in wall time."""

    a: Cost
    b: Cost
    ratio: float


def time_pair(
    a: Sequence[str], b: Sequence[str], *, runs: int, folder: Path, warm_up: int = 1
) -> Pair:
    """Run both commands `runs` times in turn, after `warm_up` runs that are not counted."""
    for _ in range(warm_up):
        _timed(a, folder)
        _timed(b, folder)
    pairs = [(_timed(a, folder), _timed(b, folder)) for _ in range(runs)]
    ratio = statistics.median(one.wall_s / other.wall_s for one, other in pairs)
    return Pair(_median([one for one, _ in pairs]), _median([other for _, other in pairs]), ratio)


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall_s for cost in costs),
        statistics.median(cost.cpu_s for cost in costs),
    )


def _timed(command: Sequence[str], folder: Path) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s = time.monotonic() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s, cpu_s)


def seconds_of(run: Callable[[], None]) -> float:
    """Return how long a call takes, in seconds of a clock on the wall."""
    started = time.monotonic()
    run()
    return time.monotonic() - started
