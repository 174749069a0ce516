"""Each source: its identity changes when its content does, and what it reads is its rows."""

import json
import sqlite3

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image
from refusals import told

from dlspec.language.features import TextFeature
from dlspec.language.sources import (
    AudioFolderSource,
    CsvSource,
    ImageFolderSource,
    JsonLinesSource,
    KerasSource,
    NpzSource,
    ParquetSource,
    SqlSource,
    TextFolderSource,
    TextLinesSource,
    TimeSeriesTsSource,
)
from dlspec_pipelines.steps.datasets.read_source import content_hash, read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.fitting import fit_feature
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")


def _write_text(folder, number):
    (folder / "a.txt").write_text(f"{number}\n")


def _write_series(folder, number):
    (folder / "a.txt").write_text(f"@data\n{number},2\n")


def _write_json(folder, number):
    (folder / "a.txt").write_text(json.dumps({"n": number}) + "\n")


def _write_npz(folder, number):
    np.savez(folder / "a.npz", n=np.array([number]))


def _write_parquet(folder, number):
    pd.DataFrame({"n": [number]}).to_parquet(folder / "a.parquet")


def _write_database(folder, number):
    with sqlite3.connect(folder / "a.db") as connection:
        connection.executescript(f"DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT {number} AS n")
    connection.close()


def _write_folder(folder, number):
    (folder / "d/k").mkdir(parents=True, exist_ok=True)
    (folder / "d/k/1.txt").write_text(str(number))


@pytest.mark.parametrize(
    ("source", "write"),
    [
        (CsvSource(("a.txt",)), _write_text),
        (TextLinesSource(("a.txt",)), _write_text),
        (TimeSeriesTsSource(("a.txt",)), _write_series),
        (JsonLinesSource(("a.txt",)), _write_json),
        (NpzSource(("a.npz",)), _write_npz),
        (ParquetSource(("a.parquet",)), _write_parquet),
        (SqlSource("SELECT n FROM t", "sqlite:///a.db"), _write_database),
        (TextFolderSource("d"), _write_folder),
        (ImageFolderSource("d"), _write_folder),
        (AudioFolderSource("d"), _write_folder),
    ],
    ids=lambda one: type(one).__name__,
)
def test_another_content_is_another_identity(tmp_path, source, write):
    write(tmp_path, 1)
    first = content_hash(source, tmp_path)
    assert len(first) == 64
    write(tmp_path, 1)
    assert content_hash(source, tmp_path) == first or source.word == "npz"
    write(tmp_path, 3)
    assert content_hash(source, tmp_path) != first


def test_published_data_sets_are_known_by_what_is_published():
    assert len(content_hash(KerasSource("mnist"), None)) == 64
    assert content_hash(KerasSource("mnist"), None) != content_hash(KerasSource("imdb"), None)
    assert content_hash(KerasSource("boston_housing"), None) == "boston_housing"


def test_a_source_without_rows_is_told(tmp_path):
    way = "name data with at least one row for each part of the split"
    for name in ("a.npz", "b.npz"):
        np.savez(tmp_path / name, **{name[0]: np.zeros(0)})
    assert told(read_source_table, NpzSource(("a.npz",)), tmp_path) == (
        "the source has no rows: `a.npz` holds none",
        way,
    )
    assert told(read_source_table, NpzSource(("a.npz", "b.npz")), tmp_path) == (
        "the source has no rows: `a.npz`, `b.npz` hold none",
        way,
    )


def test_files_that_pyarrow_does_not_read(tmp_path):
    (tmp_path / "a.parquet").write_text("no table")
    message, _ = told(read_source_table, ParquetSource(("a.parquet",)), tmp_path)
    assert message.startswith(f"`{tmp_path / 'a.parquet'}` cannot be read as Parquet: ")
    (tmp_path / "a.jsonl").write_text("no object\n")
    message, _ = told(read_source_table, JsonLinesSource(("a.jsonl",)), tmp_path)
    assert message.startswith(
        f"`{tmp_path / 'a.jsonl'}` cannot be read as JSON, an object on each line: "
    )


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_folders_leave_out_what_cannot_be_decoded_where_it_is_said(tmp_path, kind):
    for name in ("1", "2"):
        (tmp_path / "d" / name).mkdir(parents=True)
        if kind == "sound":
            soundfile.write(tmp_path / "d" / name / "a.wav", np.full(9, 0.5), 100)
        else:
            Image.fromarray(np.zeros((2, 2), dtype=np.uint8)).save(tmp_path / "d" / name / "a.png")
        (tmp_path / "d" / name / "bad.wav").write_text("no sound")
    source = AudioFolderSource if kind == "sound" else ImageFolderSource
    whole = read_source_table(source("d"), tmp_path)
    assert (whole.rows, whole.left_out) == (4, ())
    assert (whole.columns["class"].dtype.kind, whole.columns["class"].tolist()) == (
        "i",
        [1, 1, 2, 2],
    )
    kept = read_source_table(source("d", unreadable="skip"), tmp_path, text_columns=("class",))
    assert kept.columns["class"].tolist() == ["1", "2"]
    assert kept.left_out == ("1/bad.wav", "2/bad.wav")


@pytest.mark.parametrize(
    ("word", "became"),
    [("Red", "`red`"), ("Blue", "another one"), ("red sea", "2 words"), ("!", "nothing")],
)
def test_words_that_no_text_can_hold(word, became):
    feature = TextFeature("t", 5, ("red", word))
    table = Table({"t": np.array(["red"], dtype=object)})
    raw = gather_raw_values(feature, table)
    assert told(fit_feature, feature, raw, np.arange(1)) == (
        f"no text can hold `{word}`, which `vocabulary` of column `t` lists: it is read as "
        f"{became}",
        "list words as `standardize: lower_and_strip_punctuation` leaves them",
    )
