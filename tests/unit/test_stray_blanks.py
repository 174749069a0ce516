"""Blanks around values of a delimited file are told, or left out on demand."""

import dataclasses

import pytest

from dlspec.language.features import CategoryFeature, ClassFeature, NumberFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.given_test_rows import read_data_table
from dlspec_pipelines.steps.step_errors import StepError

ROWS = "size,kind,sort\n1, red,a\n2,red,b\n3,blue ,a\n"


def _data(source, classes=("a", "b")):
    inputs = {"size": NumberFeature("size"), "kind": CategoryFeature("kind", 4)}
    return Data(source, inputs, {"sort": ClassFeature("sort", classes)}, FractionSplit())


def test_a_category_with_a_blank_is_told_with_file_row_and_repair(tmp_path):
    tmp_path.joinpath("a.csv").write_text(ROWS)
    data = _data(CsvSource(("a.csv",)))
    with pytest.raises(StepError) as caught:
        read_data_table(data, tmp_path)
    assert caught.value.message == (
        "column `kind`, line 2 of `a.csv`: ` red` has a blank before or behind it"
    )
    assert "`strip: true`" in caught.value.help
    mended = dataclasses.replace(data, source=CsvSource(("a.csv",), strip=True))
    table = read_data_table(mended, tmp_path)
    assert table.columns["kind"].tolist() == ["red", "red", "blue"]


def test_a_blank_that_the_spec_lists_is_meant(tmp_path):
    tmp_path.joinpath("a.csv").write_text(ROWS.replace(" red", "red").replace("blue ", "blue"))
    tmp_path.joinpath("a.csv").write_text("size,kind,sort\n1,red, a\n2,red,b\n")
    assert read_data_table(_data(CsvSource(("a.csv",)), (" a", "b")), tmp_path).rows == 2
    with pytest.raises(StepError, match=r"column `sort`, line 2 of `a\.csv`: ` a`"):
        read_data_table(_data(CsvSource(("a.csv",))), tmp_path)


def test_classes_that_are_listed_as_text_are_read_as_text(tmp_path):
    tmp_path.joinpath("a.csv").write_text("size,kind,sort\n1,x,01\n2,y,02\n")
    table = read_data_table(_data(CsvSource(("a.csv",)), ("01", "02")), tmp_path)
    assert table.columns["sort"].tolist() == ["01", "02"]
