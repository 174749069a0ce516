"""The command `fmt`: the canonical layout of specs."""

import sys
from pathlib import Path
from typing import Literal

import click

from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Reporter
from dlspec.syntax.formatting import formatted_spec
from dlspec.syntax.spec_files import replace_text
from dlspec.syntax.spec_recognition import means_to_be_spec, not_a_spec
from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.commands.findings_output import print_refusals
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.spec_paths import read_file_or_stdin, spec_files_under, specs_folder


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--check", "only_check", is_flag=True, help="Name the files, and change none.")
@QUIET_OPTION
def fmt(paths: tuple[str, ...], *, only_check: bool) -> None:
    """Bring every spec under PATHS (default: specs/) into the canonical layout.

    Comments, meaning and line breaks inside brackets stay as they are. A path is a file, a folder,
    or `-` for standard input, which is written to standard output. Exits with 1 when a file cannot
    be read or, with --check, when one would change.

    \b
    Examples:
      dlspec fmt
      dlspec fmt --check specs
      dlspec fmt - < model.yaml
    """  # noqa: D301 - click reads \b
    files = list(spec_files_under(paths or (str(specs_folder()),)))
    outcomes = [_laid_out(file, only_check=only_check) for file in files]
    changed = outcomes.count("changed")
    if files != ["-"] or only_check:
        verb = "would change" if only_check else "changed"
        print_remark(f"{counted(len(files), 'spec')} read: {changed or 'none'} {verb}")
    sys.exit(1 if "refused" in outcomes or (only_check and changed) else 0)


def _laid_out(file: str, *, only_check: bool) -> Literal["same", "changed", "refused"]:
    reporter = Reporter()
    source = read_file_or_stdin(file, reporter)
    if source is not None and file != "-" and not means_to_be_spec(source.text):
        print_refusals([not_a_spec(source)])
        return "refused"
    text = formatted_spec(source, reporter) if source else None
    if source is None or text is None:
        print_refusals(reporter.diagnostics)
        return "refused"
    if file == "-" and not only_check:
        click.echo(text, nl=False)
    if text == source.text:
        return "same"
    if file != "-" or only_check:
        print_remark(f"{file} would change" if only_check else f"changed {file}")
    if file != "-" and not only_check:
        _replace_spec_file(file, text)
    return "changed"


def _replace_spec_file(file: str, text: str) -> None:
    try:
        replace_text(Path(file), text)
    except OSError as error:
        raise CannotDo(f"{file} cannot be written: {error.strerror}") from error
