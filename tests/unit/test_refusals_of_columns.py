"""What is said of columns that their feature cannot read, and what it makes of others."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from refusals import objects, told

from dlspec.language.features import (
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    NumberFeature,
    SequenceFeature,
    SeriesFeature,
    TensorFeature,
    TextFeature,
    TokensFeature,
    VectorFeature,
)
from dlspec.language.features.text import VocabularyFile
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import (
    CsvSource,
    ImageFolderSource,
    JsonLinesSource,
)
from dlspec_pipelines.steps.datasets.stray_blanks import stripped_texts
from dlspec_pipelines.steps.datasets.table import (
    Table,
    require_columns,
    shown_value,
    single_column,
)
from dlspec_pipelines.steps.preparation.dataset import (
    fingerprint_of,
    prepare_dataset,
    table_of_data,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation, fit_feature
from dlspec_pipelines.steps.preparation.missing_policies import missing_policies
from dlspec_pipelines.steps.preparation.past_vocabularies import new_ids_past_vocabularies
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values, preparer_of
from dlspec_pipelines.steps.preparation.raw_columns import Fill, padded_rows
from dlspec_pipelines.steps.preparation.series_groups import in_order_of_series, series_numbers
from dlspec_pipelines.steps.preparation.unknown_categories import unknown_in_new_rows
from dlspec_pipelines.steps.preparation.vocabulary_files import with_vocabulary_words

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")


@pytest.fixture(autouse=True)
def _keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


# -- columns ---------------------------------------------------------------------------------------


def test_columns_that_are_not_there():
    table = Table({"size": np.arange(2), "kind": np.arange(2)})
    require_columns(table, ["kind", "size"])
    assert told(require_columns, table, ["sise", "kind", "sise"]) == (
        "the source has no column `sise`",
        "write `size` for `sise`",
    )
    assert told(require_columns, table, ["sise", "knd"]) == (
        "the source has no columns `sise`, `knd`",
        "write `size` for `sise` and `kind` for `knd`",
    )
    wide = Table({f"c{n:02}": np.arange(2) for n in range(13)})
    listed = ", ".join(f"`c{n:02}`" for n in range(12))
    assert told(require_columns, wide, ["other"])[1] == f"it has {listed} and 1 more"
    assert told(require_columns, table, ["other"])[1] == "it has `size`, `kind`"


def test_a_column_of_one_plain_value_for_each_row():
    why = "column `n` does not hold one plain value per row"
    for column in (np.zeros((2, 2)), objects([1], 2), np.array([1j, 2])):
        assert told(single_column, "n", column) == (why, None)
    assert single_column("n", np.array([[1], [2]])).tolist() == [1, 2]
    dates = np.array(["2024-01-31", "NaT"], dtype="M8[D]")
    assert single_column("n", dates).tolist() == ["2024-01-31", None]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (objects([1, 2], None), "column `v`, row 1: the value is missing"),
        (objects([1, 2], 3), "column `v`, row 1: no array, as other rows have"),
        (
            objects([1, 2], [3]),
            "column `v`, row 1: an array of shape (1,), where row 0 has shape (2,)",
        ),
        (objects([1, 2], ["a", "b"]), "column `v`, row 1: no numbers, where row 0 has shape (2,)"),
        (objects([[1], [2, 3]], [1]), "column `v` holds lists of several lengths in one row"),
    ],
)
def test_rows_that_are_no_array_of_one_shape(column, why):
    raw = preparer_of(VectorFeature(("v",))).raw_values
    assert told(raw, Table({"v": column})) == (why, None)


def test_vectors_of_another_length():
    raw = preparer_of(VectorFeature(("v",), length=3)).raw_values
    assert told(raw, Table({"v": np.zeros((2, 2, 2))})) == (
        "column `v` holds vectors of 4 numbers, not 3",
        "write `length: 4`",
    )


@pytest.mark.parametrize(
    ("column", "why", "help"),
    [
        (objects([[1, 2]], None), "column `v`, row 1: the value is missing", None),
        (
            objects([[1, 2]], [[1], [2, 3]]),
            "column `v`, row 1: its steps have several lengths",
            None,
        ),
        (
            objects([[1, 2]], [["a", "b"]]),
            "column `v`, row 1: an array of something else than numbers",
            None,
        ),
        (
            objects([[1, 2]], [[1, 2, 3]]),
            "column `v`, row 1: its steps have the shape (3,), not (2,)",
            None,
        ),
        (np.arange(3.0), "column `v` holds one value per row, not a sequence", None),
        (
            np.zeros((2, 3, 4)),
            "column `v` has steps of shape (4,), not (2,)",
            "say how many numbers a step has under `features`",
        ),
        (
            np.zeros((2, 3)),
            "column `v` has steps of shape (), not (2,)",
            "say how many numbers a step has under `features`",
        ),
    ],
)
def test_rows_that_are_no_sequence(column, why, help):
    raw = preparer_of(SequenceFeature("v", 4, 2)).raw_values
    assert told(raw, Table({"v": column})) == (why, help)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("pad", ["end", "start"])
@pytest.mark.parametrize("cut", ["end", "start"])
@pytest.mark.parametrize("length", [2, 3, 5])
def test_sequences_come_to_one_length(dense, pad, cut, length):
    rows = np.array([[1, 2, 3], [4, 5, 6]])
    column = rows if dense else objects(*rows.tolist())
    raw = padded_rows("v", column, (length,), Fill(pad, cut))
    kept = rows[:, :length] if cut == "end" else rows[:, max(0, 3 - length) :]
    missing = length - kept.shape[1]
    around = (0, missing) if pad == "end" else (missing, 0)
    np.testing.assert_array_equal(raw.values, np.pad(kept, [(0, 0), around]))
    assert raw.cut == (2 if length < 3 else 0)
    if missing:
        np.testing.assert_array_equal(raw.mask, np.pad(np.ones_like(kept), [(0, 0), around]) == 1)
    else:
        assert raw.mask is None
    assert raw.values.dtype == rows.dtype


def test_steps_of_one_number_may_stand_bare():
    dense = padded_rows("v", np.array([[1.0, 2.0]]), (3, 1), Fill())
    assert dense.values.tolist() == [[[1], [2], [0]]]
    rows = padded_rows("v", objects([1.0, 2.0], [[3.0]], []), (2, 1), Fill())
    assert rows.values.tolist() == [[[1], [2]], [[3], [0]], [[0], [0]]]
    assert rows.mask.tolist() == [[True, True], [True, False], [False, False]]


def test_ids_past_a_vocabulary_are_counted_where_they_may_be():
    column = objects([1, 9], [10, 11, 2], [3])
    table = Table({"v": column})
    feature = TokensFeature("v", 3, 10, above="unknown")
    raw = preparer_of(feature).raw_values(table)
    assert raw.values.tolist() == [[1, 9, 0], [1, 1, 2], [3, 0, 0]]
    assert raw.values.dtype == np.int32
    assert raw.unknown.tolist() == [0, 2, 0]
    other = preparer_of(TokensFeature("v", 3, 10, above="unknown", unknown=2)).raw_values(table)
    assert other.values.tolist()[1] == [2, 2, 2]
    assert preparer_of(TokensFeature("v", 3, 12)).raw_values(table).unknown is None
    assert preparer_of(TokensFeature("v", 2, 12)).raw_values(table).cut == 1
    texts = preparer_of(TokensFeature("t", 3, 10)).raw_values
    assert told(texts, Table({"t": objects("a b", None)})) == (
        "column `t` holds texts, not ids",
        "take it as `{text: t, vocabulary: 10000, length: 3}`",
    )
    for wrong in ([-1], [0.5], [9, 10]):
        shown = shown_value(wrong[-1] if len(wrong) > 1 else wrong[0])
        message, _ = told(
            preparer_of(TokensFeature("v", 3, 10)).raw_values, Table({"v": objects([1], wrong)})
        )
        number = shown.strip("`")
        assert message == f"column `v`, row 1: `{number}` is no id of a vocabulary of 10"
    preparation = Preparation(
        {"v": Fitted(feature), "n": Fitted(NumberFeature("n"))}, {}, None, "", "", {}
    )
    (found,) = new_ids_past_vocabularies(preparation, table)
    assert (found.kind, found.subject, found.count) == ("unknown_ids", "v/new", 2)
    assert found.message == (
        "2 ids in 1 of 3 new samples of `v` are past its vocabulary and read as the unknown id"
    )
    assert list(new_ids_past_vocabularies(preparation, Table({"x": column}))) == []


def test_new_rows_of_unknown_categories_are_told():
    trained = Table({"k": objects("a", "b", "a"), "n": np.arange(3.0)})
    features = {"kind": CategoryFeature("k", vocabulary=4), "n": NumberFeature("n")}
    fitted = {
        name: fit_feature(one, gather_raw_values(one, trained), np.arange(3))
        for name, one in features.items()
    }
    preparation = Preparation(fitted, {}, None, "", "", {})
    new = Table({"k": objects("a", "c", "A ", "c"), "n": np.arange(4.0)})
    (found,) = unknown_in_new_rows(preparation, new)
    assert (found.kind, found.subject, found.count) == ("unknown_categories", "kind/new", 3)
    assert found.message == (
        "3 new samples of `kind` hold a category that is not known: `c` (2), "
        "`A ` (1, `a` but for case or blanks)"
    )
    assert list(unknown_in_new_rows(preparation, trained)) == []
    numbers = Preparation({"n": fitted["n"]}, {}, None, "", "", {})
    assert list(unknown_in_new_rows(numbers, new)) == []
    # Of a column that is missing it is told with all others that are, where rows are prepared.
    assert list(unknown_in_new_rows(preparation, Table({}))) == []


def test_what_stands_for_missing_values_is_told():
    column = np.array([1.0, np.nan, 4.0, 10.0])

    def words(*features):
        two = np.stack([column, column], axis=1)
        table = Table({"n": column, "m": column * 2, "v": two, "x": np.arange(4.0)})
        rows = np.arange(4)
        return missing_policies(
            fit_feature(one, gather_raw_values(one, table), rows) for one in features
        )

    assert words(NumberFeature("n", missing="median"), NumberFeature("x")) == {
        "n": "the median, 4, stands for each"
    }
    assert words(NumberFeature("n", missing=0.5)) == {"n": "0.5 stands for each"}
    assert words(VectorFeature(("n", "m"), missing="mean")) == {
        "n": "the mean, 5, stands for each",
        "m": "the mean, 10, stands for each",
    }
    assert words(VectorFeature(("v",), missing="median")) == {
        "v": "the median of its place stands for each"
    }
    several = words(
        CategoryFeature("n", vocabulary=9),
        NumberFeature("n", missing="median"),
        NumberFeature("n", missing="mean"),
        NumberFeature("n", missing="median"),
        SeriesFeature(("n",), 2, missing="drop"),
    )
    assert several == {
        "n": "the median, 4, stands for each, the mean, 5, stands for each, "
        "windows that hold one are left out"
    }


def test_rows_of_several_series():
    table = Table({"g": objects("b", "a", None, "b")})
    assert told(series_numbers, table, "g") == (
        "column `g`, row 2: the value is missing, and `group` tells series apart by it "
        "(1 such row)",
        "write the series into such rows, or leave them out of the source",
    )
    assert told(series_numbers, table, "h")[0] == "the source has no column `h`"
    assert series_numbers(table, None) is None
    numbers = series_numbers(Table({"g": objects("b", "a", "c", "b", "a")}), "g")
    assert (numbers.dtype, numbers.tolist()) == (np.int64, [0, 1, 2, 0, 1])
    order, starts = in_order_of_series(np.array([4, 3, 2, 1, 0]), numbers)
    assert (order.tolist(), starts.tolist()) == ([3, 0, 4, 1, 2], [2, 4])
    order, starts = in_order_of_series(np.array([1, 0]), None)
    assert (order.tolist(), starts.tolist()) == ([1, 0], [])


def test_blanks_around_names_and_texts_are_left_out():
    table = Table({" a ": objects(" x ", " ", None, 3), "n": np.arange(4)}, files=((Path("f"), 4),))
    found = stripped_texts(table)
    assert list(found.columns) == ["a", "n"]
    assert found.columns["a"].tolist() == ["x", None, None, 3]
    assert found.columns["n"] is table.columns["n"]
    assert found.files == table.files


def _words(folder, content, **text):
    (folder / "words.txt").write_bytes(content)
    feature = TextFeature("t", 5, VocabularyFile("words.txt", **text))
    data = Data(CsvSource(("a.csv",)), {"t": feature, "n": NumberFeature("n")}, {"o": feature})
    return lambda: with_vocabulary_words(data, folder)


def test_vocabularies_in_files(tmp_path):
    path = tmp_path / "words.txt"
    data = _words(tmp_path, b"\xef\xbb\xbfred\r\n\r\ngreen\nblue")()
    assert data.inputs["t"].vocabulary == data.targets["o"].vocabulary == ("red", "green", "blue")
    reserved = data.inputs["t"].num_reserved
    first = _words(tmp_path, b"red\ngreen\nblue", size=reserved + 2)()
    assert first.inputs["t"].vocabulary == ("red", "green")
    assert told(_words(tmp_path, b"red\ngreen\nred\n")) == (
        f"`{path}`, line 3: `red` stands in line 1 too",
        "leave one of the two out: a word has one id",
    )
    assert told(_words(tmp_path, b"\n\n")) == (f"the vocabulary `{path}` holds no word", None)
    message, help = told(_words(tmp_path, b"r\xe9d\n"))
    assert message.startswith(f"the vocabulary `{path}` is not UTF-8: 'utf-8' codec can't decode")
    assert help == "save it as UTF-8"


# -- a whole preparation ---------------------------------------------------------------------------


def _prepared(folder, inputs, targets, split=None, rows=None):
    frame = pd.DataFrame(rows or {"x": np.arange(30.0), "c": np.arange(30) % 3})
    frame.to_csv(folder / "a.csv", index=False)
    given = split or FractionSplit(0.2, 0.2, None, 1)
    return lambda: prepare_dataset(Data(CsvSource(("a.csv",)), inputs, targets, given), base=folder)


def test_rows_of_a_series_are_not_dealt_at_random(tmp_path):
    inputs, targets = {"x": SeriesFeature(("x",), 2)}, {"c": ClassFeature("c", 3)}
    assert told(_prepared(tmp_path, inputs, targets)) == (
        "rows that are dealt at random leave no windows of a `series`",
        "split by time, such as `split: {time: date, validation: 0.1, test: 0.1}`",
    )


def test_samples_that_were_changed_are_found(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"v": [1.0] * (row % 4 + 1), "n": row}) + "\n" for row in range(20))
    )
    data = Data(
        JsonLinesSource(("a.jsonl",)),
        {"s": TensorFeature("v", (2,), pad="end"), "n": NumberFeature("n")},
        {"y": NumberFeature("n")},
        FractionSplit(0.2, 0.2, None, 1),
    )
    made = prepare_dataset(data, base=tmp_path)
    account = json.loads((Path(made.path) / "contract.json").read_text())
    (found,) = [one for one in account["findings"] if one["kind"] == "cut_samples"]
    assert (found["subject"], found["count"]) == ("s", 10)
    assert found["message"] == "10 samples of `s` were longer than its `length` and are cut"


def test_files_that_are_left_out_are_named_up_to_ten(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "d" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.full((2, 2), number * 10, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "d" / name / f"{number:02}.png")
    for number in range(11):
        (tmp_path / "d/a" / f"bad{number:02}.png").write_text("no picture")
    data = Data(
        ImageFolderSource("d", unreadable="skip"),
        {"x": ImageFeature("file", (2, 2), 1)},
        {"y": ClassFeature("class", ("a", "b"))},
        FractionSplit(0.2, 0.2, None, 1),
    )
    made = prepare_dataset(data, base=tmp_path)
    assert made == prepare_dataset(data, base=tmp_path)
    assert sum(made.rows.values()) == 40
    account = json.loads((Path(made.path) / "contract.json").read_text())
    (found,) = [one for one in account["findings"] if one["kind"] == "unreadable_files"]
    named = ", ".join(f"`a/bad{number:02}.png`" for number in range(10))
    assert (found["subject"], found["count"]) == ("file", 11)
    assert found["message"] == f"11 files cannot be read and are left out: {named} and 1 more"


def test_another_content_of_a_named_file_is_another_data_set(tmp_path):
    rows = ["p,c", *(f"{number}.png,{number % 2}" for number in range(12))]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    for number in range(12):
        Image.fromarray(np.full((2, 2), number, dtype=np.uint8)).save(tmp_path / f"{number}.png")
    inputs, targets = {"x": ImageFeature("p", (2, 2), 1)}, {"y": ClassFeature("c", 2)}
    data = Data(CsvSource(("a.csv",)), inputs, targets, FractionSplit(0.2, 0.2, None, 1))
    first = fingerprint_of(data, tmp_path)
    assert first == fingerprint_of(data, tmp_path, table_of_data(data, tmp_path))
    Image.fromarray(np.full((2, 2), 99, dtype=np.uint8)).save(tmp_path / "3.png")
    assert fingerprint_of(data, tmp_path) != first
