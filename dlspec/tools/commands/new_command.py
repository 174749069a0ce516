"""The command `new`: a spec that runs as it is."""

import os
from pathlib import Path

import click
from click.core import ParameterSource

from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.commands.spec_from_data import installed_spec_writer
from dlspec.tools.commands.spec_paths import specs_folder
from dlspec.tools.commands.word_types import ZooWord
from dlspec.tools.new.architecture_fits import first_data_for
from dlspec.tools.new.data_presets import DATA
from dlspec.tools.new.new_spec import require_spec_name, write_new, write_spec_text


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
@click.option(
    "--data",
    "given",
    show_default="digits, or the first that fits",
    help="What to train it on: a data set of ours, or a file or folder of yours.",
)
@click.option("--target", metavar="COLUMN", help="Of a file of yours, the column to learn.")
@click.pass_context
def new(
    ctx: click.Context, name: str, architecture: str, given: str | None, target: str | None
) -> None:
    """Write specs/NAME.yaml: a spec that runs as it is.

    With data of yours the spec says how they are read, a feature for each column and why, what is
    left out and why, a split, and a first model; `dlspec data NAME` then shows what it makes of the
    rows. A file: .csv, .tsv, .txt, .json, .jsonl, .parquet, .npz, .ts, .arff. A folder: pictures,
    sounds or texts in a folder for each class, or lines of text in a file for each class.

    \b
    Examples:
      dlspec new my_digits --zoo lenet5 --data digits && dlspec run my_digits
      dlspec new titanic --data titanic.csv --target Survived && dlspec data titanic
      dlspec new flowers --data photos/ && dlspec run flowers
    """  # noqa: D301 - click reads \b
    data = given or first_data_for(architecture) or next(iter(DATA))
    try:
        if data in DATA or not _is_own_data(data):
            if target is not None:
                raise click.UsageError("`--target` is a column of a file; name one with `--data`")
            path = write_new(name, architecture, data, folder=specs_folder())
        else:
            if ctx.get_parameter_source("architecture") is ParameterSource.COMMANDLINE:
                raise click.UsageError("`--zoo` goes with a data set of ours; leave it out")
            path = _write_spec_for_file(ctx, name, Path(data), target)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise CannotDo(f"specs/{name}.yaml: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
    click.echo(str(path))


def _is_own_data(word: str) -> bool:
    return Path(word).exists() or Path(word).suffix != "" or os.sep in word


def _write_spec_for_file(ctx: click.Context, name: str, file: Path, target: str | None) -> Path:
    require_spec_name(name)
    if not file.exists():
        raise CannotDo(f"there is no file `{file}`")
    writer = installed_spec_writer(ctx)
    if writer is None:
        raise CannotDo(
            "a file of yours is read by the package that trains; "
            "`pip install 'dlspec[run]'` brings it"
        )
    folder = specs_folder()
    text = writer.first_spec(name, file, _path_from_specs(file, folder), target)
    return write_spec_text(name, text, folder)


def _path_from_specs(file: Path, folder: Path) -> str:
    """Return a path as a spec writes it: below $DLSPEC_DATA, or relative to its own folder."""
    shared = os.environ.get("DLSPEC_DATA")
    whole = file.resolve()
    if shared and whole.is_relative_to(Path(shared).expanduser().resolve()):
        return whole.relative_to(Path(shared).expanduser().resolve()).as_posix()
    return Path(os.path.relpath(whole, folder.resolve())).as_posix()
