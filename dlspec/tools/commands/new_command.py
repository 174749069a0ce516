"""The command `new`: a spec that runs as it is."""

import click

from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.commands.spec_paths import specs_folder
from dlspec.tools.commands.word_types import ZooWord
from dlspec.tools.new.new_spec import write_new


@click.command()
@click.argument("name")
@click.option(
    "--zoo",
    "architecture",
    type=ZooWord(),
    default="lenet5",
    show_default=True,
    help="See `dlspec zoo`.",
)
@click.option("--data", "data", default="digits", show_default=True, help="What to train it on.")
def new(name: str, architecture: str, data: str) -> None:
    """Write specs/NAME.yaml: a spec that runs as it is.

    \b
    Example:
      dlspec new my_digits --zoo lenet5 --data digits && dlspec run my_digits
    """  # noqa: D301 - click reads \b
    try:
        path = write_new(name, architecture, data, folder=specs_folder())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise CannotDo(f"specs/{name}.yaml: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
    click.echo(str(path))
