"""The commands that look at what was trained, and choose among it."""

import sys

import click

from dlspec.tools.commands.remarks import QUIET_OPTION
from dlspec_pipelines.run_words import ModelWord, RunWord

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


@click.command()
@click.argument("name", type=ModelWord())
@click.option("--promote", metavar="RUN", type=RunWord(), help="Make this run the champion.")
@click.option("--rollback", is_flag=True, help="Go back to the champion before.")
@JSON_OPTION
@QUIET_OPTION
def champion(name: str, promote: str | None, *, rollback: bool, as_json: bool) -> None:
    """Show which run of the model NAME is the champion, since when, on what evidence.

    A run becomes it by itself, with `dlspec run`, when its gates are passed and it is shown to be
    better. --promote takes one by hand, whatever the comparison says, which is kept as evidence
    with who decided so; a run whose gate failed is refused. --rollback goes to the champion before,
    and once more to the one before that; the run that it goes back from does not become the
    champion by itself again.

    \b
    Examples:
      dlspec champion digits_lenet5
      dlspec champion digits_lenet5 --promote digits_lenet5#3
      dlspec champion digits_lenet5 --rollback
      dlspec champion digits_lenet5 --json | jq -r .champion.id
    """  # noqa: D301 - click reads \b
    if promote is not None and rollback:
        raise click.UsageError("`--promote` and `--rollback` are two ways to another champion")
    from dlspec_pipelines.shown_champion import show_champion

    sys.exit(show_champion(name, promote=promote, rollback=rollback, as_json=as_json))


@click.command()
@click.argument("first", metavar="RUN", type=RunWord())
@click.argument("second", metavar="RUN", type=RunWord())
@JSON_OPTION
@QUIET_OPTION
def compare(first: str, second: str, *, as_json: bool) -> None:
    """Show what differs between two runs: result, data, training, cost and spec.

    Metrics are tested on the test rows that both were measured on, each with the test of the
    second run's spec, else the one that fits it; on how many rows is said, and of a test that
    decides nothing, how many would.

    \b
    Examples:
      dlspec compare digits_lenet5#2 digits_lenet5#3
      dlspec compare digits_lenet5 digits_lenet5#3 --json | jq '.metrics[].test'
    """  # noqa: D301 - click reads \b
    from dlspec_pipelines.compared_runs import show_comparison

    sys.exit(show_comparison(first, second, page=None, as_json=as_json))


@click.command()
@click.argument("run", metavar="RUN", type=RunWord())
@click.option("--open", "is_opened", is_flag=True, help="Open it in a browser, too.")
@QUIET_OPTION
def report(run: str, *, is_opened: bool) -> None:
    """Print the path of a run's report; it is made again where it is missing.

    \b
    Examples:
      dlspec report digits_lenet5
      dlspec report digits_lenet5#3 --open
      cp "$(dlspec report digits_lenet5 -q)" /var/www/
    """  # noqa: D301 - click reads \b
    from dlspec_pipelines.made_report import show_report

    sys.exit(show_report(run, is_opened=is_opened))
