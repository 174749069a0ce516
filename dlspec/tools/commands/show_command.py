"""The command `show`: the layers of a spec, as a table, JSON or a picture."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click

from dlspec.resolve.plan import Graph
from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.commands.findings_output import print_refusals, terminal_columns
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark
from dlspec.tools.commands.spec_arguments import SET_OPTION, compile_spec_or_run, require_plans
from dlspec.tools.commands.word_types import SpecOrRunWord
from dlspec.tools.show import graph_svg, layer_table, plan_json


@click.command()
@click.argument("spec", metavar="SPEC_OR_RUN", type=SpecOrRunWord())
@SET_OPTION
@click.option(
    "--graph",
    "picture",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a picture, as its name ends: .svg or .png.",
)
@click.option(
    "--fold", is_flag=True, help="Draw a block, a row of equals or a called model as one box."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@QUIET_OPTION
def show(
    spec: str, sets: tuple[str, ...], picture: Path | None, *, fold: bool, as_json: bool
) -> None:
    """Show the layers of a spec: output shape, parameters, FLOPs, activation bytes.

    SPEC_OR_RUN is a path, the name of a spec, `-` for standard input, or a run as `dlspec predict`
    takes one: then its spec as it was trained.

    \b
    Examples:
      dlspec show digits_lenet5
      dlspec show specs/digits_lenet5.yaml --set kernel=5 --graph lenet.svg
      dlspec show resnet --graph resnet.png --fold
      dlspec show digits_lenet5/0378
    """  # noqa: D301 - click reads \b
    if fold and picture is None:
        raise click.UsageError("`--fold` is about a picture; name its file, `--graph model.svg`")
    draw = None if picture is None else _drawer(picture)
    compilation = compile_spec_or_run(spec, sets)
    print_refusals(compilation.diagnostics)
    (plan,) = require_plans(compilation)
    if as_json:
        click.echo(json.dumps(plan_json(plan), indent=2))
    elif picture is None:
        click.echo(layer_table(plan, columns=terminal_columns(sys.stdout)))
    if picture is not None and draw is not None:
        try:
            picture.write_bytes(draw(plan.graph, fold))
        except OSError as error:
            raise CannotDo(f"{picture} cannot be written: {error.strerror}") from error
        print_remark(f"wrote {picture}")


def _drawer(picture: Path) -> Callable[[Graph, bool], bytes]:
    """Return what draws the form that a file's name ends in.

    Raises:
        click.UsageError: If there is none; before anything is compiled.
    """
    match picture.suffix.lower():
        case ".svg":
            return lambda graph, fold: graph_svg(graph, fold=fold).encode()
        case ".png":
            # Needs Pillow, which the compiler alone does without.
            from dlspec.tools.show.picture_png import graph_png

            return lambda graph, fold: graph_png(graph, fold=fold)
    raise click.UsageError(
        f"`{picture}` is no picture that can be drawn; end its name in `.svg` or `.png`"
    )
