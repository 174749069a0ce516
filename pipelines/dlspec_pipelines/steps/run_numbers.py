"""The numbers of runs: `digits#3` is the third run of `digits`, also after others were removed."""

from collections.abc import Mapping
from pathlib import Path

from dlspec_pipelines.steps.json_documents import RUN_NUMBERS, document_text, read_document
from dlspec_pipelines.steps.store import (
    artifacts_home,
    run_numbers_file,
    wait_for_file,
    write_whole,
)


def numbers_of_runs(name: str) -> dict[str, int]:
    """Return the number of each run of a model by its id, removed ones included.

    Runs of an earlier dlspec have none yet: they are numbered in the order in which they ended,
    behind those that have.

    Raises:
        StepError: If the file of numbers is damaged.
    """
    numbers = _noted_numbers(name)
    # Written anew in every run's folder, and never afterwards.
    plans = (artifacts_home() / "runs" / name).glob("*/plan.json")
    for plan in sorted((p for p in plans if p.parent.name not in numbers), key=_moment_and_id):
        numbers[plan.parent.name] = _next_number(numbers)
    return numbers


def note_run_number(name: str, run: str) -> None:
    """Give a run the next number of its model, before its folder appears.

    Raises:
        StepError: If the file of numbers is damaged or may not be written.
    """
    path = run_numbers_file(name)
    with wait_for_file(path.with_suffix(".lock")):
        numbers = numbers_of_runs(name)
        numbers.setdefault(run, _next_number(numbers))
        write_whole(path, document_text(RUN_NUMBERS, {"numbers": numbers}))


def keep_run_numbers(name: str) -> None:
    """Write the numbers of all runs of a model, so that they outlive the runs.

    Raises:
        StepError: If the file of numbers is damaged or may not be written.
    """
    path = run_numbers_file(name)
    with wait_for_file(path.with_suffix(".lock")):
        write_whole(path, document_text(RUN_NUMBERS, {"numbers": numbers_of_runs(name)}))


def _noted_numbers(name: str) -> dict[str, int]:
    path = run_numbers_file(name)
    return dict(read_document(path, RUN_NUMBERS)["numbers"]) if path.is_file() else {}


def _next_number(numbers: Mapping[str, int]) -> int:
    return max(numbers.values(), default=0) + 1


def _moment_and_id(plan: Path) -> tuple[float, str]:
    return plan.stat().st_mtime, plan.parent.name
