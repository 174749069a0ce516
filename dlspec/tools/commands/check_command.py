"""The command `check`: every mistake in every spec."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dlspec.diagnostics.findings import Diagnostic
from dlspec.language.catalogue.own_layers import project_problems
from dlspec.language.catalogue.project import project_of
from dlspec.tools.commands.findings_output import FORMATS, print_diagnostics
from dlspec.tools.commands.spec_arguments import compile_file_or_stdin
from dlspec.tools.commands.spec_paths import spec_files_under, specs_folder


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def check(paths: tuple[str, ...], form: str, *, strict: bool) -> None:
    """Report every mistake in every spec under PATHS (default: specs/).

    A path is a file, a folder, or `-` for standard input. Exits with 1 when there is a mistake.

    \b
    Examples:
      dlspec check
      dlspec check specs/digits_lenet5.yaml --format github
      cat model.yaml | dlspec check -
    """  # noqa: D301 - click reads \b
    found: list[Diagnostic] = []
    if not paths and not specs_folder().is_dir():
        raise click.UsageError("there is no folder specs/ here; write the path of a spec")
    files = list(spec_files_under(paths or (str(specs_folder()),)))
    for file in files:
        found.extend(compile_file_or_stdin(file).diagnostics)
    found.extend(_of_projects(files))
    # A wrong line of pyproject.toml is found by each spec that needs it.
    found = list(dict.fromkeys(found))
    print_diagnostics(found, form)
    failed = any(d.severity == "error" or strict for d in found)
    if form == "text":
        _print_summary(len(files), found)
    sys.exit(1 if failed else 0)


def _of_projects(files: list[str]) -> Iterator[Diagnostic]:
    """Yield what is wrong with the layers that the projects of these specs list."""
    folders = dict.fromkeys(Path(file).parent for file in files)
    projects = [project_of(str(folder / "spec")) for folder in folders]
    listing = {one.source: one for one in projects if one is not None}
    for project in listing.values():
        yield from project_problems(project)


def _print_summary(files: int, found: list[Diagnostic]) -> None:
    errors = sum(d.severity == "error" for d in found)
    warnings = len(found) - errors
    specs = f"{files} spec" + ("s" if files != 1 else "")
    said = [
        f"{n} {word}{'s' if n != 1 else ''}"
        for n, word in ((errors, "error"), (warnings, "warning"))
        if n
    ]
    click.echo(f"{specs} checked: {' and '.join(said) or 'no mistakes'}", err=True)
