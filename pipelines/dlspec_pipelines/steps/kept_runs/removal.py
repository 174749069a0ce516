"""Removing what may go, one after another, each whole or not at all."""

from typing import assert_never

from dlspec_pipelines.steps.kept_runs.unused_files import Unused, runs_in_use
from dlspec_pipelines.steps.promotion.promote import champion_lock
from dlspec_pipelines.steps.run_numbers import keep_run_numbers
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import (
    artifacts_home,
    lock_folder,
    preparing_lock,
    remove_aside,
    remove_folder,
)


def remove_unused(one: Unused) -> None:
    """Remove a file or a folder, under the lock of what may use it.

    A folder vanishes under its name at once, so that one whose removal is interrupted is no half
    run: what is left of it goes with the next `dlspec clean`.

    Raises:
        Busy: If another process holds it.
        StepError: If it is in use since it was looked at, lies outside, or may not be removed.
    """
    home = artifacts_home()
    if not one.path.parent.resolve().is_relative_to(home.resolve()):
        raise StepError(
            f"`{one.path}` lies outside `{home}`: a folder above it is a link",
            help="remove it yourself, if you want to",
        )
    match one.kind:
        case "run":
            _remove_run(one)
        case "checkpoint":
            with lock_folder(one.path):
                remove_folder(one.path)
        case "data set":
            if preparing_lock(one.path.name).exists():
                raise _used_meanwhile(one)
            remove_folder(one.path)
        case "remnant":
            remove_aside(one.path)
        case "record" | "log" | "page" | "lift":
            one.path.unlink(missing_ok=True)
        case _:
            assert_never(one.kind)


def _remove_run(one: Unused) -> None:
    # Nobody becomes the champion meanwhile.
    with champion_lock(one.name):
        used = runs_in_use(one.name)
        if used is None or one.path.name in used:
            raise _used_meanwhile(one)
        keep_run_numbers(one.name)
        remove_folder(one.path)


def _used_meanwhile(one: Unused) -> StepError:
    return StepError(f"`{one.path}` is in use since it was looked at", help="clean again later")
