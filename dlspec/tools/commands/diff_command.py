"""The command `diff`: what changed in meaning between two specs."""

import json
import sys

import click

from dlspec.tools.commands.findings_output import print_refusals, terminal_columns
from dlspec.tools.commands.spec_arguments import compile_file_or_stdin
from dlspec.tools.commands.spec_paths import spec_path
from dlspec.tools.diff.compare import diff as compare
from dlspec.tools.diff.difference_text import difference_json, difference_text


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def diff(before: str, after: str, *, as_json: bool) -> None:
    """Show what changed in meaning from BEFORE to AFTER, and which steps must run again.

    Each is a path, the name of a spec, or `-` for standard input.

    \b
    Examples:
      dlspec diff digits_lenet5 digits_cnn_gru
      git show HEAD:specs/digits_lenet5.yaml | dlspec diff - digits_lenet5
    """  # noqa: D301 - click reads \b
    if before == after == "-":
        raise click.UsageError("standard input holds one spec; name the other by its path")
    found = [
        compile_file_or_stdin("-" if spec == "-" else str(spec_path(spec)))
        for spec in (before, after)
    ]
    print_refusals([one for compilation in found for one in compilation.diagnostics])
    plans = [compilation.plan for compilation in found]
    if plans[0] is None or plans[1] is None:
        sys.exit(1)
    difference = compare(plans[0], plans[1])
    if as_json:
        click.echo(json.dumps(difference_json(difference), indent=2))
    else:
        click.echo(difference_text(difference, columns=terminal_columns(sys.stdout)), nl=False)
