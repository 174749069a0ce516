"""Data sets that Keras downloads: the process that asks it, and what is said when it fails."""

import gzip
import stat
import sys
import textwrap

import numpy as np
import pytest
from refusals import told

from dlspec.language.sources import KerasSource, SklearnSource
from dlspec_pipelines.steps.datasets.sources.keras import KerasReader, keras_table
from dlspec_pipelines.steps.datasets.sources.sklearn import SklearnReader

PYTHON = sys.executable
pytestmark = pytest.mark.usefixtures("home", "no_data_folder")


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    """Let Keras's cache be a folder of this test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras/datasets/fashion-mnist").mkdir(parents=True)
    return tmp_path / "keras"


@pytest.fixture
def interpreter(tmp_path, monkeypatch):
    """Let a script stand for Python with Keras, and for the network behind it."""

    def stand_in(body):
        script = tmp_path / "python"
        script.write_text(f"#!{PYTHON}\nimport sys\n{textwrap.dedent(body)}")
        script.chmod(stat.S_IRWXU)
        monkeypatch.setattr(sys, "executable", str(script))

    return stand_in


# Texts of ids are written as all their values, and how many each has.
WRITES_ARRAYS = """
import json
import numpy as np
*how, name, options, out = sys.argv[1:]
assert how == ["-P", "-m", "dlspec_pipelines.steps.datasets.keras_child"], how
ragged = {
    "x_train.values": np.array([1, 2, json.loads(options)["start_char"]]),
    "x_train.lengths": np.array([1, 2]),
    "x_test.values": np.array([5]),
    "x_test.lengths": np.array([1]),
}
np.savez(out, y_train=np.array([len(name), 1]), y_test=np.array([LAST]), **ragged)
"""


def test_what_the_process_wrote_is_read_with_the_options_it_was_given(keras_home, interpreter):
    interpreter(WRITES_ARRAYS.replace("LAST", "1"))
    table = KerasReader(KerasSource("imdb", start_char=7)).read_table()
    assert [list(row) for row in table.columns["x"]] == [[1], [2, 7], [5]]
    assert table.columns["y"].tolist() == [4, 1, 1]
    assert table.given_test.tolist() == [False, False, True]
    # A part of the cached files of Fashion-MNIST is none of it.
    (keras_home / "datasets/fashion-mnist/train-labels-idx1-ubyte.gz").touch()
    interpreter(WRITES_ARRAYS.replace("LAST", "1").replace('["start_char"]', '.get("seed", 8)'))
    assert keras_table(KerasSource("fashion_mnist")).columns["y"].tolist() == [13, 1, 1]
    interpreter(WRITES_ARRAYS.replace("LAST", "1, 2"))
    assert told(keras_table, KerasSource("imdb")) == (
        "`x_train` and `x_test` of `imdb` do not fit together",
        None,
    )


def test_a_process_that_fails_is_told_by_its_last_line(keras_home, interpreter):
    interpreter("print('trying', file=sys.stderr)\nsys.exit('no network\\n')")
    way = f"put its file into `{keras_home / 'datasets'}`, or go online once"
    assert told(keras_table, KerasSource("reuters")) == (
        "keras.datasets gives no `reuters`: no network",
        way,
    )
    interpreter("sys.exit(1)")
    assert told(keras_table, KerasSource("reuters")) == (
        "keras.datasets gives no `reuters`: no reason given",
        way,
    )


def idx_file(array):
    """Return an array as MNIST's files hold it."""
    extents = np.array(array.shape, dtype=">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + extents + array.tobytes())


def test_cached_halves_that_do_not_fit_are_told_with_their_folder(keras_home):
    fashion = keras_home / "datasets/fashion-mnist"
    for part, width in (("train", 2), ("t10k", 3)):
        images = np.zeros((4, 2, width), dtype=np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", images[:, 0, 0])):
            (fashion / f"{part}-{kind}-ubyte.gz").write_bytes(idx_file(array))
    assert told(keras_table, KerasSource("fashion_mnist")) == (
        f"`x_train` and `x_test` of `{fashion}` do not fit together",
        None,
    )
    # Damaged in the middle: neither short nor without a head.
    path = fashion / "train-images-idx3-ubyte.gz"
    content = bytearray(idx_file(np.random.default_rng(0).integers(0, 9, (99, 9, 9), np.uint8)))
    content[40:60] = bytes([255] * 20)
    path.write_bytes(bytes(content))
    assert told(keras_table, KerasSource("fashion_mnist")) == (
        f"`{path}` is not a whole gzip file",
        "remove it",
    )


def test_digits_need_the_files_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    assert told(SklearnReader(SklearnSource("digits")).read_table) == (
        "scikit-learn is not installed",
        "run `pip install scikit-learn`",
    )
