"""Test rows in a file of their own, beside the source."""

import numpy as np
import pytest

import dlspec
from dlspec.language.features import CategoryFeature, ClassFeature, NumberFeature
from dlspec.language.row_splits import GivenSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, JsonLinesSource, NpzSource
from dlspec_pipelines.steps.preparation.dataset import fingerprint_of, prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

SPEC = """
dlspec: 1
name: given
data:
  source: {csv: train.csv, separator: ";", missing: ["?"]}
  test: {csv: test.csv%s}
  inputs: {size: {number: size, standardize: true}, kind: {category: kind, vocabulary: 4}}
  targets: {sort: {class: sort, classes: 2}}
  split: {validation: 0.25, test: given, seed: 1}
model:
  inputs: {size: [1], kind: {shape: [], dtype: int32}}
  graph:
    - {Embedding: [4, 2], name: place, from: kind}
    - {Concatenate, from: [size, place]}
    - {Dense: 2, name: sort}
"""
TRAIN = "size;kind;sort\n" + "".join(f"{i};k{i % 3};{i % 2}\n" for i in range(8))
TEST = "kind;size;sort\n7;100;0\nk1;200;1\n"


def _data(folder, test=TEST, said=""):
    folder.joinpath("train.csv").write_text(TRAIN)
    folder.joinpath("test.csv").write_text(test)
    return dlspec.loads(SPEC % said).data


def test_what_the_test_file_does_not_say_is_as_in_the_source():
    data = dlspec.loads(SPEC % "").data
    assert data.test == CsvSource(("test.csv",), ";", missing=("?",))
    data = dlspec.loads(SPEC % ', separator: ",", encoding: latin-1').data
    assert data.test == CsvSource(("test.csv",), ",", missing=("?",), encoding="latin-1")


def test_the_rows_of_the_test_file_are_the_test_rows_and_nothing_is_fitted_to_them(tmp_path):
    dataset = prepare_dataset(_data(tmp_path), base=tmp_path)
    # Each row is dealt by its content: of eight rows the share is not kept exactly.
    assert dataset.rows["train"] + dataset.rows["validation"] == 8
    assert dataset.rows["test"] == 2
    test, train = open_part(dataset, "test"), open_part(dataset, "train")
    assert test.rows.tolist() == [8, 9]
    assert max(train.rows) < 8
    preparation = load_preparation(tmp_path / "home/datasets" / dataset.fingerprint)
    assert preparation.inputs["size"].scaling.mean[0] == np.mean(train.rows)
    assert preparation.inputs["kind"].vocabulary == ("k0", "k1", "k2")
    assert test.inputs["kind"].tolist() == [0, 2]


def test_either_file_changes_the_fingerprint(tmp_path):
    data = _data(tmp_path)
    first = fingerprint_of(data, tmp_path)
    tmp_path.joinpath("test.csv").write_text(TEST.replace("200", "201"))
    second = fingerprint_of(data, tmp_path)
    tmp_path.joinpath("train.csv").write_text(TRAIN.replace("k1", "k9"))
    assert len({first, second, fingerprint_of(data, tmp_path)}) == 3


def test_a_slip_in_the_header_of_the_test_file_is_told(tmp_path):
    with pytest.raises(StepError) as caught:
        prepare_dataset(_data(tmp_path, TEST.replace("size", "Size")), base=tmp_path)
    assert caught.value.code == "DL611"
    assert caught.value.message == (
        "the test rows in `test.csv` have no column `size`, which the source has"
    )
    assert caught.value.help == (
        "write `size` in the place of `Size` into the header of `test.csv`"
    )


def test_a_column_that_nobody_reads_may_stand_on_one_side(tmp_path):
    test = "id;kind;size;sort\n1;k1;100;0\n"
    assert prepare_dataset(_data(tmp_path, test), base=tmp_path).rows["test"] == 1


def test_text_among_the_test_rows_numbers_is_told_with_file_and_row(tmp_path):
    with pytest.raises(StepError) as caught:
        prepare_dataset(_data(tmp_path, TEST.replace("200", "n/a")), base=tmp_path)
    assert caught.value.code == "DL613"
    assert caught.value.message == (
        "column `size`, line 3 of `test.csv`: `n/a` is no number, "
        "and the source holds numbers there"
    )


def test_the_files_may_be_of_several_kinds(tmp_path):
    tmp_path.joinpath("test.jsonl").write_text('{"size": 5, "kind": "k1", "sort": 1}\n')
    data = _data(tmp_path)
    mixed = Data(
        data.source, data.inputs, data.targets, data.split, test=JsonLinesSource(("test.jsonl",))
    )
    assert prepare_dataset(mixed, base=tmp_path).rows["test"] == 1


def test_the_pairs_of_an_npz_are_given_test_rows(tmp_path):
    x, y = np.arange(10.0), np.arange(10) % 2
    arrays = {"x_train": x[:8], "y_train": y[:8], "x_test": x[8:], "y_test": y[8:]}
    np.savez(tmp_path / "a.npz", **arrays)
    data = Data(
        NpzSource(("a.npz",)),
        {"x": NumberFeature("x")},
        {"y": ClassFeature("y", 2)},
        GivenSplit("given", 0.25),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    # Each row is dealt by its content: of eight rows the share is not kept exactly.
    assert dataset.rows["train"] + dataset.rows["validation"] == 8
    assert dataset.rows["test"] == 2
    np.savez(tmp_path / "b.npz", x=x, y=y)
    with pytest.raises(StepError, match="has test rows of its own, and `test` names others"):
        prepare_dataset(
            Data(data.source, data.inputs, data.targets, data.split, test=NpzSource(("b.npz",))),
            base=tmp_path,
        )
    plain = Data(NpzSource(("b.npz",)), data.inputs, data.targets, data.split)
    with pytest.raises(StepError, match="no test rows of its own") as caught:
        prepare_dataset(plain, base=tmp_path)
    assert "beside `source`" in caught.value.help


def test_a_category_of_the_test_rows_alone_is_unknown_or_refused(tmp_path):
    data = _data(tmp_path)
    kind = CategoryFeature("kind", ("k0", "k1", "k2"), unknown=False)
    strict = Data(data.source, {"kind": kind}, data.targets, data.split, test=data.test)
    with pytest.raises(StepError, match="`7`"):
        prepare_dataset(strict, base=tmp_path)
