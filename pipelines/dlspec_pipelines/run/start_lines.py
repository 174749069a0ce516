"""What a training took from earlier weights, told on the terminal."""

from collections.abc import Sequence

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.run.terminal import Progress
from dlspec_pipelines.steps.records import Started

# A screen holds them with the lines around.
_MOST_TAKEN = 12


def start_lines(started: Started) -> tuple[str, list[tuple[str, ...]]]:
    """Return what a training took from earlier weights: in a line, and as rows where not all."""
    origin = f"the run `{started.run}`" if started.run else f"`{started.source}`"
    count, whole = len(started.taken), not started.initialised
    told = f"{'all ' if whole else ''}{counted(count, 'layer')}"
    head = (
        f"{told}, {counted(started.parameters, 'parameter')}, taken by {started.by} from {origin}"
    )
    rows: list[tuple[str, ...]] = [
        *([] if whole else [("taken", name, "") for name in _shortened_layer_names(started.taken)]),
        *(("initialised", name, reason) for name, reason in started.initialised.items()),
        *(("left", name, reason) for name, reason in started.left.items()),
    ]
    return head, rows


def print_start(progress: Progress, started: Started) -> None:
    """Print what a training took from earlier weights."""
    head, rows = start_lines(started)
    progress.step("weights", head)
    if rows:
        progress.table([("          ", *row) for row in rows])


def _shortened_layer_names(names: Sequence[str]) -> list[str]:
    if len(names) <= _MOST_TAKEN:
        return list(names)
    return [*names[: _MOST_TAKEN - 1], f"and {len(names) - _MOST_TAKEN + 1} more"]
