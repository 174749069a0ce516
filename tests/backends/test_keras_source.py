"""The keys of the source `keras` are the arguments of `load_data`; Keras is the judge."""

import inspect

import keras
import numpy as np
import pytest

import dlspec
from dlspec.language.kinds import keys_of
from dlspec.language.sources import KerasSource
from dlspec.language.sources.keras import KERAS_OPTIONS
from dlspec_pipelines.steps.datasets.keras_child import keras_dataset_arrays
from dlspec_pipelines.steps.datasets.ragged import pack_ragged_arrays, unpack_ragged_arrays

SPEC = """\
dlspec: 1
name: example
data:
  source: {source}
  inputs: {{review: {{tokens: x, vocabulary: 90, length: 9}}}}
  targets: {{label: {{class: y, classes: 46}}}}
  split: {{validation: 0.1, test: given}}
model:
  inputs: {{review: {{shape: [9], dtype: int32}}}}
  graph: [{{Embedding: [90, 4]}}, Flatten, {{Dense: 46, name: label}}]
"""


def _source(text):
    return dlspec.loads(SPEC.format(source=text)).data.source


@pytest.mark.parametrize("name", KERAS_OPTIONS)
def test_the_keys_of_a_data_set_are_its_arguments_with_their_defaults(name):
    said = inspect.signature(getattr(keras.datasets, name).load_data).parameters
    taken = {k: p.default for k, p in said.items() if k not in ("path", "kwargs")}
    assert KerasSource(name).options == taken


def test_every_key_is_taken_by_a_data_set():
    taken = {option for options in KERAS_OPTIONS.values() for option in options}
    assert {key.name for key in keys_of(KerasSource)} == {"keras", *taken}


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Return a function that lets Keras find a small file in the place of its download."""
    rng = np.random.default_rng(1)

    def texts(count):
        rows = np.empty(count, dtype=object)
        for i in range(count):
            rows[i] = rng.integers(1, 60, rng.integers(2, 12)).tolist()
        return rows

    labels = rng.integers(0, 2, 90)
    files = {
        "imdb": {
            "x_train": texts(60),
            "y_train": labels[:60],
            "x_test": texts(30),
            "y_test": labels[60:],
        },
        "reuters": {"x": texts(90), "y": labels},
    }
    for name, arrays in files.items():
        path = tmp_path / f"{name}.npz"
        np.savez(path, **arrays)
        module = inspect.getmodule(getattr(keras.datasets, name).load_data)
        monkeypatch.setattr(module, "get_file", lambda *_, path=path, **__: str(path))


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("{keras: imdb}", {}),
        (
            "{keras: imdb, num_words: 30, skip_top: 4, maxlen: 8, seed: 5}",
            {"num_words": 30, "skip_top": 4, "maxlen": 8, "seed": 5},
        ),
        (
            "{keras: imdb, start_char: null, oov_char: null, index_from: 0, num_words: 20}",
            {"start_char": None, "oov_char": None, "index_from": 0, "num_words": 20},
        ),
        ("{keras: reuters, test_split: 0.3, oov_char: 7}", {"test_split": 0.3, "oov_char": 7}),
        ("{keras: imdb, maxlen: 4}", {"maxlen": 4}),
    ],
)
def test_texts_of_ids_are_those_that_keras_gives(stored, text, arguments):
    source = _source(text)
    packed = pack_ragged_arrays(keras_dataset_arrays(source.keras, source.options))
    found = unpack_ragged_arrays(packed)
    halves = getattr(keras.datasets, source.keras).load_data(**arguments)
    for part, (x, y) in zip(("train", "test"), halves, strict=True):
        assert [row.tolist() for row in found[f"x_{part}"]] == [list(row) for row in x]
        np.testing.assert_array_equal(found[f"y_{part}"], y)
