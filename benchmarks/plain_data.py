"""What a user of Keras writes to prepare a data set; run by `benchmarks.data`, one a process.

`python -m benchmarks.plain_data NAME FOLDER`, where FOLDER holds what the benchmark wrote. Nothing
is checked, hashed, looked through for duplicates, or written.
"""

import os
import sys
import wave
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.prepared_cost import print_cost

if sys.argv[1] in ("fashion", "imdb", "flowers128", "mr"):
    import keras
    import tensorflow as tf

SHARED = Path(os.environ["DLSPEC_DATA"])
WRITTEN = Path(sys.argv[2])
TEST_SHARE = 0.2

Arrays = tuple[np.ndarray, ...]


def mnist() -> int:
    """Load, scale, hold a share of the training rows back for validation."""
    with np.load(SHARED / "keras-cache/datasets/mnist.npz") as file:
        train, test = (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
    return _scaled_pictures(train, test)


def fashion() -> int:
    """Load by Keras, and go on as with MNIST."""
    return _scaled_pictures(*keras.datasets.fashion_mnist.load_data())


def cifar10() -> int:
    """Load, and go on as with MNIST."""
    with np.load(WRITTEN / "cifar10.npz") as file:
        train, test = (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
    return _scaled_pictures(train, test)


def _scaled_pictures(train: Arrays, test: Arrays) -> int:
    x, x_test = (
        pixels.astype("float32").reshape(*pixels.shape[:3], -1) / 255
        for pixels in (train[0], test[0])
    )
    y, y_test = train[1].astype("int32"), test[1].astype("int32")
    parts = _shuffled_parts(x, y)
    return len(parts[0]) + len(parts[1]) + len(x_test) + 0 * len(y_test)


def imdb() -> int:
    """Load lists of ids, fill them up or cut them, read rare words as one id, split."""
    rows = 0
    for part in ("train", "test"):
        frame = pd.read_parquet(WRITTEN / f"imdb_{part}.parquet")
        x = keras.utils.pad_sequences(frame["x"], maxlen=200)
        x[x >= 20_000] = 2
        y = frame["y"].to_numpy()
        parts = _shuffled_parts(x, y)[:2] if part == "train" else (x,)
        rows += sum(map(len, parts))
    return rows


def mr() -> int:
    """Read lines of two classes, learn a vocabulary from the training rows, make ids."""
    texts, labels = [], []
    for label, name in enumerate(("rt-polarity.neg", "rt-polarity.pos")):
        with (SHARED / "text/rt-polarity" / name).open(encoding="latin-1") as file:
            lines = [line.strip() for line in file]
        texts += lines
        labels += [label] * len(lines)
    train, test, *_ = _shuffled_parts(np.array(texts, dtype=object), np.array(labels))
    layer = keras.layers.TextVectorization(max_tokens=10_000, output_sequence_length=40)
    layer.adapt(tf.constant(train))
    return sum(len(layer(tf.constant(part)).numpy()) for part in (train, test))


def flowers128() -> int:
    """Read a folder for each class, and make arrays of all pictures."""
    rows = 0
    for part in keras.utils.image_dataset_from_directory(
        SHARED / "images/flowers128",
        image_size=(128, 128),
        validation_split=TEST_SHARE,
        subset="both",
        seed=1,
        verbose=False,
    ):
        batches = [(x.numpy() / np.float32(255), y.numpy()) for x, y in part]
        rows += len(np.concatenate([x for x, _ in batches]))
    return rows


def fsdd() -> int:
    """Read waves, fill up or cut them to a second."""
    files = sorted((SHARED / "audio/fsdd").glob("*.wav"))
    x = np.zeros((len(files), 8000), dtype=np.float32)
    for row, path in enumerate(files):
        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)[:8000]
        x[row, : len(samples)] = samples / np.float32(2**15)
    y = np.array([int(path.name[0]) for path in files])
    return sum(map(len, _shuffled_parts(x, y)[:2]))


def etth1() -> int:
    """Read, standardise by the training rows, cut windows of 96 rows and 24 to forecast."""
    frame = pd.read_csv(SHARED / "timeseries/ETTh1.csv")
    values = frame.drop(columns="date").to_numpy(np.float32)
    border = int(len(values) * (1 - TEST_SHARE))
    values = (values - values[:border].mean(axis=0)) / values[:border].std(axis=0)
    rows = 0
    for part in (values[:border], values[border:]):
        windows = np.lib.stride_tricks.sliding_window_view(part, 120, axis=0)
        x = np.ascontiguousarray(windows[:, :, :96].transpose(0, 2, 1))
        y = np.ascontiguousarray(windows[:, -1, 96:])
        rows += len(x) + 0 * len(y)
    return rows


def adult() -> int:
    """Read, standardise numbers, make ids of categories."""
    frame = pd.read_csv(
        SHARED / "tabular/adult-test.csv", header=None, skipinitialspace=True, na_values="?"
    )
    numbers = frame[[0, 4, 10, 11, 12]].to_numpy(np.float32)
    words = np.stack([frame[c].astype("category").cat.codes for c in (1, 3, 5, 6, 7)], axis=1)
    y = (frame[14] == ">50K.").to_numpy()
    train, test, *_ = _shuffled_parts(np.concatenate([numbers, words], axis=1), y)
    train = (train - train.mean(axis=0)) / train.std(axis=0)
    return len(train) + len(test)


def large_csv() -> int:
    """Read a table of numbers, standardise it by the training rows."""
    frame = pd.read_csv(WRITTEN / "large.csv")
    y = frame.pop("y").to_numpy(np.float32)
    train, test, *_ = _shuffled_parts(frame.to_numpy(np.float32), y)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return len((train - mean) / deviation) + len((test - mean) / deviation)


def _shuffled_parts(x: np.ndarray, y: np.ndarray) -> Arrays:
    order = np.random.default_rng(1).permutation(len(x))
    train, test = np.split(order, [int(len(x) * (1 - TEST_SHARE))])
    return x[train], x[test], y[train], y[test]


IDIOMS = {
    "mnist": mnist,
    "fashion": fashion,
    "cifar10": cifar10,
    "imdb": imdb,
    "mr": mr,
    "flowers128": flowers128,
    "fsdd": fsdd,
    "etth1": etth1,
    "adult": adult,
    "large_csv": large_csv,
    "huge_csv": large_csv,
}

if __name__ == "__main__":
    print_cost(IDIOMS[sys.argv[1]])
