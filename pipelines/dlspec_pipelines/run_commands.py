"""The commands that look at what was trained, and choose among it."""

import sys
from datetime import timedelta
from pathlib import Path

import click

from dlspec.tools.commands.remarks import QUIET_OPTION
from dlspec_pipelines.age_word import AgeWord
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
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with curves and rows instead of printing text.",
)
@JSON_OPTION
@QUIET_OPTION
def compare(first: str, second: str, page: Path | None, *, as_json: bool) -> None:
    """Show what differs between two runs: result, data, training, cost and spec.

    Metrics are tested on the test rows that both were measured on, each with the test of the
    second run's spec, else the one that fits it; on how many rows is said, and of a test that
    decides nothing, how many would. The page of --html shows the curves over each other too, and
    the rows that one gets right and the other wrong; it opens without a network.

    \b
    Examples:
      dlspec compare digits_lenet5#2 digits_lenet5#3 --html compared.html
      dlspec compare digits_lenet5#2 digits_lenet5#3
      dlspec compare digits_lenet5 digits_lenet5#3 --json | jq '.metrics[].test'
    """  # noqa: D301 - click reads \b
    from dlspec_pipelines.compared_runs import show_comparison

    sys.exit(show_comparison(first, second, page=page, as_json=as_json))


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


@click.command()
@click.option("--dry-run", is_flag=True, help="List what may go, and remove nothing.")
@click.option(
    "--older-than",
    metavar="AGE",
    type=AgeWord(),
    help="Remove runs of that age too, and checkpoints: 30d, 12h, 8w. Without it no run goes, and "
    "checkpoints, logs and the like after 30 days.",
)
@click.option("-y", "--yes", is_flag=True, help="Remove without a question.")
@JSON_OPTION
@QUIET_OPTION
def clean(older_than: timedelta | None, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove what nothing refers to: list it with sizes, ask, remove.

    Data sets of no run, checkpoints of trainings that were stopped long ago, files half-written by
    processes that are gone, records of runs that are gone, old logs, pages of rates and lifted
    models; with --older-than also runs.

    What stays, however old: champions and the run that --rollback goes to, the latest run of each
    model, runs whose weights another run, an unfinished training or a spec of this project begins
    with, what a process is at, and whatever lies outside the folder of artifacts.

    Exits with 1 when something could not be removed. Ctrl-C leaves whole what is not removed yet.

    \b
    Examples:
      dlspec clean --dry-run
      dlspec clean --older-than 30d
      dlspec clean --older-than 8w --yes
      dlspec clean --dry-run --json | jq .bytes
    """  # noqa: D301 - click reads \b
    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError(
            "`dlspec clean` asks before it removes, and there is no terminal to answer in; "
            "say `--yes`, or `--dry-run` to list"
        )
    from dlspec_pipelines.cleaned_home import clean_home

    sys.exit(clean_home(older_than, dry_run=dry_run, yes=yes, as_json=as_json))
