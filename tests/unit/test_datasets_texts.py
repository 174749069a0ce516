"""Texts in files of lines and in folders: by hand, and the real corpora of $DLSPEC_DATA."""

import gzip
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dlspec.language.features import TextFeature
from dlspec.language.sources import TextFolderSource, TextLinesSource
from dlspec_pipelines.steps.datasets.read_source import content_hash, read_source_table
from dlspec_pipelines.steps.preparation.text_tokenizers import (
    encodings_of_texts,
    loaded_tokenizer,
    trained_tokenizer,
)
from dlspec_pipelines.steps.step_errors import StepError

DATA = Path(os.environ.get("DLSPEC_DATA", "/nowhere")) / "text"
needs_corpora = pytest.mark.skipif(not DATA.is_dir(), reason="DLSPEC_DATA has no folder `text`")


def _rows(source, base):
    table = read_source_table(source, base)
    return {name: column.tolist() for name, column in table.columns.items()}


def _refusal(source, base):
    with pytest.raises(StepError) as caught:
        read_source_table(source, base)
    assert caught.value.code == "DL610"
    return str(caught.value)


def test_a_blank_line_within_is_told_and_is_none_once_it_is_taken_out(tmp_path):
    file, source = tmp_path / "sms", TextLinesSource("sms", separator=("\t",))
    file.write_text("ham\ta\n\nspam\tb\n  \nham\tc\n\n\n", encoding="utf-8")
    told = _refusal(source, tmp_path)
    assert "line 2: the line is blank, and 1 more line" in told
    assert "take lines without a text out of the file" in told
    kept = [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    file.write_text("\n".join(kept) + "\n\n", encoding="utf-8")
    assert _rows(source, tmp_path) == {"class": ["ham", "spam", "ham"], "text": ["a", "b", "c"]}


def test_a_file_for_each_class(tmp_path):
    tmp_path.joinpath("n.txt").write_bytes("schlecht\r\nmäßig\x85\r\n\n".encode("latin-1"))
    tmp_path.joinpath("p.txt").write_bytes(b"gut")
    source = TextLinesSource({"neg": "n.txt", "pos": "p.txt"}, encoding="latin-1")
    table = read_source_table(source, tmp_path)
    assert table.columns["text"].tolist() == ["schlecht", "mäßig\x85", "gut"]
    assert table.columns["class"].tolist() == ["neg", "neg", "pos"]
    assert str(table.place_of(2)) == "line 1 of `p.txt`"


def test_a_label_before_each_text(tmp_path):
    tmp_path.joinpath("sms").write_text('ham\tsay "hi"\tthere\nspam\twin\n', encoding="utf-8")
    source = TextLinesSource("sms", separator=("\t",))
    assert _rows(source, tmp_path) == {
        "class": ["ham", "spam"],
        "text": ['say "hi"\tthere', "win"],
    }


def test_several_separators_divide_a_line_into_several_columns(tmp_path):
    tmp_path.joinpath("q").write_text("NUM:dist How far : is it ?\n", encoding="utf-8")
    source = TextLinesSource("q", separator=(":", " "), columns=("class", "kind", "question"))
    assert _rows(source, tmp_path) == {
        "class": ["NUM"], "kind": ["dist"], "question": ["How far : is it ?"],
    }  # fmt: skip


def test_equal_lines_of_packed_files_belong_together(tmp_path):
    for name, lines in {"en": "one\ntwo\n", "fr": "un\ndeux\n"}.items():
        tmp_path.joinpath(f"a.{name}.gz").write_bytes(gzip.compress(lines.encode()))
    source = TextLinesSource({"en": "a.en.gz", "fr": "a.fr.gz"}, aligned=True)
    assert _rows(source, tmp_path) == {"en": ["one", "two"], "fr": ["un", "deux"]}
    before = content_hash(source, tmp_path)
    tmp_path.joinpath("a.fr.gz").write_bytes(gzip.compress(b"un\nduex\n"))
    assert content_hash(source, tmp_path) != before


@pytest.mark.parametrize(
    ("content", "keys", "told"),
    [
        (b"caf\xe9\n", {}, "is not text in the encoding `utf-8`"),
        (b"caf\n", {"encoding": "latin-7b"}, "is not text in the encoding `latin-7b`"),
        (b" \n\n", {}, "is empty"),
        (b"ham\ta\nspam b\n", {"separator": ("\t",)}, "line 2: there is no tab"),
        (b"ham a\nspam\n", {"separator": (" ",)}, "line 2: there is no blank"),
        (b"ham;a\nspam\n", {"separator": (";",)}, "line 2: there is no `;`"),
    ],
)
def test_a_file_that_is_no_such_text_is_refused(tmp_path, content, keys, told):
    tmp_path.joinpath("a.txt").write_bytes(content)
    assert told in _refusal(TextLinesSource("a.txt", **keys), tmp_path)


def test_the_help_says_what_a_separator_looks_like(tmp_path):
    tmp_path.joinpath("a.txt").write_text("ham\ta\nspam b\n", encoding="utf-8")
    with pytest.raises(StepError) as caught:
        read_source_table(TextLinesSource("a.txt", separator=("\t",)), tmp_path)
    way = "write one into that line, or the `separator` that every line has, such as "
    assert caught.value.help == way + '`separator: " "`'
    with pytest.raises(StepError) as caught:
        read_source_table(TextLinesSource("a.txt", separator=("|",)), tmp_path)
    assert caught.value.help == way + '`separator: "\\t"`'


def test_files_that_do_not_pair_or_unpack_are_refused(tmp_path):
    tmp_path.joinpath("a").write_text("one\ntwo\n", encoding="utf-8")
    tmp_path.joinpath("b").write_text("un\n", encoding="utf-8")
    tmp_path.joinpath("c.gz").write_bytes(gzip.compress(b"un\ndeux\n")[:-9])
    told = _refusal(TextLinesSource({"en": "a", "fr": "b"}, aligned=True), tmp_path)
    assert "has 1 line," in told
    assert "has 2" in told
    assert "cannot be unpacked" in _refusal(TextLinesSource("c.gz"), tmp_path)
    assert "there is no file `d`" in _refusal(TextLinesSource("d"), tmp_path)


def test_a_folder_of_texts_for_each_class(tmp_path):
    for name, text in {
        "neg/b.txt": "bad",
        "neg/a.txt": "caf\xe9",
        "pos/c.txt": "good\nfilm",
    }.items():
        tmp_path.joinpath("all", name).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath("all", name).write_text(text, encoding="latin-1")
    assert _rows(TextFolderSource("all", encoding="latin-1"), tmp_path) == {
        "text": ["caf\xe9", "bad", "good\nfilm"],
        "file": ["neg/a.txt", "neg/b.txt", "pos/c.txt"],
        "class": ["neg", "neg", "pos"],
    }
    assert "a.txt`, line 1, is not text in the encoding" in _refusal(
        TextFolderSource("all"), tmp_path
    )
    named = TextFolderSource("all", names="{kind}/{n}", encoding="latin-1")
    assert _rows(named, tmp_path)["kind"] == ["neg", "neg", "pos"]


# -- real corpora ----------------------------------------------------------------------------------


@needs_corpora
def test_the_sentences_of_mr():
    source = TextLinesSource(
        {"neg": "rt-polarity/rt-polarity.neg", "pos": "rt-polarity/rt-polarity.pos"},
        encoding="latin-1",
    )
    rows = _rows(source, DATA)
    assert Counter(rows["class"]) == {"neg": 5331, "pos": 5331}
    assert rows["text"][0] == "simplistic , silly and tedious . "
    assert all(text.strip() for text in rows["text"])
    assert "utf-8" in _refusal(TextLinesSource("rt-polarity/rt-polarity.pos"), DATA)


@needs_corpora
def test_the_questions_of_trec():
    keys = {"separator": (":", " "), "columns": ("class", "kind", "text"), "encoding": "latin-1"}
    rows = _rows(TextLinesSource("trec/TREC.train", **keys), DATA)
    assert len(rows["text"]) == 5452
    assert set(rows["class"]) == {"ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"}
    assert len({f"{a}:{b}" for a, b in zip(rows["class"], rows["kind"], strict=True)}) == 50
    assert rows["text"][0] == "How did serfdom develop in and then leave Russia ?"


@needs_corpora
def test_the_messages_of_the_sms_collection():
    rows = _rows(TextLinesSource("sms_spam/SMSSpamCollection", separator=("\t",)), DATA)
    assert Counter(rows["class"]) == {"ham": 4827, "spam": 747}


@needs_corpora
def test_the_pairs_of_multi30k():
    files = {"en": "multi30k-en-fr/train.en.gz", "fr": "multi30k-en-fr/train.fr.gz"}
    rows = _rows(TextLinesSource(files, aligned=True), DATA)
    assert len(rows["en"]) == len(rows["fr"]) == 29_000
    assert rows["en"][0] == "Two young, White males are outside near many bushes."
    assert rows["fr"][0].startswith("Deux jeunes hommes blancs sont dehors")


@needs_corpora
def test_the_reviews_of_imdb():
    table = read_source_table(TextFolderSource("imdb/aclImdb_small"), DATA)
    assert Counter(table.columns["class"].tolist()) == {"neg": 750, "pos": 750}
    assert table.given_test.sum() == 500
    assert "<br />" in " ".join(table.columns["text"])


@needs_corpora
def test_words_are_those_of_text_vectorization_but_for_what_is_not_ascii():
    import keras

    source = TextLinesSource(
        {"neg": "rt-polarity/rt-polarity.neg", "pos": "rt-polarity/rt-polarity.pos"},
        encoding="latin-1",
    )
    texts = read_source_table(source, DATA).columns["text"].tolist()
    reviews = sorted((DATA / "imdb/aclImdb_small/train").glob("*/*.txt"))
    texts += [path.read_text(encoding="utf-8") for path in reviews]
    texts = [text for text in texts if text.isascii()]
    assert len(texts) > 10_000
    layer = keras.layers.TextVectorization(output_mode="int")
    layer.adapt(texts)
    theirs = layer.get_vocabulary()
    feature = TextFeature("text", 9, vocabulary=len(theirs))
    tokenizer = loaded_tokenizer(trained_tokenizer(feature, texts))
    assert set(tokenizer.get_vocab()) - {"[no text]", "[unknown]"} == set(theirs[2:])
    some = texts[:: len(texts) // 500]
    ids = np.asarray(layer(some))
    for (_, ours), row in zip(encodings_of_texts(tokenizer, some), ids, strict=True):
        assert ours.tokens == [theirs[i] for i in row if i]
