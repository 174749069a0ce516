"""Texts become ids: split, standardised, counted; the vocabulary is that of the training rows."""

import json

import numpy as np
import pytest

from dlspec.language.features import TextFeature, TokensFeature
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import (
    Preparation,
    fit_feature,
    load_preparation,
    preparation_from_json,
    preparation_to_json,
)
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.preparation.sampling import Samples, element_batches
from dlspec_pipelines.steps.preparation.text_tokenizers import loaded_tokenizer, text_of_ids
from dlspec_pipelines.steps.step_errors import StepError

REVIEWS = ["A fine film .", "a dull film", "A FINE, fine day!", "nothing new"]


def _column(texts):
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    return column


def _made(feature, texts, train=None):
    table = Table({"review": _column(texts)})
    rows = np.arange(table.rows)
    raw = gather_raw_values(feature, table)
    fitted = fit_feature(feature, raw, rows if train is None else np.asarray(train))
    made = np.concatenate(list(element_batches(fitted, raw, Samples(rows, rows, None))))
    assert made.dtype == np.int32
    assert made.shape == (table.rows, feature.length)
    return fitted, made


def _words(fitted):
    vocabulary = fitted.tokenizer["model"]["vocab"]
    return sorted(vocabulary, key=vocabulary.get)


def _refusal(feature, column):
    with pytest.raises(StepError) as caught:
        gather_raw_values(feature, Table({"review": np.asarray(column)}))
    assert caught.value.code == "DL613"
    return str(caught.value)


def test_the_most_frequent_words_have_the_first_ids_and_others_are_unknown():
    fitted, made = _made(TextFeature("review", 4, vocabulary=5), REVIEWS)
    assert _words(fitted) == ["[no text]", "[unknown]", "a", "fine", "film"]
    assert made.tolist() == [[2, 3, 4, 0], [2, 1, 4, 0], [2, 3, 3, 1], [1, 1, 0, 0]]


def test_the_vocabulary_is_that_of_the_training_rows_alone():
    fitted, made = _made(TextFeature("review", 3, vocabulary=100), REVIEWS, train=[1])
    assert _words(fitted)[2:] == ["a", "dull", "film"]
    assert made[3].tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(True, True, [2, 4, 3]), (True, False, [2, 3, 0]), (False, True, [3, 2, 0])],
)
def test_start_and_end_have_ids_of_their_own(start, end, expected):
    feature = TextFeature("review", 3, vocabulary=("film",), start=start, end=end)
    _, made = _made(feature, ["film"])
    assert made[0].tolist() == expected
    assert feature.num_ids == 3 + start + end


@pytest.mark.parametrize("pad", ["start", "end"])
@pytest.mark.parametrize("cut", ["start", "end"])
def test_a_shifted_text_tells_what_follows_each_place(pad, cut):
    letters = tuple("abcdefgh")
    texts = ["a b", "a b c", "a b c d", "a b c d e f g h"]
    kept = {"vocabulary": letters, "start": True, "end": True, "pad": pad, "cut": cut}
    _, said = _made(TextFeature("review", 5, **kept), texts)
    _, told = _made(TextFeature("review", 5, **kept, shift=1), texts)
    assert (told[:, :-1] == np.where(said[:, :-1] == 0, 0, said[:, 1:])).all()


def test_short_texts_are_filled_up_and_long_ones_cut_at_the_side_that_is_said():
    words = tuple("abcd")
    made = {
        (pad, cut): _made(
            TextFeature("review", 3, vocabulary=words, pad=pad, cut=cut), ["a b", "a b c d"]
        )[1].tolist()
        for pad in ("start", "end")
        for cut in ("start", "end")
    }
    assert made["end", "end"] == [[2, 3, 0], [2, 3, 4]]
    assert made["start", "end"] == [[0, 2, 3], [2, 3, 4]]
    assert made["end", "start"] == [[2, 3, 0], [3, 4, 5]]
    assert made["start", "start"] == [[0, 2, 3], [3, 4, 5]]


