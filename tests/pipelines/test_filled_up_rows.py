"""Rows of several lengths as arrays of one, judged by Keras's `pad_sequences`; ids past the end."""

import numpy as np
import pytest
from keras.utils import pad_sequences

from dlspec.language.features import SequenceFeature, TensorFeature, TokensFeature
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.past_vocabularies import ids_past_vocabularies
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.step_errors import StepError
from tests.unit.refusals import objects


def _read(feature, column):
    """Return what a feature reads of its column."""
    (name,) = feature.columns
    return gather_raw_values(feature, Table({name: column}))


def _refused(feature, column):
    with pytest.raises(StepError) as caught:
        _read(feature, column)
    assert caught.value.code == "DL613"
    return caught.value


@pytest.mark.parametrize("pad", ["end", "start"])
@pytest.mark.parametrize("cut", ["end", "start"])
def test_tokens_are_filled_up_and_cut_as_keras_does_it(pad, cut):
    rng = np.random.default_rng(7)
    rows = [rng.integers(1, 50, length).tolist() for length in (0, 1, 4, 5, 6, 11)]
    said = {"end": "post", "start": "pre"}
    theirs = pad_sequences(rows, maxlen=5, padding=said[pad], truncating=said[cut])
    feature = TokensFeature("t", 5, 50, pad=pad, cut=cut)
    np.testing.assert_array_equal(_read(feature, objects(*rows)).values, theirs)
    # Rows of one length are an array of their own.
    for length in (3, 5, 8):
        dense = rng.integers(1, 50, (4, length))
        theirs = pad_sequences(dense, maxlen=5, padding=said[pad], truncating=said[cut])
        np.testing.assert_array_equal(_read(feature, dense).values, theirs)


@pytest.mark.parametrize("pad", ["end", "start"])
@pytest.mark.parametrize("cut", ["end", "start"])
def test_sequences_are_filled_up_and_cut_as_keras_does_it(pad, cut):
    rng = np.random.default_rng(8)
    rows = [rng.normal(size=(length, 2)).tolist() for length in (1, 4, 5, 6, 11)]
    said = {"end": "post", "start": "pre"}
    theirs = pad_sequences(rows, maxlen=5, padding=said[pad], truncating=said[cut], dtype="float32")
    column = objects(*rows)
    for feature in (
        SequenceFeature("s", 5, 2, pad=pad, cut=cut),
        TensorFeature("s", (5, 2), pad=pad, cut=cut),
    ):
        raw = _read(feature, column)
        np.testing.assert_array_equal(raw.values.astype(np.float32), theirs)
        assert raw.cut == 2


def test_ids_past_the_vocabulary_become_the_unknown_one_and_are_counted():
    column = objects([3, 10, 12], [9], [11, 4, 5, 99])
    raw = _read(TokensFeature("t", 3, 10, above="unknown"), column)
    assert raw.values.tolist() == [[3, 1, 1], [9, 0, 0], [1, 4, 5]]
    # What is cut is not seen, and not counted.
    assert raw.unknown.tolist() == [2, 0, 1]
    told = [
        (f.kind, f.subject, f.count, f.message)
        for f in ids_past_vocabularies(
            {"words": raw}, {"train": np.array([0, 1]), "test": np.array([1])}
        )
    ]
    text = "2 ids in 1 of 2 train samples of `words` are past its vocabulary and read as the"
    assert told == [("unknown_ids", "words/train", 2, f"{text} unknown id")]
    named = TokensFeature("t", 3, 10, above="unknown", unknown=2)
    assert _read(named, column).values.tolist()[0] == [3, 2, 2]


@pytest.mark.parametrize("wrong", [-1, 2.5])
def test_what_is_no_id_is_refused_whatever_is_past_the_vocabulary(wrong):
    feature = TokensFeature("t", 3, 10, above="unknown")
    error = _refused(feature, objects([1], [2, wrong]))
    assert f"row 1: `{wrong}" in error.message


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (([[1, 2]], [[1, 2], [3]]), "column `s`, row 1: its steps have several lengths"),
        (([[1, 2]], [[1, 2, 3]]), "column `s`, row 1: its steps have the shape (3,), not (2,)"),
        (([[1, 2]], [["a", "b"]]), "column `s`, row 1: an array of something else than numbers"),
        (([[1, 2]], None), "column `s`, row 1: the value is missing"),
    ],
)
def test_a_row_that_is_no_sequence_is_named(rows, told):
    assert _refused(SequenceFeature("s", 3, 2), objects(*rows)).message == told
