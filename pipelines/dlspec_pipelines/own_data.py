"""`dlspec new --data FILE`, told to the compiler's command through the command `data`."""

from pathlib import Path

import click

from dlspec.tools.commands.exit_status import WRONG_USAGE, CannotDo
from dlspec.tools.commands.spec_from_data import SpecFromData


class DataCommand(SpecFromData):
    """`data`, which also knows what a first spec for a file says."""

    def first_spec(self, name: str, path: Path, written: str, target: str | None) -> str:
        """Return the text of a spec for a file.

        Raises:
            click.ClickException: If the file cannot be read, or nothing in it can be learned.
        """
        from dlspec_pipelines.steps.first_specs.first_spec import first_spec_text
        from dlspec_pipelines.steps.step_errors import StepError

        try:
            return first_spec_text(name, path, written, target)
        except StepError as problem:
            kind = CannotDo if problem.status == WRONG_USAGE else click.ClickException
            raise kind(str(problem).removeprefix("error: ")) from problem