@pytest.mark.parametrize(
    ("standardize", "words"),
    [
        ("none", ["It's", "FINE."]),
        ("lower", ["it's", "fine."]),
        ("strip_punctuation", ["FINE", "Its"]),
        ("lower_and_strip_punctuation", ["fine", "its"]),
    ],
)
def test_a_text_is_standardised_as_it_is_said(standardize, words):
    feature = TextFeature("review", 2, vocabulary=9, standardize=standardize)
    fitted, _ = _made(feature, ["It's FINE."])
    assert sorted(_words(fitted)[2:]) == sorted(words)


def test_characters_have_ids_and_blanks_are_characters():
    feature = TextFeature("review", 6, vocabulary=9, split="characters", standardize="none")
    fitted, made = _made(feature, ["ab a\na"])
    assert set(_words(fitted)[2:]) == {"a", "b", " ", "\n"}
    assert text_of_ids(loaded_tokenizer(fitted.tokenizer), feature, made[0].tolist()) == "ab a\na"


def test_parts_of_words_are_learned_and_give_the_text_back():
    feature = TextFeature(
        "review", 30, vocabulary=40, split="bpe", standardize="lower", start=True, end=True
    )
    texts = ["low lower lowest", "new newer\nnewest", "low newest"]
    fitted, made = _made(feature, texts)
    assert {"▁low", "▁new"} <= set(_words(fitted))
    assert made.max() < 40
    tokenizer = loaded_tokenizer(fitted.tokenizer)
    said = [text_of_ids(tokenizer, feature, row.tolist()) for row in made]
    assert said == ["low lower lowest", "new newer newest", "low newest"]


def test_an_alphabet_larger_than_the_vocabulary_leaves_the_rarest_letters_unknown():
    feature = TextFeature("review", 20, vocabulary=6, split="bpe")
    fitted, made = _made(feature, ["aaa bb c d e f"])
    assert _words(fitted)[2:] == ["a", "b", "c", "▁"]
    assert made.max() < 6
    assert (made == 1).any()


@pytest.mark.parametrize(
    ("split", "vocabulary"), [("words", 30), ("characters", 8), ("bpe", 8), ("bpe", 60)]
)
def test_equally_frequent_words_get_the_same_ids_each_time(split, vocabulary):
    letters = "abcdefghijklmnop"
    texts = [
        f"{a}{b} {b}{c} {c}" for a, b, c in zip(letters, letters[3:], letters[5:], strict=False)
    ]
    feature = TextFeature("review", 9, vocabulary=vocabulary, split=split)
    fitted = [_words(_made(feature, texts)[0]) for _ in range(6)]
    assert all(words == fitted[0] for words in fitted)


def test_a_text_cannot_say_a_reserved_id():
    feature = TextFeature("review", 6, vocabulary=20, standardize="none", start=True, end=True)
    _, made = _made(feature, ["[start of text] [no text] x"], train=[0])
    assert made[0].tolist()[0] == 2
    assert 2 not in made[0].tolist()[1:]
    assert 0 not in made[0].tolist()[1:]


def test_a_preparation_of_texts_survives_json_and_gives_the_same_ids():
    feature = TextFeature("review", 4, vocabulary=12, split="bpe", pad="start")
    fitted, made = _made(feature, REVIEWS)
    kept = Preparation({"review": fitted}, {}, None, "f", "d", {"train": 4})
    written = preparation_to_json(kept)
    assert "▁" in written
    again = preparation_from_json(written)
    assert again == kept
    part = apply_preparation(again, Table({"review": _column(REVIEWS)}))
    assert (part.inputs["review"] == made).all()


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (_column(["a", None]), "column `review`, row 1: a missing value is no text"),
        (_column(["a", " \t"]), "column `review`, row 1: the text is empty"),
        (_column(["a", 7]), "column `review`, row 1: `7` is no text"),
        (np.arange(3), "column `review` holds numbers, not texts"),
        (np.zeros((3, 2)), "column `review` holds arrays of shape (2,), not texts"),
    ],
)
def test_what_is_no_text_is_refused_with_its_row(column, told):
    assert told in _refusal(TextFeature("review", 4, vocabulary=9), column)


