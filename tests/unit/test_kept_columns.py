"""Kept columns beside predictions: values as written, nothing where a row is yet to come."""

import numpy as np
import pandas as pd
import pytest

from dlspec.language.features import NumberFeature
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.kept_columns import (
    beside_kept,
    identifying_columns,
    kept_columns,
    require_kept_columns,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.step_errors import WrongUsage

DAYS = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[D]")


def test_the_row_that_a_forecast_begins_with_may_be_yet_to_come():
    kept = Table(
        {
            "day": DAYS,
            "number": np.array([1, 2, 3]),
            "name": np.array(["a", "b", "c"], dtype=object),
            "pair": np.arange(6).reshape(3, 2),
        }
    )
    predicted = Table({"row": np.array([2, 3]), "y": np.array([0.5, 0.25])})
    found = beside_kept(kept, predicted).columns
    assert list(found) == ["row", "day", "number", "name", "pair", "y"]
    assert found["day"][0] == DAYS[2]
    assert np.isnat(found["day"][1])
    assert found["name"].tolist() == ["c", None]
    assert found["number"][0] == 3
    assert found["pair"][0].tolist() == [4, 5]
    assert pd.isna(found["number"][1])
    assert np.isnan(found["pair"][1]).all()


def test_texts_that_are_whole_numbers_as_written_become_those_and_others_stay():
    written = {"id": ["1", "20"], "code": ["01", "2"], "share": ["1.50", "2"], "gap": ["1", None]}
    table = Table({name: np.array(values, dtype=object) for name, values in written.items()})
    found = kept_columns(tuple(written), table).columns
    assert found["id"].dtype.kind == "i"
    assert found["id"].tolist() == [1, 20]
    for name in ("code", "share", "gap"):
        assert found[name].tolist() == written[name]


def test_kept_rows_stand_where_they_stood(tmp_path):
    path = tmp_path / "a.csv"
    path.touch()
    table = Table(
        {"id": np.arange(2), "x": np.arange(2)},
        files=((path, 2),),
        lines={path: lambda: np.array([2, 5])},
    )
    kept = kept_columns(("id",), table)
    assert list(kept.columns) == ["id"]
    assert str(kept.place_of(1)) == "line 5 of `a.csv`"


def _preparation():
    fitted = {"x": Fitted(NumberFeature("size"))}
    targets = {"price": Fitted(NumberFeature("cost"))}
    return Preparation(fitted, targets, None, "f", "d", {})


def test_rows_are_known_by_the_plain_columns_that_nothing_reads():
    plain = np.array([1, 2])
    arrays = np.empty(2, dtype=object)
    arrays[:] = [np.zeros(2), np.zeros(3)]
    table = Table(
        {
            "id": plain,
            "size": plain,
            "cost": plain,
            "price": plain,
            "price_probability": plain,
            "price.a": plain,
            "prices": plain,
            "row": plain,
            "picture": np.zeros((2, 3)),
            "waves": arrays,
        }
    )
    assert identifying_columns(_preparation(), table) == ("id", "prices")


def test_a_column_to_keep_that_is_not_there_is_told_with_the_nearest_or_all():
    table = Table({"number": np.array([1]), "town": np.array([2]), "price_text": np.array([3])})
    with pytest.raises(WrongUsage) as caught:
        require_kept_columns(["numbr"], table, _preparation())
    assert caught.value.message == "`--keep` names `numbr`, and the file has no such column"
    assert caught.value.help == "write `number`"
    with pytest.raises(WrongUsage) as caught:
        require_kept_columns(["zz"], table, _preparation())
    assert caught.value.help == "it has `number`, `town`, `price_text`"
    with pytest.raises(WrongUsage) as caught:
        require_kept_columns(["town", "price_text"], table, _preparation())
    assert caught.value.message == (
        "`--keep` names `price_text`, and predictions have a column of that name"
    )
    assert caught.value.help == "leave it out, or give the file's column another name"
    require_kept_columns(["town", "number"], table, _preparation())
