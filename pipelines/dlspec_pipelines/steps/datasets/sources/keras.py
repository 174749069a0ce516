"""Reads `keras`: data sets that come through keras.datasets."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlspec.language.sources import KerasSource
from dlspec_pipelines.steps.datasets.ragged import unpack_ragged_arrays
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import with_test_rows
from dlspec_pipelines.steps.datasets.text_files import BROKEN_GZIP
from dlspec_pipelines.steps.file_digests import file_digest

# What keras.datasets checks: it deletes a cached file of another hash when it cannot download.
_KERAS_FILES = {
    "california_housing": (
        "california_housing.npz",
        "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
    ),
    "cifar10": (
        "cifar-10-batches-py-target_archive",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    "cifar100": (
        "cifar-100-python-target_archive",
        "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ),
    "imdb": ("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
    "mnist": ("mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
    "reuters": ("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
}
_FASHION = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
# cifar100 over a slow line takes half of it.
_DOWNLOAD_S = 3600


@dataclass(frozen=True, slots=True)
class KerasReader:
    """Reads `KerasSource`."""

    source: KerasSource

    def read_table(self) -> Table:
        """Read all columns."""
        return keras_table(self.source)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        name = self.source.keras
        return _KERAS_FILES[name][1] if name in _KERAS_FILES else name


def keras_table(source: KerasSource) -> Table:
    """Return a data set of keras.datasets: columns `x` and `y`, its own test rows marked.

    MNIST and Fashion-MNIST are read from Keras's cache; the others, and what is not there yet,
    come from keras.datasets in a process of its own, since importing Keras takes seconds.

    Raises:
        StepError: If the cached file is another one, or the download ends without a file.
    """
    name, folder = source.keras, _keras_home() / "datasets"
    if name == "fashion_mnist":
        fashion = folder / "fashion-mnist"
        if all((fashion / file).is_file() for file in _FASHION.values()):
            arrays = {key: _read_idx_file(fashion / file) for key, file in _FASHION.items()}
            return with_test_rows(arrays, str(fashion))
        return _downloaded_keras_table(source)
    file, published = _KERAS_FILES[name]
    cached = folder / file
    if cached.is_file() and file_digest(cached) != published:
        raise unreadable_source(
            f"`{cached}` is not the file that Keras publishes as `{name}`",
            help="move it away, and read it as `npz`, or let Keras download its own",
        )
    if name == "mnist" and cached.is_file():
        with np.load(cached, allow_pickle=False) as archive:
            return with_test_rows({key: archive[key] for key in archive.files}, str(cached))
    return _downloaded_keras_table(source)


def _keras_home() -> Path:
    named = os.environ.get("KERAS_HOME")
    return Path(named).expanduser() if named else Path.home() / ".keras"


def _read_idx_file(path: Path) -> Array:
    """Read an IDX file of bytes: two zeros, type 8, the rank, then the extents as big-endian."""
    try:
        content = gzip.decompress(path.read_bytes())
    except BROKEN_GZIP as error:
        raise unreadable_source(f"`{path}` is not a whole gzip file", help="remove it") from error
    rank = content[3]
    shape = np.frombuffer(content, ">u4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape.astype(int))


def _downloaded_keras_table(source: KerasSource) -> Table:
    name = source.keras
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "arrays.npz")
        module = "dlspec_pipelines.steps.datasets.keras_child"
        # -P: a module of the same name in the current folder is not run in the place of ours.
        options = json.dumps(source.options)
        command = [sys.executable, "-P", "-m", module, name, options, str(out)]
        done = subprocess.run(  # noqa: S603 - our own module, its name from a fixed list
            command, capture_output=True, text=True, timeout=_DOWNLOAD_S, check=False
        )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise unreadable_source(
                f"keras.datasets gives no `{name}`: {reason}",
                help=f"put its file into `{_keras_home() / 'datasets'}`, or go online once",
            )
        with np.load(out, allow_pickle=False) as archive:
            return with_test_rows(
                unpack_ragged_arrays({key: archive[key] for key in archive.files}), name
            )
