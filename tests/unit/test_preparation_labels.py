"""Any number of labels for each row: from columns of 0 and 1, lists, texts and vectors."""

import json
from pathlib import Path

import numpy as np
import pytest
from refusals import objects
from sklearn.preprocessing import MultiLabelBinarizer

from dlspec.language.features import LabelsFeature, NumberFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.step_errors import StepError


def _raw(feature, **columns):
    raw = gather_raw_values(feature, Table(columns))
    assert raw.values.dtype == np.float32
    return raw


ROWS = [["red"], [], ["blue", "round"], ["round", "red"]]


def test_lists_and_texts_give_what_scikit_learn_gives():
    names = ("red", "blue", "round")
    expected = MultiLabelBinarizer(classes=list(names)).fit_transform(ROWS)
    lists, texts = objects(*map(list, ROWS)), objects(*(" | ".join(row) for row in ROWS))
    for column in (lists, texts):
        made = _raw(LabelsFeature(("t",), names), t=column).values
        np.testing.assert_array_equal(made, expected)


def test_ids_and_vectors_and_single_labels_are_labels():
    ids = LabelsFeature(("t",), 3)
    assert _raw(ids, t=objects([0, 2], [1])).values.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert _raw(ids, t=objects("0|2", "1")).values.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert _raw(ids, t=np.array([2, 0])).values.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert _raw(ids, t=np.array([[1, 0, 1]])).values.tolist() == [[1, 0, 1]]


def test_columns_of_0_and_1_are_labels_in_their_order():
    feature = LabelsFeature(("t1..t2", "u"))
    made = _raw(feature, t1=np.array([1, 0]), t2=np.array([True, False]), u=objects("1", "0"))
    assert made.values.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert feature.names == ("t1", "t2", "u")


@pytest.mark.parametrize(
    ("feature", "columns", "message", "help_"),
    [
        (
            LabelsFeature(("t",), ("a", "b")),
            {"t": objects("a", "a;b")},
            "column `t`, row 1: `a;b` is not one of `classes`",
            "add it to `classes`, or write the `separator` that the column has",
        ),
        (
            LabelsFeature(("t",), 2),
            {"t": objects([0], [2])},
            "column `t`, row 1: `2` is no label id: ids run from 0 to 1",
            "list the labels under `classes` in the order of their ids",
        ),
        (
            LabelsFeature(("t",), ("a", "b")),
            {"t": objects("a", None)},
            "column `t`, row 1: a missing value is no target",
            "leave these rows out, or write `missing: none`, where no label holds then",
        ),
        (
            LabelsFeature(("t", "u")),
            {"t": np.array([0.0, 1.0]), "u": np.array([0.0, np.nan])},
            "column `u`, row 1: a missing value is no target",
            "leave these rows out, or write `missing: none`, where no label holds then",
        ),
        (
            LabelsFeature(("t", "u")),
            {"t": np.array([0, 1]), "u": np.array([0, 2])},
            "column `u`, row 1: `2` is neither 0 nor 1",
            "name one column that holds the labels, or columns of 0 and 1",
        ),
        (
            LabelsFeature(("t",), 2),
            {"t": np.array([[0, 1, 1]])},
            "column `t` holds arrays of shape (3,), not of 2 labels",
            "say under `classes` how many labels there are",
        ),
    ],
)
def test_what_is_no_label_is_refused(feature, columns, message, help_):
    with pytest.raises(StepError) as caught:
        _raw(feature, **columns)
    assert caught.value.code == "DL613"
    assert (caught.value.message, caught.value.help) == (message, help_)


def test_missing_values_are_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    rows = [f"{i if i % 5 else ''},{'a|b' if i % 2 else ''}" for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["n,t", *rows]))
    data = Data(
        CsvSource(("a.csv",)),
        {"n": NumberFeature("n", missing="median")},
        {"t": LabelsFeature(("t",), ("a", "b"), missing="none")},
        FractionSplit(0.1, 0.2, None, 1),
    )
    folder = Path(prepare_dataset(data, base=tmp_path).path)
    account = json.loads((folder / "contract.json").read_text())
    told = {f["subject"]: f["count"] for f in account["findings"] if f["kind"] == "missing_values"}
    assert told == {"n": 4, "t": 10}
