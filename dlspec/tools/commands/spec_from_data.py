"""How `dlspec new` reaches the package that reads data: the compiler alone reads none."""

from pathlib import Path

import click


class SpecFromData(click.Command):
    """A command of a package that can also write a first spec for a file of one's own."""

    def first_spec(self, name: str, path: Path, written: str, target: str | None) -> str:
        """Return the text of a spec.

        Args:
            written: The path as the spec writes it.
            target: The column to learn; None leaves the choice to the file.

        Raises:
            click.ClickException: If the file cannot be read, or nothing in it can be learned.
        """
        raise NotImplementedError


def installed_spec_writer(ctx: click.Context) -> SpecFromData | None:
    """Return the command `data`; None where nothing is installed that reads data."""
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    command = root.command.get_command(root, "data")
    return command if isinstance(command, SpecFromData) else None
