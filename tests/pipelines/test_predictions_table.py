"""What `dlspec predict` writes: every number of an array, in each form that it can be written."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.new_rows import _prediction_columns
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.evaluation.predictions_table import (
    csv_frame,
    write_predictions_table,
)
from dlspec_pipelines.steps.step_errors import StepError

WHOLE = np.arange(4 * 40 * 30, dtype="float32").reshape(4, 40, 30)
ROW = np.arange(4)


def test_an_array_is_written_whole_and_typed_as_parquet(tmp_path):
    write_predictions_table(Table({"row": ROW, "file": WHOLE}), tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    assert str(table.schema.field("file").type).count("fixed_size_list") == 2
    np.testing.assert_array_equal(np.array(table["file"].to_pylist(), "float32"), WHOLE)


def test_an_array_is_written_whole_as_npz(tmp_path):
    names = np.array(["a", "b", "a", "c"], dtype=object)
    write_predictions_table(Table({"row": ROW, "file": WHOLE, "kind": names}), tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz") as found:
        np.testing.assert_array_equal(found["file"], WHOLE)
        assert found["kind"].tolist() == names.tolist()


def test_a_small_array_has_a_csv_column_for_each_element(tmp_path):
    write_predictions_table(Table({"row": ROW, "y": WHOLE[:, :2, :2]}), tmp_path / "p.csv")
    found = pd.read_csv(tmp_path / "p.csv")
    assert list(found) == ["row", "y.0.0", "y.0.1", "y.1.0", "y.1.1"]
    assert found["y.1.0"].tolist() == WHOLE[:, 1, 0].tolist()


def test_an_array_too_large_for_csv_is_said_and_nothing_is_written(tmp_path):
    with pytest.raises(StepError, match="1,200 numbers in each row") as caught:
        write_predictions_table(Table({"y": WHOLE}), tmp_path / "p.csv")
    assert ".parquet" in str(caught.value.help)
    assert list(tmp_path.iterdir()) == []


def test_generated_ids_of_any_length_are_lists(tmp_path):
    ids = np.empty(2, dtype=object)
    ids[:] = [[1, 2, 3], [4]]
    write_predictions_table(Table({"next": ids}), tmp_path / "p.parquet")
    assert pq.read_table(tmp_path / "p.parquet")["next"].to_pylist() == [[1, 2, 3], [4]]
    assert csv_frame(Table({"next": ids}))["next"].tolist() == [[1, 2, 3], [4]]
    with pytest.raises(StepError, match="no array of one type"):
        write_predictions_table(Table({"next": ids}), tmp_path / "p.npz")


def test_an_ending_without_a_form_is_refused(tmp_path):
    with pytest.raises(StepError, match="is no table"):
        write_predictions_table(Table({"row": ROW}), tmp_path / "p.xlsx")


def test_the_probability_of_a_binary_is_that_of_the_positive_class():
    p = np.array([0.2, 0.9], "float32")
    guess = np.array([0, 1])
    found = _prediction_columns("survived", Predicted("binary", guess, guess, p), None)
    assert found["survived_probability"].tolist() == p.tolist()
