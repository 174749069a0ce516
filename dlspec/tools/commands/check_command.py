"""The command `check`: every mistake in every spec."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TypedDict, Unpack

import click

from dlspec.compiler import Compilation
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Diagnostic
from dlspec.language.catalogue.own_layers import project_problems
from dlspec.language.catalogue.project import project_of
from dlspec.syntax.spec_files import replace_text
from dlspec.syntax.spec_recognition import means_to_be_spec, not_a_spec
from dlspec.tools.certain_repairs import repair_spec
from dlspec.tools.commands.exit_status import CLEAN, CannotDo
from dlspec.tools.commands.findings_output import FORMATS, print_findings
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.spec_arguments import (
    SET_OPTION,
    compile_file_or_stdin,
    failed_status,
    parse_set_option,
)
from dlspec.tools.commands.spec_paths import spec_files_under, specs_folder
from dlspec.tools.commands.watched_files import wait_for_save, watched_state
from dlspec.tools.commands.word_types import CodeWord
from dlspec.tools.project_code import told_project_code

# Flow style too: `{name: x, model: ...}`.
_MODEL = re.compile(r"""(?:^|[{,]\s*)["']?model["']?\s*:""", re.MULTILINE)


class CheckOptions(TypedDict):
    """What the options of `check` say."""

    form: str
    select: str | None
    ignore: str | None
    sets: tuple[str, ...]
    strict: bool
    fix: bool
    watch: bool


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--select", type=CodeWord(), metavar="CODES", help="Tell these alone: `DL5,DL301`.")
@click.option("--ignore", type=CodeWord(), metavar="CODES", help="Leave these out.")
@click.option("--fix", is_flag=True, help="Write every repair that is certain into the specs.")
@click.option("--watch", is_flag=True, help="Check again at each save, until Ctrl-C.")
@SET_OPTION
@QUIET_OPTION
def check(paths: tuple[str, ...], **given: Unpack[CheckOptions]) -> None:
    """Report every mistake in every spec under PATHS (default: specs/).

    A path is a file, a folder, the name of a spec, or `-` for standard input. Of a folder the files
    with a top-level `dlspec:` are read, hidden folders are not. Findings go to standard output.
    Exits with 1 when there is a mistake.

    \b
    Examples:
      dlspec check
      dlspec check digits_lenet5 --format github
      dlspec check --select DL5,DL301
      dlspec check --fix
      dlspec check --watch
      dlspec check specs/digits_lenet5.yaml --set kernel=5
      cat model.yaml | dlspec check -
    """  # noqa: D301 - click reads \b
    if not paths and not specs_folder().is_dir():
        raise click.UsageError("there is no folder specs/ here; write the path of a spec")
    if given["fix"] and given["sets"]:
        raise click.UsageError("`--fix` writes into files what is wrong without `--set`")
    if given["watch"]:
        _check_at_each_save(paths, given)
    sys.exit(_check_once(paths, given))


def _check_at_each_save(paths: tuple[str, ...], given: CheckOptions) -> NoReturn:
    """Check, and again whenever a file is saved; Ctrl-C is the end."""
    if "-" in paths:
        raise click.UsageError("`--watch` waits for a save, and standard input has none")
    watched = paths or (str(specs_folder()),)
    # What is wrong with the command line is told once, and is the end.
    list(spec_files_under(watched))
    while True:
        before = watched_state(watched)
        click.clear()
        try:
            _check_once(paths, given)
        except click.UsageError as problem:
            # A file was renamed, or the last spec of a folder went.
            problem.show()
        print_remark(f"watching {' '.join(watched)}; Ctrl-C ends")
        sys.stdout.flush()
        wait_for_save(watched, before)


def _check_once(paths: tuple[str, ...], given: CheckOptions) -> int:
    """Compile every spec, print what is found, and return the exit status."""
    selected, ignored = _code_prefixes(given["select"]) or ("DL",), _code_prefixes(given["ignore"])
    values = dict(parse_set_option(text) for text in given["sets"])
    files = list(spec_files_under(paths or (str(specs_folder()),)))
    if given["fix"] and "-" in files:
        raise click.UsageError("`--fix` writes into files, and standard input is none")
    compiled = {file: compile_file_or_stdin(file, values) for file in files}
    if given["fix"]:
        compiled = {file: _repaired_file(file, one) for file, one in compiled.items()}
    found = [d for one in compiled.values() for d in _findings_of(one)]
    found.extend(_of_projects(files))
    # A wrong line of pyproject.toml is found by each spec that needs it.
    found = list(dict.fromkeys(found))
    found = [d for d in found if _is_chosen(d, selected, ignored)]
    print_findings(found, given["form"])
    if given["form"] == "text":
        _print_summary(len(files), found)
        plans = (one.plan for one in compiled.values())
        code = told_project_code(plan for plan in plans if plan is not None)
        if code is not None:
            print_remark(f"a run imports code of the project: {code}")
    failed = any(d.severity == "error" or given["strict"] for d in found)
    return failed_status(found) if failed else CLEAN


def _repaired_file(file: str, compilation: Compilation) -> Compilation:
    """Write the certain repairs into a file and return what it compiles to afterwards."""
    repaired = repair_spec(compilation)
    source = repaired.compilation.source
    if repaired.count and source is not None:
        try:
            replace_text(Path(file), source.text)
        except OSError as error:
            raise CannotDo(f"{file} cannot be written: {error.strerror}") from error
        print_remark(f"{file}: {counted(repaired.count, 'repair')} written")
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
    said = [counted(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    print_remark(f"{counted(files, 'spec')} checked: {' and '.join(said) or 'no mistakes'}")
