"""What the command line calls a trained run."""

import click
from click.shell_completion import CompletionItem

from dlspec.tools.commands.exit_status import WRONG_USAGE, CannotDo
from dlspec.tools.commands.trained_runs import RunSpec, TrainedRuns, offered_runs


class RunWord(TrainedRuns):
    """A run by its number, its id or its beginning, its folder, or the name of its model."""

    def spec_of(self, word: str) -> RunSpec | None:
        """Return the spec of the run that a word means; None where it means none.

        Raises:
            click.ClickException: If it means several, or one that cannot be read.
        """
        from dlspec_pipelines.steps.file_digests import require_intact
        from dlspec_pipelines.steps.runs import NoRun, find_run
        from dlspec_pipelines.steps.step_errors import StepError

        try:
            choice = find_run(word)
            text = require_intact(choice.folder, "spec.yaml").read_text("utf-8")
        except NoRun:
            return None
        except StepError as problem:
            kind = CannotDo if problem.status == WRONG_USAGE else click.ClickException
            raise kind(str(problem).removeprefix("error: ")) from problem
        return RunSpec(choice.folder.name, text, choice.reason)

    def run_names(self) -> list[str]:
        """Return what may be written for a run: models that were trained, ids and numbers."""
        from dlspec_pipelines.steps.runs import known_runs
        from dlspec_pipelines.steps.step_errors import StepError

        try:
            return known_runs()
        except StepError:
            # DLSPEC_HOME names no folder: the command itself says so.
            return []

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - the form that click asks for
        param: click.Parameter,  # noqa: ARG002 - the same
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return names of models and ids of runs; behind a `#` their numbers."""
        return [CompletionItem(name) for name in offered_runs(self, incomplete)]


class ModelWord(click.ParamType[str]):
    """The name of a model that was trained."""

    name = "model"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - the form that click asks for
        param: click.Parameter,  # noqa: ARG002 - the same
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return names of models."""
        names = (name for name in offered_runs(RunWord(), incomplete) if "/" not in name)
        return [CompletionItem(name) for name in names]
