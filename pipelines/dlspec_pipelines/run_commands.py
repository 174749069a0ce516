"""The commands that look at what was trained: `runs`."""

import sys

import click

from dlspec.tools.commands.remarks import QUIET_OPTION
from dlspec_pipelines.run_words import ModelWord

JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


@click.command()
@click.argument("name", required=False, type=ModelWord())
@JSON_OPTION
@click.option("--verify", is_flag=True, help="Read every file and compare it with its digest.")
@QUIET_OPTION
def runs(name: str | None, *, as_json: bool, verify: bool) -> None:
    """List what has been trained, the latest first: of one model, NAME, or of all.

    Of each run: its number, id, when it was trained, what it scored, how long that took, the seed,
    the digests of spec and data. `*` marks the champion, `!` a run that is damaged. Below them
    stand the trainings that are not finished, and how far they came.

    A run has the same words in every command: `digits#3`, its number as listed here; its id or the
    beginning of it, `digits/0378`; its folder; or `digits`, the champion or else the latest run.

    \b
    Examples:
      dlspec runs
      dlspec runs digits_lenet5
      dlspec runs digits_lenet5 --json | jq '.runs[] | {run, metrics}'
      dlspec show digits_lenet5#3
    """  # noqa: D301 - click reads \b
    from dlspec_pipelines.listed_runs import show_runs

    sys.exit(show_runs(name, as_json=as_json, verify=verify))
