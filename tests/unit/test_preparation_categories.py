"""One category in each of several columns, and many columns named in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from refusals import objects

from dlspec.language.features import (
    BinaryFeature,
    CategoriesFeature,
    SeriesFeature,
    VectorFeature,
)
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import (
    fit_feature,
    load_preparation,
    transform_feature,
)
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home")


def _ids(feature, columns, train=None):
    """Return the ids of all rows; `train` says which rows fit."""
    table = Table({name: np.asarray(column) for name, column in columns.items()})
    rows = np.arange(table.rows)
    raw = gather_raw_values(feature, table)
    fitted = fit_feature(feature, raw, rows if train is None else np.asarray(train))
    made = transform_feature(fitted, raw, rows, rows=rows)
    assert (made.shape[1:], made.dtype) == (feature.element.shape, feature.element.dtype)
    assert made.max() < feature.num_ids
    return made.tolist()


def test_columns_share_their_categories():
    columns = {"a": objects("x", "y"), "b": objects("y", "z")}
    assert _ids(CategoriesFeature(("a", "b"), 4), columns) == [[1, 2], [2, 3]]


def test_columns_may_have_ids_of_their_own():
    columns = {"a": objects("x", "y"), "b": objects("y", None), "n": np.array([7, 5])}
    feature = CategoriesFeature(("a", "b", "n"), 6, per_column=True)
    assert _ids(feature, columns) == [[1, 3, 5], [2, 0, 4]]
    listed = CategoriesFeature(("a", "b"), ("x", "y"), per_column=True)
    assert _ids(listed, columns) == [[1, 4], [2, 0]]
    assert listed.num_ids == 5


def test_without_an_unknown_id_the_first_is_0():
    columns = {"a": objects("x", "y"), "b": objects("q", "p")}
    feature = CategoriesFeature(("a", "b"), 4, unknown=False, per_column=True)
    assert _ids(feature, columns) == [[0, 3], [1, 2]]


@pytest.mark.parametrize(
    ("keys", "columns", "message", "help_"),
    [
        (
            {"vocabulary": 3},
            {"a": objects("x", "y"), "b": objects("y", "z")},
            "columns `a`, `b` have 3 categories in the training rows, "
            "the vocabulary has room for 2",
            "write `vocabulary: 4`, or `rare: unknown`, which makes the rarest unknown",
        ),
        (
            {"vocabulary": 9},
            {"a": objects("x", "y"), "b": np.array([1, 2])},
            "column `a` holds text and column `b` numbers, which share no categories",
            "write `per_column: true`, which gives each column ids of its own",
        ),
        (
            {"vocabulary": ("x", "y")},
            {"a": objects("x", "y"), "b": objects("X", "Y")},
            "no training row of column `b` holds a category of its vocabulary",
            "list values as the column has them; the first is `X`",
        ),
        (
            {"vocabulary": ("x", "y"), "unknown": False},
            {"a": objects("x", "y"), "b": objects("x", "w")},
            "column `b`, row 1: `w` is no category of the training rows",
            "write `unknown: true`, which keeps id 0 for such values",
        ),
        (
            {"vocabulary": ("x", "y"), "unknown": False},
            {"a": objects("x", "y"), "b": objects("x", None)},
            "column `b`, row 1: a missing value is no category of the training rows",
            "write `unknown: true`, which keeps id 0 for such values",
        ),
    ],
)
def test_what_the_vocabulary_cannot_hold_is_refused(keys, columns, message, help_):
    with pytest.raises(StepError) as caught:
        _ids(CategoriesFeature(("a", "b"), **keys), columns)
    assert caught.value.code == "DL613"
    assert (caught.value.message, caught.value.help) == (message, help_)


def test_the_rarest_are_unknown_where_the_spec_says_so():
    columns = {"a": objects("x", "y", "x"), "b": objects("x", "y", "z")}
    feature = CategoriesFeature(("a", "b"), 3, rare="unknown")
    assert _ids(feature, columns) == [[1, 1], [2, 2], [1, 0]]


def _titanic(tmp_path, **keys):
    rows = [f"{'fm'[i % 2]},{i % 3 + 1},{'SCQ'[i % 3]},{i % 2}" for i in range(40)]
    rows[5] = rows[5].replace("Q", "").replace("C", "").replace("S", "")
    (tmp_path / "a.csv").write_text("\n".join(["sex,class,port,alive", *rows]))
    feature = CategoriesFeature(("sex", "class", "port"), 9, per_column=True, **keys)
    data = Data(
        CsvSource(("a.csv",)),
        {"known": feature},
        {"alive": BinaryFeature("alive")},
        FractionSplit(0.1, 0.2, None, 1),
    )
    return data, prepare_dataset(data, base=tmp_path)


def test_predict_gives_the_ids_of_training(tmp_path):
    """A file of which a column looks like numbers, and that has a type of its own in each."""
    data, dataset = _titanic(tmp_path)
    table = read_source_table(data.source, tmp_path)
    applied = apply_preparation(load_preparation(Path(dataset.path)), table)
    for part in ("train", "validation", "test"):
        arrays = open_part(dataset, part)
        np.testing.assert_array_equal(applied.inputs["known"][arrays.rows], arrays.inputs["known"])


def test_unknown_categories_are_counted_by_column(tmp_path):
    _, dataset = _titanic(tmp_path)
    account = json.loads((Path(dataset.path) / "contract.json").read_text())
    found = {f["subject"]: f["message"] for f in account["findings"]}
    (told,) = (message for subject, message in found.items() if "known.port" in subject)
    assert told.startswith("1 ")
    assert told.endswith(": the value is missing")


def test_a_run_of_numbered_columns_is_one_name():
    assert VectorFeature(("x0..x3", "age")).columns == ("x0", "x1", "x2", "x3", "age")
    assert SeriesFeature(("t08..t11",), 5).element.shape == (5, 4)
    assert CategoriesFeature(("0..2",), 5).columns == ("0", "1", "2")
    assert CategoriesFeature(("x3..x1", "a..b", "x..9"), 5).columns == ("x3..x1", "a..b", "x..9")
    assert len(VectorFeature(("x0..x99999999999",)).columns) == 1
