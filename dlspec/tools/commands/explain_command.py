"""The command `explain`: the page of a code."""

import sys

import click

from dlspec.diagnostics.explain import explained_codes, explanation_page, page_title
from dlspec.diagnostics.findings import Diagnostic
from dlspec.tools.commands.findings_output import is_colored, print_findings, terminal_columns
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.spec_arguments import compile_spec_or_run
from dlspec.tools.commands.word_types import CodeWord, SpecOrRunWord
from dlspec.tools.nearest_example import page_with_example
from dlspec.tools.page_text import page_text


@click.command()
@click.argument("code", required=False, type=CodeWord())
@click.argument("spec", metavar="[SPEC]", required=False, type=SpecOrRunWord())
@QUIET_OPTION
def explain(code: str | None, spec: str | None) -> None:
    """Print the page of CODE: what it means, why it matters, a wrong and a right example.

    Without CODE, every code with its title. With SPEC, what the code finds there stands first, and
    the example is the one nearest to it. A terminal gets it laid out, a pipe the Markdown.

    \b
    Examples:
      dlspec explain DL402
      dlspec explain DL402 digits_lenet5
    """  # noqa: D301 - click reads \b
    if code is None:
        for known in explained_codes():
            click.echo(f"{known}: {page_title(known)}")
        return
    text = explanation_page(code)
    if text is None:
        raise click.UsageError(f"there is no code `{code}`; `dlspec explain` lists them")
    found = [] if spec is None else _findings_of_code(spec, code)
    text = page_with_example(text, next(iter(found), None))
    print_findings(found, "text")
    color, columns = is_colored(sys.stdout), terminal_columns(sys.stdout)
    if color or columns is not None:
        text = page_text(text, color=color, columns=columns)
    click.echo(text, color=color, nl=not text.endswith("\n"))


def _findings_of_code(spec: str, code: str) -> list[Diagnostic]:
    found = compile_spec_or_run(spec).diagnostics
    same = [one for one in found if one.code.value == code.upper()]
    if not same:
        print_remark(f"{code.upper()} is not found in `{spec}`")
    return same
