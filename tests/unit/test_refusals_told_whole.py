"""What a step says of data it refuses, word for word: the sentence and the way on."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from refusals import told

from dlspec.language.features import (
    CategoryFeature,
    ClassFeature,
    LabelsFeature,
    NumberFeature,
    TensorFeature,
    TextFeature,
    TokensFeature,
)
from dlspec.language.metrics import METRIC_OF
from dlspec.language.row_splits import FractionSplit, GivenSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, ImageFolderSource, NpzSource, TextFolderSource
from dlspec_pipelines.steps.datasets.class_folders import digest_of_folder, folder_table
from dlspec_pipelines.steps.datasets.folder_files import files_below
from dlspec_pipelines.steps.datasets.given_test_rows import read_data_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.datasets.table_files import locate_source_file
from dlspec_pipelines.steps.evaluation.computable_metrics import _require_defined
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.declared_classes import require_declared_classes
from dlspec_pipelines.steps.preparation.preparers import preparer_of
from dlspec_pipelines.steps.preparation.text_findings import _Counted, _part_findings
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

SPLIT = FractionSplit(0.2, 0.2, None, 1)


def _given(folder, header, test=None):
    (folder / "train.csv").write_text("size,kind,y\n1,a,0\n2,b,1\n")
    (folder / "test.csv").write_text(test or f"{header}\n1,a,0\n")
    inputs = {"size": NumberFeature("size"), "kind": CategoryFeature("kind", 4)}
    targets = {"y": ClassFeature("y", 2)}
    split = GivenSplit(0.2, None, 1)
    return Data(CsvSource(("train.csv",)), inputs, targets, split, test=CsvSource(("test.csv",)))


def test_columns_that_the_test_rows_lack(tmp_path):
    assert told(read_data_table, _given(tmp_path, "sise,knd,y"), tmp_path) == (
        "the test rows in `test.csv` have no columns `size`, `kind`, which the source has",
        "write `size` in the place of `sise` and `kind` in the place of `knd` into the header of "
        "`test.csv`",
    )
    assert told(read_data_table, _given(tmp_path, "a,b,y"), tmp_path)[1] == (
        "name a file with the columns of the source; this one has `a`, `b`, `y`"
    )


def test_test_rows_of_another_shape(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 3)), y=np.zeros(4))
    np.savez(tmp_path / "b.npz", x=np.zeros((4, 2)), y=np.zeros(4))
    inputs = {"x": TensorFeature("x", (3,))}
    data = Data(
        NpzSource(("a.npz",)), inputs, {"y": NumberFeature("y")}, SPLIT, test=NpzSource(("b.npz",))
    )
    assert told(read_data_table, data, tmp_path)[0] == (
        "column `x` holds values of shape (2,) in `b.npz`, and of shape (3,) in the source"
    )


def test_arrays_of_several_extents(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 3)), y=np.zeros(5))
    data = Data(NpzSource(("a.npz",)), {"x": TensorFeature("x", (3,))}, {"y": NumberFeature("y")})
    assert told(read_data_table, data, tmp_path) == (
        f"the arrays of `{tmp_path / 'a.npz'}` have several first extents: `x` 4, `y` 5",
        "keep one sample per row of every array, or name the arrays `x_train`, `x_test`",
    )


def test_a_file_that_is_nowhere(tmp_path, monkeypatch):
    way = "write a path relative to the spec, or let DLSPEC_DATA name the folder of the data"
    assert told(locate_source_file, "a.csv", tmp_path) == (
        f"there is no file `a.csv`: looked at `{tmp_path / 'a.csv'}` (DLSPEC_DATA is not set)",
        way,
    )
    monkeypatch.setenv("DLSPEC_DATA", "/shared")
    assert told(locate_source_file, "a.csv", tmp_path) == (
        f"there is no file `a.csv`: looked at `{tmp_path / 'a.csv'}` and `/shared/a.csv`",
        way,
    )


# -- folders of files ----------------------------------------------------------------------------


def _folder(root, *files):
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(file)
    return root


def _classes(root, source=None):
    return folder_table(source or TextFolderSource(root.name), root.parent, text_columns=())


def test_files_beside_the_class_folders(tmp_path):
    root = _folder(tmp_path / "d", "a/1.txt", "b/2.txt", "x.txt", "y.txt", "z.txt")
    assert told(_classes, root) == (
        f"`{root / 'x.txt'}` and 2 more files lie beside the class folders and are of no class",
        "move files into the folder of their class, or out of the data",
    )

    (root / "y.txt").unlink()
    assert told(_classes, root)[0] == (
        f"`{root / 'x.txt'}` and 1 more file lie beside the class folders and are of no class"
    )
    (root / "z.txt").unlink()
    assert told(_classes, root)[0] == (
        f"`{root / 'x.txt'}` lies beside the class folders and is of no class"
    )


def test_an_empty_class_folder(tmp_path):
    root = _folder(tmp_path / "d", "a/1.txt", "b/.hidden")
    assert told(_classes, root) == (
        f"the class folder `{root / 'b'}` is empty",
        "put the files of its class into it, or remove it",
    )


def test_parts_of_a_folder_stand_beside_its_classes_and_mark_the_test_rows(tmp_path):
    root = _folder(tmp_path / "d", "test/a/1.txt", "train/a/2.txt", "train/b/3.txt", "test/b/4.txt")
    table = _classes(root)
    assert table.columns["file"].tolist() == [
        "train/a/2.txt",
        "train/b/3.txt",
        "test/a/1.txt",
        "test/b/4.txt",
    ]
    assert table.columns["class"].tolist() == ["a", "b", "a", "b"]
    assert table.columns["part"].tolist() == ["train", "train", "test", "test"]
    assert table.given_test.tolist() == [False, False, True, True]


def test_files_of_folders_in_folders_are_listed_without_hidden_ones(tmp_path):
    root = _folder(tmp_path / "d", "b.txt", "a/2.txt", "a/deep/1.txt", ".git/x", "a/Thumbs.db")
    found = [file.relative_to(root).as_posix() for file in files_below(root)]
    assert found == ["a/2.txt", "a/deep/1.txt", "b.txt"]
    with pytest.raises(FileNotFoundError):
        files_below(tmp_path / "gone")


def test_the_digest_of_a_folder_changes_with_names_and_contents(tmp_path):
    source = TextFolderSource("d")
    _folder(tmp_path / "d", "a/1.txt")
    first = digest_of_folder(source, tmp_path)
    (tmp_path / "d/a/1.txt").rename(tmp_path / "d/a/2.txt")
    second = digest_of_folder(source, tmp_path)
    (tmp_path / "d/a/2.txt").write_text("changed")
    assert len({first, second, digest_of_folder(source, tmp_path)}) == 3
    (tmp_path / "d/a/2.txt").unlink()
    (tmp_path / "d/a/2.txt").symlink_to(tmp_path / "nowhere")
    gone = tmp_path / "d/a/2.txt"
    assert told(digest_of_folder, source, tmp_path) == (
        f"`{gone}` cannot be opened: No such file or directory",
        None,
    )


def _declared(classes, folders, names=None):
    table = Table({"class": np.array(folders, dtype=object), "file": np.array(folders)})
    source = ImageFolderSource("d", names=names)
    targets = {"kind": ClassFeature("class", classes)}
    return told(require_declared_classes, table, Data(source, {}, targets))


def test_classes_without_a_folder_and_folders_of_no_class():
    assert _declared(("cat", "dog"), ["cats", "dog", "cats"]) == (
        "target `kind`: `cat` of `classes` has no folder, and the folder `cats` is none of its "
        "`classes`",
        "write `cats` in the place of `cat`",
    )
    assert _declared(("cat", "dog"), ["dog", "ox", "ant"]) == (
        "target `kind`: `cat` of `classes` has no folder, and the folder `ant`, `ox` is none of "
        "its `classes`",
        "write `classes: [ant, dog, ox]`",
    )
    assert (
        _declared(("dog", "emu"), ["dog"])[0] == "target `kind`: `emu` of `classes` has no folder"
    )


# -- values --------------------------------------------------------------------------------------


def test_arrays_of_another_shape():
    def raw(column):
        return preparer_of(TensorFeature("t", (2, 2))).raw_values(Table({"t": column}))

    assert told(raw, np.zeros((3, 2, 3))) == (
        "column `t` holds arrays of shape (2, 3), not (2, 2)",
        "write `shape: [2, 3]`",
    )
    assert told(raw, np.zeros(3))[1] == "take the column as a `number`"
    assert raw(np.arange(8.0).reshape(2, 4)).values.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


def test_a_gap_in_padded_arrays_is_no_number():
    feature = TensorFeature("t", (3,), pad="end")
    column = np.empty(2, dtype=object)
    column[:] = [np.array([1.0]), np.array([2.0, np.nan])]
    with pytest.raises(StepError, match="column `t`, row 1"):
        preparer_of(feature).raw_values(Table({"t": column}))


def test_an_id_past_the_vocabulary():
    column = np.array([[1, 2], [3, 9]])
    feature = TokensFeature("w", 2, 9)
    message, way = told(preparer_of(feature).raw_values, Table({"w": column}))
    assert "9" in message
    assert message.endswith("is no id of a vocabulary of 9")
    assert way == (
        "ids run from 0 to 8; write a larger `vocabulary`, or `above: unknown`, which reads those "
        "past it as one id and counts them"
    )


@pytest.mark.parametrize(
    ("classes", "values", "way"),
    [
        (3, ["c", "a", "b"], "list the values in the order of their ids: `classes: [a, b, c]`"),
        (3, ["1", "2", "3"], "list the values in the order of their ids: `classes: [1, 2, 3]`"),
        (3, ["1", "2", "4", "0"], "write `classes: 5`, or mend the rows"),
        (3, ["0", "1", "2", "15"], "write `classes: 16`, or mend the rows"),
        (3, ["0", "1", "2", "16"], "list the values under `classes` in the order of their ids"),
        (3, ["-1", "0", "1", "2"], "list the values under `classes` in the order of their ids"),
        (3, ["a", "b", "c", "d"], "list the values under `classes` in the order of their ids"),
    ],
)
def test_values_that_are_no_ids_of_classes(tmp_path, classes, values, way):
    rows = [f"{i},{value}" for i, value in enumerate(values * 5)]
    (tmp_path / "a.csv").write_text("\n".join(["x,y", *rows]))
    data = Data(
        CsvSource(("a.csv",)), {"x": NumberFeature("x")}, {"y": ClassFeature("y", classes)}, SPLIT
    )
    _, found = told(prepare_dataset, data, base=tmp_path)
    assert way in found


def test_what_is_kept_of_data_that_break_their_contract(tmp_path):
    (tmp_path / "a.csv").write_text("\n".join(["x,y", *["1,7"] * 20]))
    data = Data(
        CsvSource(("a.csv",)), {"x": NumberFeature("x")}, {"y": ClassFeature("y", 3)}, SPLIT
    )
    told(prepare_dataset, data, base=tmp_path)
    (kept,) = Path(tmp_path, "home").glob("contracts/*/contract.json")
    account = read_document(kept, CONTRACT)
    assert account["rows"] == {"source": 20}
    assert (account["balance"], account["findings"]) == ({}, [])


# -- what cannot be measured, and what texts lose ------------------------------------------------


def test_metrics_that_the_test_rows_do_not_define():
    way = "choose test rows on which it is, or leave the metric out"
    number, one = NumberFeature("y"), np.zeros((1, 1))
    assert told(_require_defined, METRIC_OF["r2"], "y", number, one) == (
        "`r2` is not defined on a single test row",
        way,
    )
    classes = ClassFeature("y", 3)
    assert told(_require_defined, METRIC_OF["roc_auc"], "y", classes, np.array([0, 2, 0])) == (
        "`roc_auc` is not defined: no test row of `y` has the class 1",
        "write `stratify: y` under `data.split`, or leave the metric out",
    )
    labels = LabelsFeature(("y",), classes=("a", "b"))
    true = np.array([[1, 0], [0, 0]])
    assert told(_require_defined, METRIC_OF["roc_auc"], "y", labels, true) == (
        "`roc_auc` is not defined: the label 1 of `y` holds in all test rows or in none",
        way,
    )


def test_what_texts_lose():
    counted = _Counted(12, 2, 3, Counter({"zebra": 4, "yak": 1, "ox": 2, "ant": 3}))
    feature = TextFeature("t", 5, 100)
    found = {one.kind: one for one in _part_findings("said", "test", feature, counted)}
    assert found["unknown_words"].message == (
        "10 of 12 words in the test samples of `said` have no id: `zebra` (4), `ant` (3), `ox` (2)"
    )
    assert found["cut_samples"].message == (
        "2 test samples of `said` are longer than its `length` and are cut"
    )
    assert found["empty_texts"].message == "3 test samples of `said` hold no word: all is padding"
    assert [one.count for one in found.values()] == [10, 2, 3]
    assert {one.subject for one in found.values()} == {"said/test"}
    pieces = TextFeature("t", 5, 100, split="bpe")
    (first, *_) = _part_findings("said", "test", pieces, counted)
    assert first.message.startswith("10 of 12 parts of words in the test samples")
