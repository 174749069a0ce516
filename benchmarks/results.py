"""`python -m benchmarks.results [NAME...]`: train the specs of specs/benchmarks, and print a table.

    DLSPEC_DATA=folder KERAS_HOME=folder python -m benchmarks.results mr_text_cnn trec_gru

What a spec must reach is its gate. `$DLSPEC_DATA` holds text/, audio/ and timeseries/; MNIST and
Fashion-MNIST come from Keras's cache. The runs are kept under `--home`, else nowhere.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

import dlspec

SPECS = Path(__file__).parent.parent / "specs" / "benchmarks"


@click.command()
@click.argument("names", nargs=-1)
@click.option("--home", type=click.Path(path_type=Path), help="Keep the runs here.")
def main(names: tuple[str, ...], home: Path | None) -> None:
    """Train, and print what each spec reached beside what its gate asks."""
    known = {path.stem: path for path in sorted(SPECS.glob("*.yaml"))}
    unknown = set(names) - set(known)
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: not under {SPECS}")
    print("| spec | asked | reached | holds | seed | epochs | training |", flush=True)
    print("|---|---|---|---|---|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or known:
            print(_row(known[name], (home or Path(scratch)).absolute()), flush=True)


def _row(spec: Path, home: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-P", "-m", "dlspec", "run", "-q", str(spec)],
        env={**os.environ, "DLSPEC_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    # A gate that failed ends with 1 and has its report all the same.
    if not run.stdout.strip():
        return f"| {spec.stem} | | not run | | | | |"
    folder = Path(run.stdout.strip().splitlines()[-1]).parent
    record, metrics = (_document(folder / f"{part}.json") for part in ("run", "metrics"))
    plan = dlspec.load(spec)
    assert plan.evaluation is not None
    cells = []
    for gate in plan.evaluation.gates:
        value = metrics[gate.metric]
        cells.append((str(gate), f"{value:.4f}", "yes" if gate.is_met_by(value) else "**no**"))
    asked, reached, holds = ("; ".join(side) for side in zip(*cells, strict=True))
    epochs = sum(1 for _ in (folder / "history.csv").open()) - 1
    told = (spec.stem, asked, reached, holds, record["seed"], epochs, f"{record['seconds']:.0f} s")
    return f"| {' | '.join(map(str, told))} |"


def _document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


if __name__ == "__main__":
    main()
