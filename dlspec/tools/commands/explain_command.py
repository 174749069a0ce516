"""The command `explain`: the page of a code."""

import click

from dlspec.diagnostics.explain import explained_codes, explanation_page


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Print the page of CODE: what it means, why it matters, a wrong and a right example.

    Without CODE, every code with its title.

    \b
    Example:
      dlspec explain DL402
    """  # noqa: D301 - click reads \b
    if code is None:
        for known in explained_codes():
            click.echo((explanation_page(known) or known).partition("\n")[0].removeprefix("# "))
        return
    text = explanation_page(code.upper())
    if text is None:
        raise click.UsageError(f"there is no code `{code}`; `dlspec explain` lists them")
    click.echo(text)
