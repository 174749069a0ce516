"""What a command says beside its result, on standard error, unless `--quiet` is given."""

import click

_QUIET = "dlspec.quiet"


def _note_quiet(ctx: click.Context, _option: click.Parameter, quiet: bool) -> None:  # noqa: FBT001 - the form of a callback
    ctx.meta[_QUIET] = quiet


QUIET_OPTION = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_note_quiet,
    help="Print results and what is wrong, and no word besides.",
)


def is_quiet() -> bool:
    """Return whether the command that runs was given `--quiet`."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and bool(ctx.meta.get(_QUIET))


def print_remark(text: str) -> None:
    """Print a line on standard error, unless `--quiet` is given."""
    if not is_quiet():
        click.echo(text, err=True)
