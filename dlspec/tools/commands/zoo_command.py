"""The command `zoo`: the packaged architectures."""

import sys

import click

from dlspec.diagnostics.suggest import suggest
from dlspec.expand.zoo import architecture_names, text_of
from dlspec.tools.commands.findings_output import terminal_columns
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.word_types import ZooWord
from dlspec.tools.zoo_table import catalogue_table


@click.command()
@click.argument("name", required=False, type=ZooWord())
@QUIET_OPTION
def zoo(name: str | None) -> None:
    """List the packaged architectures, or print the one called NAME.

    \b
    Example:
      dlspec zoo resnet     # its params, and the graph as a spec to read
    """  # noqa: D301 - click reads \b
    if name is None:
        click.echo(catalogue_table(terminal_columns(sys.stdout)))
        print_remark("\n`dlspec zoo NAME` prints one with its params")
    elif name in architecture_names():
        click.echo(text_of(name), nl=False)
    else:
        near = suggest(name, architecture_names())
        said = f"write `{near}`" if near else "`dlspec zoo` lists them"
        raise click.UsageError(f"there is no packaged architecture `{name}`; {said}")
