"""`python -m benchmarks.bounded_memory`: what preparing takes under `runtime.memory: 64MB`.

A Parquet file of 300 MB, and 20,000 pictures that become 980 MB: the peak of the process above what
its imports take, once without a bound and once under it, and whether both prepared the same.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

_ROWS, _COLUMNS = 1_900_000, 19
_PICTURES, _CLASSES = 20_000, 4
_TABLE = """\
  source: {parquet: rows.parquet}
  inputs: {x: {vector: [%s], standardize: true}}
  targets: {y: {class: y, classes: 4}}
"""
_FOLDER = """\
  source: {image_folder: pictures}
  inputs: {x: {image: file, size: [64, 64], channels: 3, resize: stretch, standardize: true}}
  targets: {y: {class: class, classes: 4}}
"""
_REST = """\
  split: {validation: 0.05, test: 0.05, seed: 3}
model: {graph: [Flatten, {Dense: 4, name: y}]}
"""
_BOUND = "runtime: {memory: 64MB}\n"


def main() -> None:
    """Print a line for each of both sources."""
    names = ", ".join(f"x{number}" for number in range(_COLUMNS))
    print("| source | rows | MB without a bound | MB under 64 MB | s | s | same arrays |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        _write_table(Path(folder))
        _write_pictures(Path(folder))
        for name, data in (("parquet", _TABLE % names), ("pictures", _FOLDER)):
            print(_line_of_source(name, data, Path(folder)), flush=True)


def _write_table(folder: Path) -> None:
    draw = np.random.default_rng(0)
    columns = {f"x{number}": draw.normal(size=_ROWS) for number in range(_COLUMNS)}
    pq.write_table(pa.table({**columns, "y": draw.integers(0, 4, _ROWS)}), folder / "rows.parquet")


def _write_pictures(folder: Path) -> None:
    draw = np.random.default_rng(0)
    for number in range(_PICTURES):
        file = folder / "pictures" / str(number % _CLASSES) / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        colours = Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        colours.resize((96, 96)).save(file)


def _line_of_source(name: str, data: str, folder: Path) -> str:
    costs, digests = [], set()
    for bound in ("", _BOUND):
        spec, home = folder / f"{name}.yaml", folder / f"{name}{len(bound)}"
        spec.write_text(f"dlspec: 1\nname: {name}\ndata:\n{data}{_REST}{bound}")
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.prepared_cost", str(spec)],
            env={**os.environ, "DLSPEC_HOME": str(home)},
            stdout=subprocess.PIPE,
            check=True,
        )
        costs.append(json.loads(done.stdout))
        (prepared,) = (home / "datasets").glob("*/preparation.json")
        digests.add(json.loads(prepared.read_text())["digest"])
    megabytes = " | ".join(f"{cost['mb']:,.0f}" for cost in costs)
    seconds = " | ".join(f"{cost['seconds']:,.0f}" for cost in costs)
    same = "yes" if len(digests) == 1 else "no"
    return f"| {name} | {costs[0]['rows']:,} | {megabytes} | {seconds} | {same} |"


if __name__ == "__main__":
    main()
