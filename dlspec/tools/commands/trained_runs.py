"""Trained runs as `predict` names them, for the commands of the compiler that take one too."""

from dataclasses import dataclass

import click

from dlspec.diagnostics.missing_packages import missing_package


@dataclass(frozen=True, slots=True)
class RunSpec:
    """The spec that a run was trained from, as compiled; `reason` says why this run is meant."""

    run: str
    text: str
    reason: str


class TrainedRuns(click.ParamType[str]):
    """What a command line calls a run; the package that trains says which there are."""

    name = "run"

    def spec_of(self, word: str) -> RunSpec | None:
        """Return the spec of the run that a word means; None where it means none.

        Raises:
            click.ClickException: If it means several, or one that cannot be read.
        """
        raise NotImplementedError

    def run_names(self) -> list[str]:
        """Return what may be written for a run: models that were trained, ids and numbers."""
        raise NotImplementedError


def installed_runs(ctx: click.Context) -> TrainedRuns | None:
    """Return how `predict` takes a run; None where nothing is installed that trains."""
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    command = root.command.get_command(root, "predict")
    kinds = [parameter.type for parameter in command.params] if command else []
    return next((kind for kind in kinds if isinstance(kind, TrainedRuns)), None)


def known_run_names(runs: TrainedRuns | None) -> list[str]:
    """Return what may be written for a run; nothing where none can be read."""
    try:
        return [] if runs is None else runs.run_names()
    except ModuleNotFoundError as error:
        if missing_package(error) is None:
            raise
        return []


def offered_runs(runs: TrainedRuns | None, incomplete: str) -> list[str]:
    """Return what a shell offers for the beginning of a run; numbers where a `#` is written."""
    return [
        name
        for name in known_run_names(runs)
        if name.startswith(incomplete) and ("#" in name) == ("#" in incomplete)
    ]


def run_spec(word: str) -> RunSpec | None:
    """Return the spec of the run that a word means; None where it means none."""
    runs = installed_runs(click.get_current_context())
    try:
        return None if runs is None else runs.spec_of(word)
    except ModuleNotFoundError as error:
        # Without the packages that train there are no runs.
        if missing_package(error) is None:
            raise
        return None
