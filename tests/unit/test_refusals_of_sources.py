"""What is said of files and columns that cannot be read as their source or feature says."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dlspec.language.features import (
    CategoryFeature,
    ClassFeature,
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
    AudioFolderSource,
    CsvSource,
    ImageFolderSource,
    JsonLinesSource,
    KerasSource,
    NpzSource,
    TextFolderSource,
    TimeSeriesTsSource,
)
from dlspec_pipelines.steps.datasets.class_folders import (
    folder_table,
    located_folder,
    without_unreadable,
)
from dlspec_pipelines.steps.datasets.failing_rows import (
    FailingRow,
    failing_row_from_json,
    failing_rows_table,
    keep_failing_rows,
    value_text,
    with_kept_rows,
)
from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
from dlspec_pipelines.steps.datasets.sources.json_lines import JsonLinesReader
from dlspec_pipelines.steps.datasets.sources.keras import keras_table
from dlspec_pipelines.steps.datasets.sources.npz import NpzReader
from dlspec_pipelines.steps.datasets.sources.time_series_ts import TimeSeriesTsReader
from dlspec_pipelines.steps.datasets.stray_blanks import stripped_texts
from dlspec_pipelines.steps.datasets.table import (
    RefusedRows,
    RowPlace,
    Table,
    refused_value,
    require_columns,
    shown_value,
    single_column,
)
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.declared_classes import require_declared_classes
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation, fit_feature
from dlspec_pipelines.steps.preparation.missing_policies import missing_policies
from dlspec_pipelines.steps.preparation.named_files import decode_named_files, named_file_paths
from dlspec_pipelines.steps.preparation.past_vocabularies import new_ids_past_vocabularies
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values, preparer_of
from dlspec_pipelines.steps.preparation.raw_columns import Fill, padded_rows
from dlspec_pipelines.steps.preparation.series_groups import in_order_of_series, series_numbers
from dlspec_pipelines.steps.preparation.unknown_categories import unknown_in_new_rows
from dlspec_pipelines.steps.preparation.vocabulary_files import with_vocabulary_words
from dlspec_pipelines.steps.step_errors import StepError


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("DLSPEC_DATA", raising=False)


def objects(*values):
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def told(function, *arguments, **named):
    with pytest.raises(StepError) as caught:
        function(*arguments, **named)
    return caught.value.message, caught.value.help


# -- arrays in files -----------------------------------------------------------------------------


def _npz(folder, *names):
    return NpzReader(NpzSource(names), folder).read_table


def test_archives_that_are_none(tmp_path):
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.arange(3))
    one, text = tmp_path / "one.npz", tmp_path / "text.npz"
    assert told(_npz(tmp_path, "one.npz")) == (
        f"`{one}` is one array, not a .npz archive",
        "let its name end in `.npy`",
    )
    text.write_text("no archive")
    assert told(_npz(tmp_path, "text.npz")) == (f"`{text}` is not a .npz archive", None)
    (tmp_path / "text.npy").write_text("no array")
    assert told(_npz(tmp_path, "text.npy")) == (
        f"`{tmp_path / 'text.npy'}` is not a .npy file of plain numbers",
        None,
    )


def test_arrays_of_python_objects_and_of_one_name(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), o=objects(1, "a", None))
    assert told(_npz(tmp_path, "a.npz")) == (
        f"the array `o` of `{tmp_path / 'a.npz'}` holds Python objects, which can carry code",
        "save plain arrays: numbers, or texts of a fixed width",
    )
    np.savez(tmp_path / "b.npz", y=np.array(["a", "b", "c"]))
    np.savez(tmp_path / "c.npz", y=np.arange(3))
    assert told(_npz(tmp_path, "b.npz", "c.npz")) == (
        f"`{tmp_path / 'c.npz'}` has an array `y`, and so has a file before it",
        "give one of the two another name",
    )
    table = _npz(tmp_path, "b.npz")()
    assert table.columns["y"].dtype == np.object_
    assert table.files == ((tmp_path / "b.npz", 3),)
    np.savez(tmp_path / "d.npz", z=np.arange(3))
    assert _npz(tmp_path, "b.npz", "d.npz")().files == ()


def test_packed_arrays_are_unpacked_in_pieces_where_memory_is_short(tmp_path, monkeypatch):
    monkeypatch.setattr("dlspec_pipelines.steps.datasets.npz_members._PIECE_BYTES", 64)
    arrays = {
        "x": np.arange(70, dtype=np.float32).reshape(7, 5, 2),
        "n": np.arange(7, dtype=np.int64),
        "f": np.asfortranarray(np.arange(21.0).reshape(7, 3)),
        "t": np.array(list("abcdefg")),
    }
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    np.savez(tmp_path / "b.npz", **arrays)
    for name in ("a.npz", "b.npz"):
        for memory in (None, 1):
            table = NpzReader(NpzSource((name,)), tmp_path, memory).read_table()
            assert list(table.columns) == list(arrays)
            for key, array in arrays.items():
                np.testing.assert_array_equal(table.columns[key], array)
            mapped = isinstance(table.columns["x"], np.memmap)
            assert mapped == (name == "b.npz" or memory == 1)
    with (tmp_path / "b.npz").open("r+b") as file:
        at = (tmp_path / "b.npz").read_bytes().index(arrays["x"].tobytes())
        file.seek(at)
        file.write(b"\x01")
    message, _ = told(NpzReader(NpzSource(("b.npz",)), tmp_path).read_table)
    assert message == (f"`{tmp_path / 'b.npz'}` is not a .npz archive: Bad CRC-32 for file 'x.npy'")


def _json(folder, text):
    (folder / "a.json").write_text(text)
    return JsonLinesReader(JsonLinesSource(("a.json",)), folder).read_table


def test_arrays_of_json_objects(tmp_path):
    rows = [{"n": 1, "t": "a", "m": 1, "v": [1, 2]}, {"t": "b", "m": "x", "v": [3]}, {"n": 3}]
    columns = _json(tmp_path, "\n \n" + json.dumps(rows))().columns
    assert list(columns) == ["n", "t", "m", "v"]
    np.testing.assert_array_equal(columns["n"], [1, np.nan, 3])
    assert columns["t"].tolist() == ["a", "b", None]
    # Texts among numbers stay what they are.
    assert columns["m"].tolist() == [1, "x", None]
    assert [None if v is None else list(v) for v in columns["v"]] == [[1, 2], [3], None]
    path = tmp_path / "a.json"
    assert told(_json(tmp_path, "[1, 2")) == (
        f"`{path}` cannot be read as JSON: Expecting ',' delimiter: line 1 column 6 (char 5)",
        None,
    )
    assert told(_json(tmp_path, '[{"n": 1}, 7]')) == (
        f"item 1 of the array in `{path}` is no object",
        'write each row as an object, such as `{"size": 3, "price": 10}`',
    )
    # What does not begin with an array is an object on each line, with a place.
    lines = _json(tmp_path, " " * 5000 + '{"n": 1}\n\n{"n": 2}\n')()
    assert lines.columns["n"].tolist() == [1, 2]
    assert str(lines.place_of(1)) == "line 3 of `a.json`"
    assert str(_json(tmp_path, json.dumps(rows))().place_of(1)) == "row 1 of `a.json`"


def _series(folder, text):
    (folder / "a.ts").write_text(text)
    return TimeSeriesTsReader(TimeSeriesTsSource(("a.ts",)), folder).read_table


def test_files_of_the_archive_of_series(tmp_path):
    path = tmp_path / "a.ts"
    assert told(_series(tmp_path, "1,2,3")) == (
        f"`{path}` has no line `@data`: it is no .ts or .arff file",
        "read a table of numbers as `csv`",
    )
    assert told(_series(tmp_path, "@timeStamps true\n@data\n(1,2):a")) == (
        f"`{path}` has a time stamp before each number",
        "write the numbers alone, and `@timeStamps false`",
    )
    head = "# about\n@classLabel true a b\n@DATA\n"
    assert told(_series(tmp_path, head + "1,2:a\n1,2:3:a")) == (
        f"`{path}`, line 5: its channels have 2, 1 steps",
        "give every channel of a series the same number of steps",
    )
    assert told(_series(tmp_path, head + "\n% no data\na")) == (
        f"`{path}`, line 6: its channels have none steps",
        "give every channel of a series the same number of steps",
    )
    assert told(_series(tmp_path, head + "1,x:a")) == (
        f"`{path}`, line 4: could not convert string to float: 'x'",
        None,
    )
    assert told(_series(tmp_path, head + "1,2:c")) == (
        f"`{path}`, line 4: `c` is none of its classes",
        "its head lists `a`, `b`",
    )
    columns = _series(tmp_path, head + "1,?:3,4:a\n5,6:7,8:b")().columns
    np.testing.assert_array_equal(columns["series"], [[[1, 3], [np.nan, 4]], [[5, 7], [6, 8]]])
    assert columns["class"].tolist() == ["a", "b"]
    ragged = _series(tmp_path, "@classLabel true 1 -2\n@data\n1,2:1\n1,2,3:-2")().columns
    assert [one.shape for one in ragged["series"]] == [(2, 1), (3, 1)]
    assert (ragged["class"].dtype, ragged["class"].tolist()) == (np.int64, [1, -2])
    alone = _series(tmp_path, "@classLabel false\n@data\n1,2:3,4")().columns
    assert list(alone) == ["series"]
    np.testing.assert_array_equal(alone["series"], [[[1, 3], [2, 4]]])


def test_files_of_the_other_format(tmp_path):
    head = "@relation r\n@attribute x numeric\n@attribute c {'a b', c}\n@data\n"
    columns = _series(tmp_path, head + "1,2,'a b'\n3,4,c")().columns
    np.testing.assert_array_equal(columns["series"], [[[1], [2]], [[3], [4]]])
    assert columns["class"].tolist() == ["a b", "c"]
    quoted = _series(tmp_path, head + "'1,2\\n3,4', 'a b'\n\"5,6\\n7,8\",c")().columns
    np.testing.assert_array_equal(quoted["series"], [[[1, 3], [2, 4]], [[5, 7], [6, 8]]])
    assert quoted["class"].tolist() == ["a b", "c"]
    alone = _series(tmp_path, "@relation r\n@attribute x numeric\n@data\n1,2")().columns
    assert list(alone) == ["series"]
    assert told(_series(tmp_path, head + "'1,2'")) == (
        f"`{tmp_path / 'a.ts'}`, line 5: a missing value is none of its classes",
        "its head lists `a b`, `c`",
    )


def test_cached_files_of_keras_that_are_others(tmp_path):
    folder = tmp_path / "keras/datasets"
    fashion = folder / "fashion-mnist"
    fashion.mkdir(parents=True)
    for part, count in (("train", 3), ("t10k", 2)):
        images = np.arange(count * 4, dtype=np.uint8).reshape(count, 2, 2)
        for kind, array in (("images-idx3", images), ("labels-idx1", images[:, 0, 0])):
            extents = np.array(array.shape, dtype=">u4").tobytes()
            content = bytes([0, 0, 8, array.ndim]) + extents + array.tobytes()
            (fashion / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(content))
    table = keras_table(KerasSource("fashion_mnist"))
    assert table.columns["x"][:, 1, 0].tolist() == [2, 6, 10, 2, 6]
    assert table.columns["y"].tolist() == [0, 4, 8, 0, 4]
    assert table.given_test.tolist() == [False] * 3 + [True] * 2
    broken = fashion / "t10k-labels-idx1-ubyte.gz"
    for content in (b"no gzip", broken.read_bytes()[:-9]):
        broken.write_bytes(content)
        assert told(keras_table, KerasSource("fashion_mnist")) == (
            f"`{broken}` is not a whole gzip file",
            "remove it",
        )
    (folder / "mnist.npz").write_text("another")
    assert told(keras_table, KerasSource("mnist")) == (
        f"`{folder / 'mnist.npz'}` is not the file that Keras publishes as `mnist`",
        "move it away, and read it as `npz`, or let Keras download its own",
    )


# -- folders of files ----------------------------------------------------------------------------


def _folder(root, *files):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(file)
    return root


def test_folders_that_are_nowhere(tmp_path, monkeypatch):
    way = "write a path relative to the spec, or let DLSPEC_DATA name the folder of the data"
    message, help = told(located_folder, "d", tmp_path)
    assert message.startswith(f"there is no folder `d`: looked at `{tmp_path / 'd'}`")
    assert help == way
    monkeypatch.setenv("DLSPEC_DATA", str(tmp_path / "shared"))
    assert told(located_folder, "d", tmp_path)[0] == (
        f"there is no folder `d`: looked at `{tmp_path / 'd'}` and `{tmp_path / 'shared/d'}`"
    )
    _folder(tmp_path / "shared/d", "a.txt")
    assert located_folder("d", tmp_path) == tmp_path / "shared/d"
    assert told(located_folder, "https://host/d", tmp_path) == (
        "`https://host/d` is no folder of this machine",
        "download the folder, and name it by its path; a URL names a single file",
    )


def test_names_of_files_that_hold_columns(tmp_path):
    _folder(tmp_path / "d", "cat_7_x.txt", "deep/dog_8_y.txt", ".hidden_9_z.txt")
    source = TextFolderSource("d", names="{class}_{age}_{take}")
    message, help = told(folder_table, source, tmp_path, text_columns=())
    assert message == (
        f"1 of the 2 files of `{tmp_path / 'd'}` are not called `{{class}}_{{age}}_{{take}}`: "
        "`deep/dog_8_y.txt`"
    )
    assert help == (
        "write `names` as they are called, or move them out of the folder; a column holds no "
        "separator that stands beside it"
    )
    (tmp_path / "d/deep/dog_8_y.txt").rename(tmp_path / "d/dog_8_y.txt")
    table = folder_table(source, tmp_path, text_columns=())
    assert table.columns["file"].tolist() == ["cat_7_x.txt", "dog_8_y.txt"]
    assert table.columns["class"].tolist() == ["cat", "dog"]
    assert (table.columns["age"].dtype.kind, table.columns["age"].tolist()) == ("i", [7, 8])
    assert table.files == ((tmp_path / "d", 2),)
    texts = folder_table(source, tmp_path, text_columns=("age",))
    assert texts.columns["age"].tolist() == ["7", "8"]
    for number in range(12):
        (tmp_path / f"d/odd{number:02}.txt").write_text("x")
    message, _ = told(folder_table, source, tmp_path, text_columns=())
    assert message.endswith("`odd08.txt`, `odd09.txt` and 2 more")
    assert message.startswith("12 of the 14 files")


def test_class_folders_called_by_numbers_are_ids(tmp_path):
    _folder(tmp_path / "d", "0/a.txt", "10/b.txt")
    source = TextFolderSource("d")
    columns = folder_table(source, tmp_path, text_columns=()).columns
    assert (columns["class"].dtype.kind, columns["class"].tolist()) == ("i", [0, 10])
    assert folder_table(source, tmp_path, text_columns=("class",)).columns["class"].tolist() == [
        "0",
        "10",
    ]
    _folder(tmp_path / "d", "007/c.txt")
    columns = folder_table(source, tmp_path, text_columns=()).columns
    assert columns["class"].tolist() == ["0", "007", "10"]


def test_files_that_cannot_be_decoded_are_left_out(tmp_path):
    root = _folder(tmp_path / "d", "a.txt", "bad.txt", "c.txt", "bad2.txt")
    names = objects("a.txt", "bad.txt", "c.txt", "bad2.txt")
    given = np.array([False, True, True, False])
    table = Table({"file": names, "n": np.arange(4)}, given, files=((root, 4),))

    def decode(path):
        if "bad" in path.name:
            raise Undecodable(f"`{path}` is bad")

    kept = without_unreadable(table, decode)
    assert kept.columns["file"].tolist() == ["a.txt", "c.txt"]
    assert kept.columns["n"].tolist() == [0, 2]
    assert kept.given_test.tolist() == [False, True]
    assert (kept.files, kept.left_out) == (((root, 2),), ("bad.txt", "bad2.txt"))
    assert without_unreadable(kept, decode) is kept
    bad = Table({"named": names[[1, 3]]}, files=((root, 2),))
    assert told(without_unreadable, bad, decode, column="named") == (
        f"none of the 2 files of `{root}` can be read",
        None,
    )
    plain = Table({"file": names}, files=((root, 4),))
    assert without_unreadable(plain, decode).given_test is None


def test_files_that_a_column_names(tmp_path):
    root = _folder(tmp_path / "d", "a.txt", "b.txt")
    column = objects("a.txt", None, "gone.txt")
    table = Table({"f": column}, files=((root / "rows.csv", 3),))
    (root / "rows.csv").write_text("f\n")
    assert told(named_file_paths, "f", table) == (
        "column `f`: 2 of 3 files are refused\n"
        "  row 1 of `rows.csv`: a missing value names no file\n"
        f"  row 2 of `rows.csv`: there is no file `gone.txt`: looked at `{root / 'gone.txt'}`",
        "write paths relative to the table's own folder",
    )
    whole = Table({"f": objects("a.txt", "b.txt")}, files=((root / "rows.csv", 2),))
    assert named_file_paths("f", whole) == [root / "a.txt", root / "b.txt"]
    seen = {}
    decode_named_files("f", whole, lambda row, path: seen.update({row: path.read_text()}))
    assert seen == {0: "a.txt", 1: "b.txt"}

    def refuse(row, path):
        raise Undecodable(f"`{path.name}` is bad")

    many = Table({"file": objects(*["a.txt"] * 12)}, files=((root, 12),))
    message, help = told(decode_named_files, "file", many, refuse)
    assert message.splitlines()[0] == "column `file`: 12 of 12 files are refused"
    assert message.splitlines()[1] == "  file `a.txt`: `a.txt` is bad"
    assert message.splitlines()[-1] == "  and 2 more"
    assert len(message.splitlines()) == 12
    assert help == (
        "mend or remove them, or leave them out by `unreadable: skip` beside the folder"
    )
    one = Table({"f": objects("a.txt")}, files=((root / "rows.csv", 1),))
    assert told(decode_named_files, "f", one, refuse) == (
        "column `f`, row 0 of `rows.csv`: `a.txt` is bad",
        None,
    )


def _declared(classes, folders, source=None):
    table = Table({"class": objects(*folders)})
    data = Data(source or ImageFolderSource("d"), {}, {"kind": ClassFeature("class", classes)})
    return told(require_declared_classes, table, data)


def test_the_classes_of_a_folder_are_those_of_its_target():
    folders = [f"f{number:02}" for number in range(31)]
    message, help = _declared(("zz", *folders), folders)
    assert message == "target `kind`: `zz` of `classes` has no folder"
    assert help == f"write `classes: [{', '.join(folders[:30])}, ...]`"
    message, help = _declared(("zz", *folders[:30]), folders[:30])
    assert help == f"write `classes: [{', '.join(folders[:30])}]`"
    message, _ = _declared(folders[:1], folders[:12])
    quoted = ", ".join(f"`{name}`" for name in folders[1:11])
    assert message == f"target `kind`: the folder {quoted} and 1 more is none of its `classes`"
    message, _ = _declared(folders[:1], folders[:11])
    assert message == f"target `kind`: the folder {quoted} is none of its `classes`"
    assert _declared(
        ("high", "deep"), ["hihg", "low"], AudioFolderSource("d", names="{class}")
    ) == (
        "target `kind`: `high`, `deep` of `classes` is in no file's name, and the names of files "
        "hold `hihg`, `low`, which is none of its `classes`",
        "write `hihg` in the place of `high`",
    )


def test_targets_of_other_columns_and_of_ids_declare_no_folders():
    table = Table({"class": objects("a", "b"), "n": np.arange(2), "k": objects("x", "y")})
    targets = {
        "n": NumberFeature("n"),
        "k": ClassFeature("k", ("x", "y")),
        "ids": ClassFeature("class", 2),
        "kind": ClassFeature("class", ("a", "c")),
    }
    data = Data(ImageFolderSource("d"), {}, targets)
    assert told(require_declared_classes, table, data)[0].startswith("target `kind`: `c` of")
    require_declared_classes(table, Data(CsvSource(("a.csv",)), {}, targets))
    numbers = Table({"class": np.array([3, 5])})
    require_declared_classes(
        numbers, Data(ImageFolderSource("d"), {}, {"kind": ClassFeature("class", (5, 3))})
    )


# -- failing rows --------------------------------------------------------------------------------

IN_LINE = FailingRow(RowPlace("a.csv", 3, 5), "n", "7", "in_range [0, 5]")
IN_ROW = FailingRow(RowPlace("", 4), "m", "", "not | missing", "warning")
A_FILE = FailingRow(RowPlace("x/1.png", 0, is_file=True), "f", "3", "one `c`")


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (
            [IN_LINE],
            [
                "| file | line | column | value | check |",
                "| a.csv | 5 | n | `7` | in_range [0, 5] |",
            ],
        ),
        (
            [IN_ROW],
            ["| row | column | value | check |", "| 4 | m | a missing value | not \\| missing |"],
        ),
        ([A_FILE], ["| file | column | value | check |", "| x/1.png | f | `3` | one `c` |"]),
        (
            [IN_LINE, IN_ROW],
            [
                "| file | row | column | value | check |",
                "| a.csv | 3 | n | `7` | in_range [0, 5] |",
                "|  | 4 | m | a missing value | not \\| missing |",
            ],
        ),
        (
            [IN_LINE, A_FILE],
            [
                "| file | row | column | value | check |",
                "| a.csv | 3 | n | `7` | in_range [0, 5] |",
                "| x/1.png | 0 | f | `3` | one `c` |",
            ],
        ),
    ],
)
def test_failing_rows_are_told_by_what_they_all_have(rows, lines):
    head, rule, *found = failing_rows_table(rows).splitlines()
    assert [head, *found] == lines
    assert rule == "|---" * (head.count("|") - 1) + "|"


def test_failing_rows_are_kept_as_a_table_and_read_again(tmp_path):
    path = keep_failing_rows(tmp_path, [IN_LINE, IN_ROW, A_FILE])
    assert path == tmp_path / "failing_rows.csv"
    assert path.read_text().splitlines() == [
        "severity,file,line,row,column,value,check",
        'error,a.csv,5,3,n,7,"in_range [0, 5]"',
        "warning,,,4,m,,not | missing",
        "error,x/1.png,,0,f,3,one `c`",
    ]
    for row in (IN_LINE, IN_ROW, A_FILE):
        assert failing_row_from_json(json.loads(json.dumps(row.to_json()))) == row


def test_a_value_is_shown_on_one_line_and_not_too_long():
    assert [value_text(v) for v in (None, np.nan, np.float32("nan"), np.datetime64("NaT"))] == [
        "",
        "",
        "",
        "",
    ]
    assert [value_text(v) for v in ("a\nb", np.float64(0.5), 7, "x" * 200)] == [
        "a b",
        "0.5",
        "7",
        "x" * 200,
    ]
    assert value_text("x" * 201) == "x" * 197 + "..."
    assert shown_value(None) == shown_value(np.datetime64("NaT")) == "a missing value"
    assert shown_value("a\n`b`") == "`a 'b'`"
    assert shown_value("x" * 60) == f"`{'x' * 60}`"
    assert shown_value("x" * 61) == f"`{'x' * 57}...`"
    assert shown_value(np.int64(3)) == "`3`"


def test_refused_rows_are_kept_with_their_places(tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n2\n")
    table = Table({"n": np.arange(2)}, files=((tmp_path / "a.csv", 2),))
    error = with_kept_rows(
        refused_value("n", 1, "x", "is no number", help="mend it"), table, tmp_path
    )
    kept = tmp_path / "failing_rows.csv"
    assert (error.message, error.help, error.code) == (
        "column `n`, row 1 of `a.csv`: `x` is no number",
        f"mend it; all failing rows stand in `{kept}`",
        "DL613",
    )
    assert error.kept == kept
    assert error.table.splitlines()[-1] == "| a.csv | 1 | n | a missing value | `x` is no number |"
    many = [(row % 2, f"why {row}") for row in range(12)]
    error = with_kept_rows(RefusedRows("n", many, "twelve rows", help=None), table, tmp_path)
    assert (error.message, error.help) == ("twelve rows", f"all failing rows stand in `{kept}`")
    assert len(error.table.splitlines()) == 2 + 10
    assert len(kept.read_text().splitlines()) == 1 + 12


# -- columns -------------------------------------------------------------------------------------


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
        "n": "the median, 4 stands for each"
    }
    assert words(NumberFeature("n", missing=0.5)) == {"n": "0.5 stands for each"}
    assert words(VectorFeature(("n", "m"), missing="mean")) == {
        "n": "the mean, 5 stands for each",
        "m": "the mean, 10 stands for each",
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
        "n": "the median, 4 stands for each, the mean, 5 stands for each, "
        "windows that hold one are left out"
    }


def test_rows_of_several_series():
    table = Table({"g": objects("b", "a", None, "b")})
    assert told(series_numbers, table, "g") == (
        "column `g`, row 2: the value is missing, and `group` tells series apart by it "
        "(1 such rows)",
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


# -- a whole preparation -------------------------------------------------------------------------


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
