"""The command `explain`: the page of a code."""

import click

from dlspec.diagnostics.explain import explained_codes, explanation_page


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Print the page of a code: what it means, why it matters, a wrong and a right example.

    \b
    Example:
      dlspec explain DL402
    """  # noqa: D301 - click reads \b
    text = explanation_page(code.upper())
    if text is None:
        raise click.UsageError(
            f"there is no code `{code}`; the codes are {', '.join(explained_codes())}"
        )
    click.echo(text)
