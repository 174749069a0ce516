"""The console script `dlspec`: the compiler's commands, and those that run things."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from dlspec.cli import main
from dlspec.language.sections import BACKENDS
from dlspec.tools.commands.remarks import QUIET_OPTION, is_quiet
from dlspec.tools.commands.spec_arguments import SET_OPTION, parse_set_option, plan_or_exit
from dlspec.tools.commands.spec_paths import spec_path
from dlspec.tools.commands.word_types import SpecWord
from dlspec_pipelines.own_data import DataCommand
from dlspec_pipelines.run_commands import champion, clean, compare, report, runs
from dlspec_pipelines.run_words import RunWord

__all__ = ["champion", "clean", "compare", "main", "report", "runs"]

for _command in (champion, clean, compare, report, runs):
    main.add_command(_command)


VERIFY_OPTION = click.option(
    "--verify",
    is_flag=True,
    help="Read files again whose size and time have not changed.",
)


@main.command()
@click.argument("spec", type=SpecWord())
@SET_OPTION
@click.option("--backend", type=click.Choice(BACKENDS), help="What Keras runs on.")
@click.option(
    "--weights-from",
    metavar="RUN_OR_FILE",
    help="Begin with earlier weights, where layers have the same name and shapes.",
)
@click.option("--again", is_flag=True, help="Train even what would come out as it did before.")
@click.option(
    "--find-rate",
    is_flag=True,
    help="Train nothing: raise the learning rate step by step, and show which ones are of use.",
)
@VERIFY_OPTION
@click.option("--verbose", is_flag=True, help="Show Dagster's own log too.")
@QUIET_OPTION
def run(
    spec: str,
    sets: tuple[str, ...],
    backend: str | None,
    weights_from: str | None,
    *,
    find_rate: bool,
    **switches: bool,
) -> None:
    """Prepare, train, evaluate and report SPEC, a path or a name under specs/.

    What has been trained before from the same spec, data and start weights is taken as it is.

    Standard output is one line, the path of the report; the rest is on standard error. Exits with 1
    when a step or a gate failed, with 130 when Ctrl-C stopped it; the same command then goes on
    from the checkpoint. A run whose output nobody reads any more goes on to its end.

    RUN_OR_FILE is a .keras, .weights.h5 or .h5 file, or a run as `dlspec predict` takes one: its
    number, its id or the beginning of it, its folder, or a model's name for its champion or latest
    run.

    With --find-rate standard output is the path of a page with the curve of the losses.

    \b
    Examples:
      dlspec run digits_lenet5
      dlspec run digits_lenet5 --set kernel=5 --set training.epochs=3
      dlspec run digits_lenet5 --find-rate
    """  # noqa: D301 - click reads \b
    from dlspec_pipelines.run.run import RunOptions
    from dlspec_pipelines.run.run import run as execute
    from dlspec_pipelines.specs import compiled_spec_file

    values = dict(parse_set_option(text) for text in sets)
    file = compiled_spec_file(spec_path(spec), plan_or_exit(spec, sets), values)
    if not file.can_be_trained:
        raise click.UsageError(
            f"`{file.path}` has no `data` or no `training` section, so there is nothing to run; "
            f"`dlspec show {spec}` shows the model"
        )
    if find_rate:
        from dlspec_pipelines.find_rate import find_learning_rate

        _refuse_beside_find_rate(switches)
        sys.exit(
            find_learning_rate(file, backend=backend, weights_from=weights_from, quiet=is_quiet())
        )
    options = RunOptions(backend, weights_from, quiet=is_quiet(), **switches)
    sys.exit(execute(file, options))


def _refuse_beside_find_rate(switches: Mapping[str, bool]) -> None:
    for name, given in switches.items():
        if given:
            raise click.UsageError(
                f"`--{name}` says something of a run, and `--find-rate` runs none"
            )


@main.command(cls=DataCommand)
@click.argument("spec", type=SpecWord())
@SET_OPTION
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with pictures and charts instead of printing tables.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@VERIFY_OPTION
@QUIET_OPTION
def data(
    spec: str, sets: tuple[str, ...], page: Path | None, *, as_json: bool, verify: bool
) -> None:
    """Show the data of SPEC, a path or a name under specs/, without training.

    It is read, checked, split and prepared as `dlspec run` does it, which then takes what is
    prepared: rows and classes of each part, what each column holds and misses, what the model
    is given, examples, what was cut or is unknown, samples that are in training and test alike.

    Exits with 1 when the data cannot be read, breaks the contract under `expect`, or cannot
    become what the features say; the rows at fault are shown. What is only odd is no fault.

    \b
    Examples:
      dlspec data digits_lenet5
      dlspec data specs/titanic.yaml --html titanic.html
      dlspec data titanic --set data.split.seed=8 --json | jq .rows
    """  # noqa: D301 - click reads \b
    from dlspec_pipelines.profile import profile as show_profile
    from dlspec_pipelines.specs import compiled_spec_file

    values = dict(parse_set_option(text) for text in sets)
    file = compiled_spec_file(spec_path(spec), plan_or_exit(spec, sets), values)
    if file.plan.data is None:
        raise click.UsageError(
            f"`{file.path}` has no `data` section, so there is nothing to read; "
            f"`dlspec show {spec}` shows the model"
        )
    sys.exit(show_profile(file, page=page, as_json=as_json, verify=verify))


@main.command()
@click.argument("model", metavar="RUN_OR_NAME", type=RunWord())
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="A .csv, .tsv, .jsonl, .npz or .parquet file; of predicted pictures or masks also a new "
    "folder, `FOLDER/`, which gets a .png for each row.",
)
@click.option(
    "--keep",
    metavar="COLUMN,...",
    help="Columns of FILE to write beside the predictions, "
    "'' for none; default: those that are neither inputs nor targets.",
)
@click.option("--beam", type=click.IntRange(1), help="Sequences kept when generating; 1: greedy.")
@click.option("--length", type=click.IntRange(1), help="Most ids to generate.")
@QUIET_OPTION
def predict(
    model: str,
    files: tuple[str, ...],
    output: str | None,
    keep: str | None,
    beam: int | None,
    length: int | None,
) -> None:
    """Predict the rows of FILE, a table, with a trained run.

    A model whose only input is read from files, such as pictures, takes a folder or files too.
    One that predicts pictures or masks writes them into a folder, each called as the file it was
    made of, else as its row: `-o masks/`.

    RUN_OR_NAME is a run's number (`digits#3`), its id or its beginning, its folder, or the name of
    a model: then its champion is taken, or its latest run where no champion is yet. A model whose
    spec says `prediction.generate` says sequences of ids; --beam and --length stand in for the
    spec's. One that was trained with the loss CTC decodes texts, with --beam as well.
    """
    from dlspec_pipelines.predict import predict as execute

    kept = None if keep is None else tuple(name.strip() for name in keep.split(",") if name.strip())
    sys.exit(execute(model, files, output=output, keep=kept, beam=beam, length=length))


@main.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    envvar="PORT",
    default=3000,
    help="Default: $PORT, else 3000.",
)
def dev(port: int) -> None:
    """Open the Dagster UI on this machine and watch specs/."""
    from dlspec_pipelines.dev.serve import serve

    sys.exit(serve(port))


if __name__ == "__main__":
    main()