def test_texts_in_the_place_of_ids_are_sent_to_text():
    told = _refusal(TokensFeature("review", 4, 9), _column(REVIEWS))
    assert "column `review` holds texts, not ids" in told
    assert "{text: review, vocabulary: 10000, length: 4}" in told


def test_a_listed_word_that_no_text_can_hold_is_refused():
    with pytest.raises(StepError, match=r"no text can hold `Fine`.*it is read as `fine`"):
        _made(TextFeature("review", 4, vocabulary=("fine", "Fine")), REVIEWS)
    with pytest.raises(StepError, match="it is read as 2 words"):
        _made(TextFeature("review", 4, vocabulary=("a film",)), REVIEWS)


def test_training_rows_without_a_word_are_refused():
    with pytest.raises(StepError, match="no training row of column `review` holds a word"):
        _made(TextFeature("review", 4, vocabulary=9), ["...", "!"])


# -- a whole data set ------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    return tmp_path


def _data(tmp_path, lines, **features):
    tmp_path.joinpath("reviews.csv").write_text("\n".join(["said,told", *lines]), encoding="utf-8")
    targets = {name: f for name, f in features.items() if name == "target"}
    inputs = {name: f for name, f in features.items() if name != "target"}
    return Data(CsvSource(("reviews.csv",)), inputs, targets)


LINES = [f'"{i} wörds, to say",ok {i % 3}' for i in range(40)]


def test_a_csv_of_texts_that_look_like_numbers_stays_text(home):
    feature = TextFeature("said", 2, vocabulary=100)
    data = _data(home, [f"1E{i},x" for i in range(40)], review=feature)
    found = prepare_dataset(data, base=home)
    words = _words(load_preparation(home / "home/datasets" / found.fingerprint).inputs["review"])
    assert "1e7" in words or "1e8" in words


def test_a_feature_like_another_has_its_ids(home):
    said = TextFeature("said", 6, vocabulary=60, start=True, end=True)
    target = TextFeature("said", 6, vocabulary=60, start=True, end=True, like="review", shift=1)
    found = prepare_dataset(_data(home, LINES, review=said, target=target), base=home)
    part = open_part(found, "train")
    assert (part.targets["target"][:, :-1] == part.inputs["review"][:, 1:]).all()
    assert (np.asarray(part.inputs["review"])[:, 0] == 2).all()


def test_unknown_words_and_cut_rows_are_counted_in_each_part(home):
    feature = TextFeature("said", 3, vocabulary=("say", "to"))
    found = prepare_dataset(_data(home, LINES, review=feature), base=home)
    folder = home / "home/datasets" / found.fingerprint
    findings = json.loads(folder.joinpath("contract.json").read_text())["findings"]
    told = {(one["kind"], one["subject"]): one for one in findings}
    train = found.rows["train"]
    assert told["unknown_words", "review/train"]["count"] == 2 * train
    assert f"{2 * train} of {4 * train} words" in told["unknown_words", "review/train"]["message"]
    assert f"`wörds` ({train})" in told["unknown_words", "review/train"]["message"]
    assert told["cut_samples", "review/test"]["count"] == found.rows["test"]


def test_a_vocabulary_is_read_from_a_file_and_another_file_is_another_data_set(home):
    from dlspec.language.features.text import VocabularyFile

    home.joinpath("words.txt").write_text("to\nsay\nwörds\n", encoding="utf-8")
    feature = TextFeature("said", 4, vocabulary=VocabularyFile("words.txt", 4))
    data = _data(home, LINES, review=feature)
    found = prepare_dataset(data, base=home)
    fitted = load_preparation(home / "home/datasets" / found.fingerprint).inputs["review"]
    assert _words(fitted) == ["[no text]", "[unknown]", "to", "say"]
    home.joinpath("words.txt").write_text("say\nto\n", encoding="utf-8")
    assert prepare_dataset(data, base=home).fingerprint != found.fingerprint
    home.joinpath("words.txt").write_text("to\nto\n", encoding="utf-8")
    with pytest.raises(StepError, match=r"line 2: `to` stands in line 1 too"):
        prepare_dataset(data, base=home)
