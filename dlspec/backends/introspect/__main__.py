"""`python -m dlspec.backends.introspect [--check]`: write the catalogue, or compare it."""

import sys

import click

from dlspec.backends.introspect.generate import CATALOGUE, generate


@click.command()
@click.option("--check", is_flag=True, help="Compare with the file and write nothing.")
def main(check: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Generate the catalogue from the installed Keras."""
    path = CATALOGUE / "keras.json"
    text = generate()
    if not check:
        path.write_text(text, "utf-8")
    elif path.read_text("utf-8") != text:
        click.echo(f"{path.name} differs from the installed Keras", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
