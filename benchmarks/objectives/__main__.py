"""`python -m benchmarks.objectives [NAME...]`: train each objective, and judge what it learnt.

The data come from Keras's cache (`KERAS_HOME`) and scikit-learn, the reviews of `skip_gram` and
WordSim-353 from `$DLSPEC_DATA`. Pictures of samples are written into `--pictures`. One after
another they take about an hour and a half of two cores.
"""

import tempfile
from pathlib import Path

import click

from benchmarks.objectives.studies import STUDIES, Trainings


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(STUDIES)))
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder for drawn samples.")
@click.option("--home", type=click.Path(path_type=Path), help="Keep the runs here.")
def main(names: tuple[str, ...], pictures: Path | None, home: Path | None) -> None:
    """Train, judge, and print a table."""
    print("| objective | asked | reached | holds | training |\n|---|---|---|---|---:|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = home or Path(scratch)
        for name in names or STUDIES:
            trainings = Trainings(folder.absolute(), pictures)
            judged = STUDIES[name](trainings)
            held = "yes" if judged.holds else "**no**"
            row = (name, judged.asked, judged.reached, held, f"{trainings.seconds:.0f} s")
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
