"""`python -m dlspec.backends.introspect`: write the catalogue and its history, or compare it."""

import json
import sys
from pathlib import Path

import click

from dlspec.backends.introspect.generate import CATALOGUE, generate_catalogue
from dlspec.backends.introspect.history import catalogue_of, history_text

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("folders", nargs=-1, type=_FOLDER)
@click.option("--check", is_flag=True, help="Compare with the file and write nothing.")
@click.option("--history", is_flag=True, help="First date every part by the releases in FOLDERS.")
@click.option(
    "--to",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=CATALOGUE / "keras.json",
    help="Where to write, or what to compare.",
)
def main(folders: tuple[Path, ...], path: Path, *, check: bool, history: bool) -> None:
    """Generate the catalogue from the installed Keras.

    Each of FOLDERS holds an older release, put there by `pip install --no-deps --target`.
    """
    if bool(folders) != history:
        raise click.UsageError("`--history` takes the folders of the older releases")
    if history:
        older = [catalogue_of(folder) for folder in folders]
        text = history_text([*older, json.loads(generate_catalogue())])
        (CATALOGUE / "history.json").write_text(text, "utf-8")
    text = generate_catalogue()
    if not check:
        path.write_text(text, "utf-8")
    elif path.read_text("utf-8") != text:
        click.echo(f"{path.name} differs from the installed Keras", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
