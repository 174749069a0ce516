"""Series of the UCR and UEA archive, in its two formats."""

import os
from pathlib import Path

import numpy as np
import pytest

import dlspec
from dlspec.language.sources import TimeSeriesTsSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

DATA = Path(os.environ.get("DLSPEC_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
HEAD = (
    "#a comment: with a colon\n@problemName x\n@timeStamps false\n@classLabel true up down\n@data\n"
)


def _read(folder, text, name="a.ts"):
    folder.joinpath(name).write_text(text)
    return read_source_table(TimeSeriesTsSource((name,)), folder)


def test_channels_stand_beside_one_another(tmp_path):
    table = _read(tmp_path, HEAD + "1,2,3:4,5,6:up\n7,8,9:0,?,2:down\n")
    np.testing.assert_array_equal(
        table.columns["series"],
        [[[1, 4], [2, 5], [3, 6]], [[7, 0], [8, np.nan], [9, 2]]],
    )
    assert table.columns["class"].tolist() == ["up", "down"]


def test_series_of_several_lengths_are_an_array_each(tmp_path):
    table = _read(tmp_path, HEAD + "1,2,3:up\n4:down\n")
    assert [one.shape for one in table.columns["series"]] == [(3, 1), (1, 1)]


def test_whole_numbers_are_classes_by_number(tmp_path):
    table = _read(tmp_path, HEAD.replace("up down", "-1 1") + "1,2:-1\n3,4:1\n")
    assert table.columns["class"].tolist() == [-1, 1]
    assert table.columns["class"].dtype == np.int64


def test_the_arff_of_both_archives_is_read(tmp_path):
    text = "% c\n@relation x\n@attribute a numeric\n@attribute b numeric\n"
    text += "@attribute target {1,2}\n@data\n0.5,1.5,2\n2.5,?,1\n"
    table = _read(tmp_path, text, "a.arff")
    np.testing.assert_array_equal(table.columns["series"], [[[0.5], [1.5]], [[2.5], [np.nan]]])
    assert table.columns["class"].tolist() == [2, 1]
    text = "@relation x\n@attribute r relational\n@attribute t0 numeric\n@end r\n"
    text += "@attribute c {Run,Walk}\n@data\n'1,2\\n3,4',Run\n\"5,6\\n7,8\",Walk\n"
    table = _read(tmp_path, text, "b.arff")
    np.testing.assert_array_equal(table.columns["series"], [[[1, 3], [2, 4]], [[5, 7], [6, 8]]])
    assert table.columns["class"].tolist() == ["Run", "Walk"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,2\n", "has no line `@data`"),
        (HEAD.replace("false", "true") + "(1,2):up\n", "has a time stamp before each number"),
        (HEAD + "1,2:up\n1,2:left\n", "line 7: `left` is none of its classes"),
        (HEAD + "1,2:3:up\n", "line 6: its channels have 2, 1 steps"),
        (HEAD + "1,x:up\n", "line 6: could not convert string to float: 'x'"),
        (HEAD + "up\n", "line 6: its channels have none steps"),
        (HEAD, "the source has no rows"),
    ],
)
def test_what_is_no_such_file_is_told_with_its_line(tmp_path, text, told):
    with pytest.raises(StepError) as caught:
        _read(tmp_path, text)
    assert told in caught.value.message
    assert caught.value.code == "DL610"


SPEC = """
dlspec: 1
name: motions
data:
  source: {time_series_ts: timeseries/ucr/%s_TRAIN.ts}
  test: {time_series_ts: timeseries/ucr/%s_TEST.ts}
  inputs: {motion: {sequence: series, length: %d, features: %d, standardize: true}}
  targets: {kind: {class: class, classes: [%s]}}
  split: {validation: 0.2, test: given, seed: 1}
model:
  inputs: {motion: [%d, %d]}
  graph:
    - GlobalAveragePooling1D
    - {Dense: %d, name: kind}
"""


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not here: set DLSPEC_DATA")
@pytest.mark.parametrize(
    ("name", "element", "classes", "rows"),
    [
        ("BasicMotions", (100, 6), "Standing, Running, Walking, Badminton", (40, 40)),
        ("GunPoint", (150, 1), "1, 2", (50, 150)),
        ("ArrowHead", (251, 1), "0, 1, 2", (36, 175)),
        ("ItalyPowerDemand", (24, 1), "1, 2", (67, 1029)),
    ],
)
def test_pairs_of_the_archive_are_prepared(tmp_path, monkeypatch, name, element, classes, rows):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DLSPEC_DATA", str(DATA))
    path = f"{name}/{name}"
    width = classes.count(",") + 1
    said = (path, path, *element, classes, *element, width)
    dataset = prepare_dataset(dlspec.loads(SPEC % said).data, base=tmp_path)
    assert (dataset.rows["train"] + dataset.rows["validation"], dataset.rows["test"]) == rows
    test = open_part(dataset, "test")
    assert test.inputs["motion"].shape == (rows[1], *element)
    assert set(test.targets["kind"].tolist()) == set(range(width))
