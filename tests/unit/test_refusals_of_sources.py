"""What is said of files and folders that cannot be read as their source says."""

import gzip
import json

import numpy as np
import pytest
from refusals import objects, told

from dlspec.language.features import (
    ClassFeature,
    NumberFeature,
)
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
from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
from dlspec_pipelines.steps.datasets.sources.json_lines import JsonLinesReader
from dlspec_pipelines.steps.datasets.sources.keras import keras_table
from dlspec_pipelines.steps.datasets.sources.npz import NpzReader
from dlspec_pipelines.steps.datasets.sources.time_series_ts import TimeSeriesTsReader
from dlspec_pipelines.steps.datasets.table import (
    Table,
)
from dlspec_pipelines.steps.preparation.declared_classes import require_declared_classes
from dlspec_pipelines.steps.preparation.named_files import decode_named_files, named_file_paths

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")


@pytest.fixture(autouse=True)
def _keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


# -- arrays in files -------------------------------------------------------------------------------


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
    np.save(tmp_path / "o.npy", objects(1, "a"), allow_pickle=True)
    assert told(_npz(tmp_path, "o.npy"))[0] == (
        f"`{tmp_path / 'o.npy'}` is not a .npy file of plain numbers"
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
    # What was unpacked lies there without a name.
    assert list((tmp_path / "home/work").iterdir()) == []
    # Larger than what is read with its header.
    large = np.arange(20_000, dtype=np.int32)
    np.savez(tmp_path / "b.npz", x=large)
    with (tmp_path / "b.npz").open("r+b") as file:
        at = (tmp_path / "b.npz").read_bytes().index(large.tobytes()) + 40_000
        file.seek(at)
        file.write(b"\xff")
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
    for no_label in ("@classLabel false\n", "@problemName x\n", ""):
        alone = _series(tmp_path, no_label + "@data\n1,2:3,4")().columns
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


def test_cached_files_of_keras_that_are_others(tmp_path, monkeypatch):
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
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    folder = tmp_path / "me/.keras/datasets"
    folder.mkdir(parents=True)
    (folder / "mnist.npz").write_text("another")
    assert told(keras_table, KerasSource("mnist")) == (
        f"`{folder / 'mnist.npz'}` is not the file that Keras publishes as `mnist`",
        "move it away, and read it as `npz`, or let Keras download its own",
    )


# -- folders of files ------------------------------------------------------------------------------


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
        f"1 of the 2 files of `{tmp_path / 'd'}` is not called `{{class}}_{{age}}_{{take}}`: "
        "`deep/dog_8_y.txt`"
    )
    assert help == (
        "write `names` as all files are called, or move others out of the folder; a column holds "
        "no separator that stands beside it"
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
