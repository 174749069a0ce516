"""The command `check`: every mistake in every spec."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dlspec.compiler import Compilation
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic
from dlspec.language.catalogue.own_layers import project_problems
from dlspec.language.catalogue.project import project_of
from dlspec.syntax.spec_files import replace_text
from dlspec.syntax.spec_recognition import means_to_be_spec, not_a_spec
from dlspec.tools.certain_repairs import repair_spec
from dlspec.tools.commands.findings_output import FORMATS, print_findings
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.spec_arguments import compile_file_or_stdin
from dlspec.tools.commands.spec_paths import spec_files_under, specs_folder

# Flow style too: `{name: x, model: ...}`.
_MODEL = re.compile(r"""(?:^|[{,]\s*)["']?model["']?\s*:""", re.MULTILINE)


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--select", metavar="CODES", help="Tell these alone: `DL5,DL301`.")
@click.option("--ignore", metavar="CODES", help="Leave these out.")
@click.option("--fix", is_flag=True, help="Write every repair that is certain into the specs.")
@QUIET_OPTION
def check(
    paths: tuple[str, ...],
    form: str,
    select: str | None,
    ignore: str | None,
    *,
    strict: bool,
    fix: bool,
) -> None:
    """Report every mistake in every spec under PATHS (default: specs/).

    A path is a file, a folder, or `-` for standard input. Of a folder the files with a top-level
    `dlspec:` are read, hidden folders are not. Findings go to standard output. Exits with 1 when
    there is a mistake.

    \b
    Examples:
      dlspec check
      dlspec check specs/digits_lenet5.yaml --format github
      dlspec check --select DL5,DL301
      dlspec check --fix
      cat model.yaml | dlspec check -
    """  # noqa: D301 - click reads \b
    selected, ignored = _code_prefixes(select) or ("DL",), _code_prefixes(ignore)
    found: list[Diagnostic] = []
    if not paths and not specs_folder().is_dir():
        raise click.UsageError("there is no folder specs/ here; write the path of a spec")
    files = list(spec_files_under(paths or (str(specs_folder()),)))
    if fix and "-" in files:
        raise click.UsageError("`--fix` writes into files, and standard input is none")
    compiled = {file: compile_file_or_stdin(file) for file in files}
    if fix:
        compiled = {file: _repaired_file(file, one) for file, one in compiled.items()}
    for one in compiled.values():
        found.extend(_findings_of(one))
    found.extend(_of_projects(files))
    # A wrong line of pyproject.toml is found by each spec that needs it.
    found = list(dict.fromkeys(found))
    found = [d for d in found if _is_chosen(d, selected, ignored)]
    print_findings(found, form)
    failed = any(d.severity == "error" or strict for d in found)
    if form == "text":
        _print_summary(len(files), found)
    sys.exit(1 if failed else 0)


def _repaired_file(file: str, compilation: Compilation) -> Compilation:
    """Write the certain repairs into a file and return what it compiles to afterwards."""
    repaired = repair_spec(compilation)
    source = repaired.compilation.source
    if repaired.count and source is not None:
        try:
            replace_text(Path(file), source.text)
        except OSError as error:
            raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
        noun = "repair" if repaired.count == 1 else "repairs"
        print_remark(f"{file}: {repaired.count} {noun} written")
    return repaired.compilation


def _findings_of(compilation: Compilation) -> tuple[Diagnostic, ...]:
    """Return the findings of one file; a file of another kind has one, not one for each key."""
    source = compilation.source
    # With a `model` it is a spec whose first line was forgotten, and all its mistakes count.
    if source is None or means_to_be_spec(source.text) or _MODEL.search(source.text):
        return compilation.diagnostics
    unread = [d for d in compilation.diagnostics if d.code.value.startswith("DL1")]
    return tuple(unread) or (not_a_spec(source),)


def _code_prefixes(option: str | None) -> tuple[str, ...]:
    """Return the codes, or their beginnings, of `--select` and `--ignore`.

    Raises:
        click.UsageError: If no code begins so.
    """
    words = tuple(word.strip().upper() for word in (option or "").split(",") if word.strip())
    for word in words:
        if not any(code.value.startswith(word) for code in Code):
            raise click.UsageError(f"no code begins with `{word}`; `dlspec explain` lists them")
    return words


def _is_chosen(found: Diagnostic, selected: tuple[str, ...], ignored: tuple[str, ...]) -> bool:
    code = found.code.value
    return code.startswith(selected) and not code.startswith(ignored)


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
    print_remark(f"{specs} checked: {' and '.join(said) or 'no mistakes'}")
