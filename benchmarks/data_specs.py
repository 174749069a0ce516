"""The data sections that `benchmarks.data` prepares, and what it writes for some of them."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from PIL import Image

_PICTURES = """\
  inputs: {x: {image: x, size: [%d, %d], channels: %d, scale: $1/255}}
  targets: {y: {class: y, classes: 10}}
  split: {validation: 0.2, test: given, seed: 1}
"""
_FLAT = "model: {graph: [Flatten, {Dense: %d, name: y}]}\n"
_DENSE = "model: {graph: [{Dense: %d, name: y}]}\n"
_EMBEDDED = "model: {graph: [{Embedding: [%d, 2]}, Flatten, {Dense: %d, name: y}]}\n"
_JOINED = """\
model:
  graph:
    - {Embedding: [64, 2], from: c}
    - Flatten
    - {Concatenate: , from: [x, flatten]}
    - {Dense: 1, name: y}
"""
_SPLIT = "  split: {test: 0.2, seed: 1}\n"
_NUMBERS = [f"c{number}" for number in range(12)]
_CSV = f"""\
  source: {{csv: large.csv}}
  inputs: {{x: {{vector: [{", ".join(_NUMBERS)}], standardize: true}}}}
  targets: {{y: {{binary: y}}}}
{_SPLIT}"""
# A sheet of CIFAR-10 holds 100 x 100 pictures of 32 x 32 pixels.
_TILES, _SIDE = 100, 32
_CIFAR_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data section and a model for it; `write` puts into a folder what it reads from there."""

    data: str
    model: str
    write: Callable[[Path], None] | None = None

    def spec(self, name: str) -> str:
        """Return the whole text of a spec."""
        return f"dlspec: 1\nname: {name}\ndata:\n{self.data}{self.model}"


def _shared() -> Path:
    return Path(os.environ["DLSPEC_DATA"])


def _copy_fashion(folder: Path) -> None:
    """Copy what Keras reads: it wants a folder that it may write to."""
    place = "datasets/fashion-mnist"
    shutil.copytree(_shared() / "keras-cache" / place, folder / "keras" / place)


def _write_cifar(folder: Path) -> None:
    """Write the arrays that `keras.datasets.cifar10` gives, not packed, as its files are not."""
    with np.load(_shared() / "images/cifar10/labels.npz") as labels:
        train = [labels[f"{name}_labels"] for name in _CIFAR_TRAIN]
        test = labels["test_batch_labels"]
    np.savez(
        folder / "cifar10.npz",
        x_train=np.concatenate([_pictures_of_sheet(name) for name in _CIFAR_TRAIN]),
        y_train=np.concatenate(train),
        x_test=_pictures_of_sheet("test_batch"),
        y_test=test,
    )


def _pictures_of_sheet(name: str) -> np.ndarray:
    sheet = Image.open(_shared() / f"images/cifar10/{name}.webp").convert("RGB")
    tiles = np.asarray(sheet).reshape(_TILES, _SIDE, _TILES, _SIDE, 3)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(-1, _SIDE, _SIDE, 3)


def _write_imdb(folder: Path) -> None:
    """Write the lists of ids, which Keras keeps pickled, as two Parquet files."""
    path = _shared() / "text/imdb/imdb_keras_format.npz"
    with np.load(path, allow_pickle=True) as archive:
        for part in ("train", "test"):
            columns: dict[str, Any] = {
                "x": pa.array(archive[f"x_{part}"].tolist(), pa.list_(pa.int64())),
                "y": archive[f"y_{part}"],
            }
            pyarrow.parquet.write_table(pa.table(columns), folder / f"imdb_{part}.parquet")


def _write_csv(rows: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        draw = np.random.default_rng(0)
        step = min(rows, 10**6)
        for start in range(0, rows, step):
            frame = pd.DataFrame({name: draw.normal(size=step).round(4) for name in _NUMBERS})
            frame["y"] = draw.integers(0, 2, step)
            frame.to_csv(folder / "large.csv", mode="a", header=start == 0, index=False)

    return write


PREPARED: Mapping[str, Prepared] = {
    "mnist": Prepared(
        "  source: {npz: keras-cache/datasets/mnist.npz}\n" + _PICTURES % (28, 28, 1), _FLAT % 10
    ),
    "fashion": Prepared(
        "  source: {keras: fashion_mnist}\n" + _PICTURES % (28, 28, 1), _FLAT % 10, _copy_fashion
    ),
    "cifar10": Prepared(
        "  source: {npz: cifar10.npz}\n" + _PICTURES % (32, 32, 3), _FLAT % 10, _write_cifar
    ),
    "imdb": Prepared(
        """\
  source: {parquet: imdb_train.parquet}
  test: {parquet: imdb_test.parquet}
  inputs:
    x: {tokens: x, vocabulary: 20000, above: unknown, unknown: 2, length: 200, pad: start,
      cut: start}
  targets: {y: {binary: y}}
  split: {validation: 0.2, test: given, seed: 1}
""",
        _EMBEDDED % (20000, 1),
        _write_imdb,
    ),
    "mr": Prepared(
        """\
  source:
    text_lines:
      neg: text/rt-polarity/rt-polarity.neg
      pos: text/rt-polarity/rt-polarity.pos
    encoding: latin-1
  inputs: {x: {text: text, vocabulary: 10000, length: 40}}
  targets: {y: {class: class, classes: [neg, pos]}}
"""
        + _SPLIT,
        _EMBEDDED % (10000, 2),
    ),
    "flowers128": Prepared(
        """\
  source: {image_folder: images/flowers128}
  inputs: {x: {image: file, size: [128, 128], channels: 3, scale: $1/255}}
  targets: {y: {class: class, classes: [daisy, dandelion, rose, sunflower, tulip]}}
"""
        + _SPLIT,
        _FLAT % 5,
    ),
    "fsdd": Prepared(
        """\
  source: {audio_folder: audio/fsdd, names: "{digit}_{speaker}_{take}"}
  inputs: {x: {audio: file, sample_rate: 8000, seconds: 1}}
  targets: {y: {class: digit, classes: 10}}
"""
        + _SPLIT,
        _DENSE % 10,
    ),
    "etth1": Prepared(
        """\
  source: {csv: timeseries/ETTh1.csv}
  inputs: {x: {series: [HUFL, HULL, MUFL, MULL, LUFL, LULL, OT], length: 96, standardize: true}}
  targets: {y: {series: OT, horizon: 24, standardize: true}}
  split: {time: date, test: 0.2}
""",
        _FLAT % 24,
    ),
    "adult": Prepared(
        """\
  source: {csv: tabular/adult-test.csv, strip: true, missing: "?",
    columns: [a, work, w, edu, n, m, occ, rel, race, sex, gain, loss, hours, land, y]}
  inputs:
    x: {vector: [a, n, gain, loss, hours], standardize: true}
    c: {categories: [work, edu, m, occ, rel], vocabulary: 64, unknown: true}
  targets: {y: {binary: y, positive: ">50K."}}
"""
        + _SPLIT,
        _JOINED,
    ),
    "large_csv": Prepared(_CSV, _DENSE % 1, _write_csv(10**6)),
    "huge_csv": Prepared(_CSV, _DENSE % 1, _write_csv(10**7)),
}
