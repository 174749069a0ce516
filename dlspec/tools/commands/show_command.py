"""The command `show`: the layers of a spec, as a table, JSON or a picture."""

import json
import sys
from pathlib import Path

import click

from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.commands.findings_output import print_refusals, terminal_columns
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.spec_arguments import SET_OPTION, compile_spec_or_run, require_plans
from dlspec.tools.show import graph_svg, layer_table, plan_json


@click.command()
@click.argument("spec", metavar="SPEC_OR_RUN")
@SET_OPTION
@click.option("--graph", "picture", type=click.Path(dir_okay=False), help="Write an SVG picture.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@QUIET_OPTION
def show(spec: str, sets: tuple[str, ...], picture: str | None, *, as_json: bool) -> None:
    """Show the layers of a spec: output shape, parameters, FLOPs, activation bytes.

    SPEC_OR_RUN is a path, the name of a spec, `-` for standard input, or a run as `dlspec predict`
    takes one: then its spec as it was trained.

    \b
    Examples:
      dlspec show digits_lenet5
      dlspec show specs/digits_lenet5.yaml --set kernel=5 --graph lenet.svg
      dlspec show digits_lenet5/0378
    """  # noqa: D301 - click reads \b
    compilation = compile_spec_or_run(spec, sets)
    print_refusals(compilation.diagnostics)
    (plan,) = require_plans(compilation)
    if as_json:
        click.echo(json.dumps(plan_json(plan), indent=2))
    elif picture is None:
        click.echo(layer_table(plan, columns=terminal_columns(sys.stdout)))
    if picture is not None:
        try:
            Path(picture).write_text(graph_svg(plan.graph), "utf-8")
        except OSError as error:
            raise CannotDo(f"{picture} cannot be written: {error.strerror}") from error
        print_remark(f"wrote {picture}")
