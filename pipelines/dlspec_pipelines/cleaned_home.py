"""`dlspec clean`: what may go from the folder of artifacts, listed, asked about, removed."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import click

from dlspec.diagnostics.counts import counted
from dlspec.tools.aligned_table import aligned_table
from dlspec.tools.commands.exit_status import CLEAN, FINDINGS
from dlspec.tools.commands.findings_output import terminal_columns
from dlspec.tools.show.words import bytes_text
from dlspec_pipelines.steps.kept_runs.removal import remove_unused
from dlspec_pipelines.steps.kept_runs.unused_files import Leftovers, Unused, find_unused
from dlspec_pipelines.steps.run_numbers import numbers_of_runs
from dlspec_pipelines.steps.runs import run_word
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import artifacts_home

# A record is a file of a kilobyte: each has a line of its own in the JSON alone.
_TOLD_TOGETHER = ("record", "log", "page", "lift")


def clean_home(older_than: timedelta | None, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Remove what may go, after a question unless `yes`, and return the exit status.

    Args:
        older_than: How old runs and checkpoints must be; None leaves all runs.
        dry_run: Whether to list alone.
    """
    try:
        found = find_unused(older_than)
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    if not as_json:
        print("\n".join(_leftover_lines(found)))  # noqa: T201 - this is the output
    removed: list[Unused] = []
    faults: list[StepError] = []
    agreed_to = found.unused and not dry_run and (yes or _is_agreed_to(found))
    try:
        for one in found.unused if agreed_to else ():
            try:
                remove_unused(one)
                removed.append(one)
            except StepError as problem:
                faults.append(problem)
                print(problem, file=sys.stderr)  # noqa: T201 - this is the output
    finally:
        # Also of what was done before Ctrl-C.
        _tell_removed(found, removed, as_json=as_json, is_done=bool(agreed_to))
    return FINDINGS if faults else CLEAN


def _is_agreed_to(found: Leftovers) -> bool:
    count, size = len(found.unused), sum(one.size for one in found.unused)
    return click.confirm(f"remove {counted(count, 'item')}, {bytes_text(size)}?", err=True)


def _leftover_lines(found: Leftovers) -> Iterator[str]:
    home = artifacts_home()
    if not found.unused:
        yield f"nothing to remove in {home}"
    else:
        yield str(home)
        rows = [*_item_rows(found.unused), *_rows_told_together(found.unused)]
        yield aligned_table(rows, right={1}, columns=terminal_columns(sys.stdout))
        size = sum(one.size for one in found.unused)
        yield f"{counted(len(found.unused), 'item')}, {bytes_text(size)}"
    for sentence in found.left:
        yield f"left: {sentence}"


def _item_rows(unused: Sequence[Unused]) -> Iterator[tuple[str, ...]]:
    for one in unused:
        if one.kind not in _TOLD_TOGETHER:
            yield (one.kind, bytes_text(one.size), _item_name(one), one.reason)


def _rows_told_together(unused: Sequence[Unused]) -> Iterator[tuple[str, ...]]:
    for kind in _TOLD_TOGETHER:
        own = [one for one in unused if one.kind == kind]
        if own:
            size, place = bytes_text(sum(one.size for one in own)), own[0].path
            folder = place.relative_to(artifacts_home()).parts[0]
            yield (kind, size, f"{folder}/", f"{counted(len(own), 'file')}: {own[0].reason}")


def _item_name(one: Unused) -> str:
    if one.kind == "run":
        number = numbers_of_runs(one.name).get(one.path.name)
        if number is not None:
            return f"{run_word(one.name, number)} {one.path.name}"
    if one.kind == "checkpoint" and one.name:
        return f"{one.name} {_place_in_home(one.path)}"
    return _place_in_home(one.path)


def _place_in_home(path: Path) -> str:
    return path.relative_to(artifacts_home()).as_posix()


def _tell_removed(
    found: Leftovers, removed: Sequence[Unused], *, as_json: bool, is_done: bool
) -> None:
    size = sum(one.size for one in removed)
    if as_json:
        print(json.dumps(_leftovers_json(found, removed), indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
    elif is_done:
        kinds = Counter(one.kind for one in removed)
        told = ", ".join(counted(count, kind) for kind, count in kinds.items()) or "nothing"
        print(f"removed {told}: {bytes_text(size)} free")  # noqa: T201 - this is the output
    elif found.unused:
        print("nothing was removed")  # noqa: T201 - this is the output


def _leftovers_json(found: Leftovers, removed: Sequence[Unused]) -> dict[str, object]:
    gone = {one.path for one in removed}
    return {
        "home": str(artifacts_home()),
        "items": [
            {
                "kind": one.kind,
                "path": _place_in_home(one.path),
                "name": one.name or None,
                "bytes": one.size,
                "reason": one.reason,
                "removed": one.path in gone,
            }
            for one in found.unused
        ],
        "bytes": sum(one.size for one in found.unused),
        "bytes_removed": sum(one.size for one in removed),
        "left": list(found.left),
    }
