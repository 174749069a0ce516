"""Small specs that train in a second, for the tests of the wiring."""

from pathlib import Path

_TINY = """\
dlspec: 1
name: {name}
description: One dense layer on handwritten digits.
tags: {{domain: vision}}
owners: [ann@example.org]

params:
  units: 32
  epochs: 3

data:
  source: {{sklearn: digits}}
  inputs: {{image: {{image: images, size: [8, 8], channels: 1, scale: $1/16}}}}
  targets: {{digit: {{class: target, classes: 10}}}}
  split: {{validation: 0.15, test: 0.15, stratify: digit, seed: 7}}
  expect: {{images: {{in_range: [0, {brightest}], nullable: false}}}}

model:
  inputs: {{image: [8, 8, 1]}}
  graph:
    - Flatten
    - Dense: [$units, {{activation: relu}}]
    - {{Dense: 10, name: digit}}

training:
  epochs: $epochs
  batch_size: 32
  optimizer: {{Adam: {{learning_rate: 1e-2}}}}
  loss: {{SparseCategoricalCrossentropy: {{from_logits: true}}}}
  metrics: [accuracy]
  seed: 7

evaluation:
  metrics: [accuracy, f1_macro]
  gates: {{accuracy: ">= {gate}", parameters: "<= 100_000"}}
  champion: {{metric: accuracy, test: mcnemar}}

retraining: {{cron: "0 3 * * 1", timezone: Europe/Berlin}}
"""

BROKEN = """\
dlspec: 1
name: wrong
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Conv2D: {filters: 4, kernel_size: 9}
    - {Dense: ten, name: digit}
"""

_TABLE = """\
dlspec: 1
name: {name}
data:
  source: {{csv: ../data/points.csv}}
  inputs: {{point: {{vector: [x, y]}}}}
  targets: {{side: {{binary: side}}}}
  split: {{validation: 0.2, test: 0.2, seed: 1}}
  expect: {{x: {{in_range: [-1, 1]}}}}
model:
  inputs: {{point: [2]}}
  graph:
    - {{Dense: [1, {{activation: sigmoid}}], name: side}}
training:
  epochs: 2
  loss: BinaryCrossentropy
evaluation: {{metrics: [accuracy], gates: {{accuracy: ">= 0"}}}}
retraining: {{on_new_data: true}}
"""


def write_tiny(folder: Path, name: str = "tiny", *, gate: float = 0.5, brightest: int = 16) -> Path:
    """Write a spec over digits, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(_TINY.format(name=name, gate=gate, brightest=brightest))
    return path


def write_broken(folder: Path) -> Path:
    """Write a spec with two mistakes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "wrong.yaml"
    path.write_text(BROKEN)
    return path


def write_table(folder: Path, name: str, *, rows: int = 60) -> Path:
    """Write a spec over a file of points, and the file beside the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder.parent / "data" / "points.csv"
    data.parent.mkdir(exist_ok=True)
    points = (f"{i % 7 / 7},{i % 5 / -5},{int(i % 2)}" for i in range(rows))
    data.write_text("\n".join(["x,y,side", *points]) + "\n")
    path = folder / f"{name}.yaml"
    path.write_text(_TABLE.format(name=name))
    return path
