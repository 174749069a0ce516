"""The command `explain`: the page of a code."""

import sys

import click

from dlspec.diagnostics.explain import explained_codes, explanation_page, page_title
from dlspec.tools.commands.findings_output import is_colored, terminal_columns
from dlspec.tools.commands.word_types import CodeWord
from dlspec.tools.page_text import page_text


@click.command()
@click.argument("code", required=False, type=CodeWord())
def explain(code: str | None) -> None:
    """Print the page of CODE: what it means, why it matters, a wrong and a right example.

    Without CODE, every code with its title. A terminal gets it laid out, a pipe the Markdown.

    \b
    Example:
      dlspec explain DL402
    """  # noqa: D301 - click reads \b
    if code is None:
        for known in explained_codes():
            click.echo(f"{known}: {page_title(known)}")
        return
    text = explanation_page(code)
    if text is None:
        raise click.UsageError(f"there is no code `{code}`; `dlspec explain` lists them")
    color, columns = is_colored(sys.stdout), terminal_columns(sys.stdout)
    if color or columns is not None:
        text = page_text(text, color=color, columns=columns)
    click.echo(text, color=color)
