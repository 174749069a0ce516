"""`python -m benchmarks.data [NAME...]`: preparing real data, beside what a user of Keras writes.

$DLSPEC_DATA names the folder of the data. Each side runs in a process of its own, in turn; medians
of three, without the imports of either. The plain idiom leaves its arrays in memory; ours checks
the contract, deals by content, looks for duplicates, and writes arrays and digests to disk.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

_RUNS = 3
_FLAT = "model: {graph: [Flatten, {Dense: %d, name: y}]}\n"
_EMBEDDED = "model: {graph: [{Embedding: [10000, 2]}, Flatten, {Dense: 2, name: y}]}\n"
_JOINED = """\
model:
  graph:
    - {Embedding: [64, 2], from: c}
    - Flatten
    - {Concatenate: , from: [x, flatten]}
    - {Dense: 1, name: y}
"""
_MODELS = {
    "mnist": _FLAT % 10,
    "flowers128": _FLAT % 5,
    "fsdd": "model: {graph: [{Dense: 10, name: y}]}\n",
    "mr": _EMBEDDED,
    "etth1": _FLAT % 24,
    "adult": _JOINED,
    "large_csv": "model: {graph: [{Dense: 1, name: y}]}\n",
}
_SPLIT = "  split: {test: 0.2, seed: 1}\n"
_NUMBERS = [f"c{number}" for number in range(12)]
_LARGE_ROWS = 1_000_000
_DATA = {
    "mnist": """\
  source: {npz: keras-cache/datasets/mnist.npz}
  inputs: {x: {image: x, size: [28, 28], channels: 1, scale: $1/255}}
  targets: {y: {class: y, classes: 10}}
  split: {validation: 0.2, test: given, seed: 1}
""",
    "flowers128": """\
  source: {image_folder: images/flowers128}
  inputs: {x: {image: file, size: [128, 128], channels: 3, scale: $1/255}}
  targets: {y: {class: class, classes: [daisy, dandelion, rose, sunflower, tulip]}}
"""
    + _SPLIT,
    "fsdd": """\
  source: {audio_folder: audio/fsdd, names: "{digit}_{speaker}_{take}"}
  inputs: {x: {audio: file, sample_rate: 8000, seconds: 1}}
  targets: {y: {class: digit, classes: 10}}
"""
    + _SPLIT,
    "mr": """\
  source:
    text_lines:
      neg: text/rt-polarity/rt-polarity.neg
      pos: text/rt-polarity/rt-polarity.pos
    encoding: latin-1
  inputs: {x: {text: text, vocabulary: 10000, length: 40}}
  targets: {y: {class: class, classes: [neg, pos]}}
"""
    + _SPLIT,
    "etth1": """\
  source: {csv: timeseries/ETTh1.csv}
  inputs: {x: {series: [HUFL, HULL, MUFL, MULL, LUFL, LULL, OT], length: 96, standardize: true}}
  targets: {y: {series: OT, horizon: 24, standardize: true}}
  split: {time: date, test: 0.2}
""",
    "adult": """\
  source: {csv: tabular/adult-test.csv, strip: true, missing: "?",
    columns: [a, work, w, edu, n, m, occ, rel, race, sex, gain, loss, hours, land, y]}
  inputs:
    x: {vector: [a, n, gain, loss, hours], standardize: true}
    c: {categories: [work, edu, m, occ, rel], vocabulary: 64, unknown: true}
  targets: {y: {binary: y, positive: ">50K."}}
"""
    + _SPLIT,
    "large_csv": f"""\
  source: {{csv: large.csv}}
  inputs: {{x: {{vector: [{", ".join(_NUMBERS)}], standardize: true}}}}
  targets: {{y: {{binary: y}}}}
"""
    + _SPLIT,
}


def main(names: list[str]) -> None:
    """Print a line for each data set."""
    print("| data | rows | rows/s ours | rows/s plain | ratio | MB ours | MB plain | again, s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names or _DATA:
        with tempfile.TemporaryDirectory() as folder:
            print(_line_of_data(name, Path(folder)), flush=True)


def _line_of_data(name: str, folder: Path) -> str:
    if name == "large_csv":
        _write_large_csv(folder / "large.csv")
    spec = folder / f"{name}.yaml"
    spec.write_text(f"dlspec: 1\nname: {name}\ndata:\n{_DATA[name]}{_MODELS[name]}")
    home = folder / "home"
    ours, plain, again = [], [], []
    for _ in range(_RUNS):
        shutil.rmtree(home, ignore_errors=True)
        ours.append(_cost(["benchmarks.prepared_cost", str(spec)], home))
        again.append(_cost(["benchmarks.prepared_cost", str(spec)], home))
        plain.append(_cost(["benchmarks.plain_data", name, str(folder / "large.csv")], home))
    ratio = statistics.median(
        other["seconds"] / one["seconds"] for one, other in zip(ours, plain, strict=True)
    )
    figures = [
        *(
            one["rows"] / statistics.median(c["seconds"] for c in side)
            for side, one in ((ours, ours[0]), (plain, plain[0]))
        ),
        ratio,
        *(statistics.median(c["mb"] for c in side) for side in (ours, plain)),
        statistics.median(c["seconds"] for c in again),
    ]
    told = " | ".join(f"{figure:,.2f}" if figure < 10 else f"{figure:,.0f}" for figure in figures)
    return f"| {name} | {ours[0]['rows']:,.0f} | {told} |"


def _cost(module: list[str], home: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", *module],
        env={**os.environ, "DLSPEC_HOME": str(home), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost


def _write_large_csv(path: Path) -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({name: draw.normal(size=_LARGE_ROWS).round(4) for name in _NUMBERS})
    frame["y"] = draw.integers(0, 2, _LARGE_ROWS)
    frame.to_csv(path, index=False)


if __name__ == "__main__":
    main(sys.argv[1:])
