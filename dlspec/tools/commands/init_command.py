"""The command `init`: a project that runs as it is."""

import shlex
from pathlib import Path

import click

from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.new.first_project import FIRST_SPEC, make_first_project


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
def init_project(folder: Path) -> None:
    """Make a project in FOLDER: a spec that runs, the schema, pyproject entry, .gitignore.

    What is there is kept. FOLDER is the current one unless it is given.

    \b
    Example:
      dlspec init my_models && cd my_models && dlspec check
    """  # noqa: D301 - click reads \b
    if folder.exists() and not folder.is_dir():
        raise CannotDo(f"{folder} is a file, and a project is a folder")
    try:
        for outcome in make_first_project(folder):
            click.echo(f"{outcome.done} {outcome.path}")
    except ValueError as error:
        raise CannotDo(str(error)) from error
    except OSError as error:
        raise CannotDo(f"{error.filename or folder}: {error.strerror}") from error
    step = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    click.echo(f"\nnext:\n  {step}dlspec check\n  dlspec run {FIRST_SPEC}")
