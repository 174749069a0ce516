"""The command `diff`: what changed in meaning between two specs."""

import json
import sys

import click

from dlspec.tools.commands.findings_output import print_refusals, terminal_columns
from dlspec.tools.commands.remarks import QUIET_OPTION
from dlspec.tools.commands.spec_arguments import SET_OPTION, compile_spec_or_run, require_plans
from dlspec.tools.commands.word_types import SpecOrRunWord
from dlspec.tools.diff.compare import diff as compare
from dlspec.tools.diff.difference_text import difference_json, difference_text


@click.command()
@click.argument("before", type=SpecOrRunWord())
@click.argument("after", type=SpecOrRunWord())
@SET_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@QUIET_OPTION
def diff(before: str, after: str, sets: tuple[str, ...], *, as_json: bool) -> None:
    """Show what changed in meaning from BEFORE to AFTER, and which steps must run again.

    Each is a path, the name of a spec, `-` for standard input, or a run as `dlspec predict` takes
    one. `--set` changes AFTER.

    \b
    Examples:
      dlspec diff digits_lenet5 digits_cnn_gru
      dlspec diff digits_lenet5 digits_lenet5 --set kernel=5
      dlspec diff digits_lenet5/0378 digits_lenet5
      git show HEAD:specs/digits_lenet5.yaml | dlspec diff - digits_lenet5
    """  # noqa: D301 - click reads \b
    if before == after == "-":
        raise click.UsageError("standard input holds one spec; name the other by its path")
    found = (compile_spec_or_run(before), compile_spec_or_run(after, sets))
    print_refusals([one for compilation in found for one in compilation.diagnostics])
    difference = compare(*require_plans(*found))
    if as_json:
        click.echo(json.dumps(difference_json(difference), indent=2))
    else:
        click.echo(difference_text(difference, columns=terminal_columns(sys.stdout)), nl=False)
