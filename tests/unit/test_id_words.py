"""A report tells the words of ids, where a vocabulary knows them."""

import numpy as np
import pytest

from dlspec.language.features import TextFeature, TokensFeature
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import fit_feature
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.reports.id_words import told_ids, words_by_feature

TEXTS = ["The cat sat.", "the dog sat", "a cat and a dog"]


def fitted_text(**options):
    feature = TextFeature("t", 8, **options)
    raw = gather_raw_values(feature, Table({"t": np.array(TEXTS, dtype=object)}))
    return fit_feature(feature, raw, np.arange(len(TEXTS)))


def words_of(fitted, ids):
    return told_ids(ids, words_by_feature({"x": fitted}).get("x"))


def test_ids_of_a_listed_vocabulary_are_its_words():
    fitted = Fitted(TokensFeature("t", 4, ("pad", "stop", "red", "blue")))
    assert words_of(fitted, [3, 1, 2]) == ("blue", "stop", "red")
    # A head that is wider than its vocabulary may say an id without a word.
    assert words_of(fitted, [9]) == ("9",)


def test_ids_that_nobody_knows_stay_numbers():
    assert words_of(Fitted(TokensFeature("t", 4, 12)), [3, 11]) == ("3", "11")


def test_ids_of_a_text_are_its_words_and_the_reserved_ones_have_names():
    fitted = fitted_text(vocabulary=20, start=True, end=True)
    word = words_by_feature({"x": fitted})["x"]
    assert [word(i) for i in range(4)] == [
        "[no text]",
        "[unknown]",
        "[start of text]",
        "[end of text]",
    ]
    assert {word(i) for i in range(4, 10)} == {"the", "cat", "sat", "dog", "a", "and"}


@pytest.mark.parametrize("split", ["characters", "bpe"])
def test_parts_of_words_are_told_as_they_are_read_and_blanks_are_seen(split):
    fitted = fitted_text(vocabulary=40, split=split)
    count = len(fitted.tokenizer["model"]["vocab"])
    words = words_of(fitted, range(2, count))
    assert all(word and word == word.strip() for word in words)
    assert not any("\u0120" in word for word in words)
    if split == "characters":
        assert "\u2423" in words
