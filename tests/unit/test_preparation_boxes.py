"""Boxes of a sample: from lists and arrays in every format, and what is refused of them."""

import json

import numpy as np
import pytest
from refusals import objects

from dlspec.language.features import BoxesFeature, VectorFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, JsonLinesSource
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.box_rows import StrangeBoxes, boxes_of_row
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.step_errors import StepError

SHARES = BoxesFeature("boxes", 3, 2, "xywh")
PIXELS = BoxesFeature("boxes", 2, ("cat", "dog"), "xyxy", "kinds", (100, 200))
NONE = [-1.0] * 5


def test_boxes_are_filled_up():
    found = boxes_of_row(SHARES, [[0.1, 0.2, 0.3, 0.4, 1]])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.1, 0.2, 0.3, 0.4, 1], NONE, NONE], rtol=1e-6)
    np.testing.assert_array_equal(boxes_of_row(SHARES, []), [NONE] * 3)


@pytest.mark.parametrize(
    ("form", "box"),
    [
        ("xywh", [20, 10, 60, 40]),
        ("xyxy", [20, 10, 80, 50]),
        ("center_xywh", [50, 30, 60, 40]),
    ],
)
def test_every_format_in_pixels_gives_the_corner_and_the_extent_in_shares(form, box):
    feature = BoxesFeature("boxes", 1, 3, form, size=(100, 200))
    np.testing.assert_allclose(boxes_of_row(feature, [[*box, 2]]), [[0.1, 0.1, 0.3, 0.4, 2]])


def test_arrays_that_are_filled_up_already_are_read():
    dense = np.array([[[0.5, 0.5, 0.5, 0.5, 0], NONE], [NONE, NONE]])
    made = gather_raw_values(SHARES, Table({"boxes": dense})).values
    np.testing.assert_array_equal(made[0], [[0.5, 0.5, 0.5, 0.5, 0], NONE, NONE])
    np.testing.assert_array_equal(made[1], [NONE] * 3)


def test_classes_may_stand_in_a_column_of_their_own():
    table = Table(
        {
            "boxes": objects([[0, 0, 20, 10], [100, 50, 200, 100]], []),
            "kinds": objects(["dog", "cat"], []),
        }
    )
    made = gather_raw_values(PIXELS, table).values
    np.testing.assert_allclose(made[0], [[0, 0, 0.1, 0.1, 1], [0.5, 0.5, 0.5, 0.5, 0]], rtol=1e-6)
    np.testing.assert_array_equal(made[1], [NONE] * 2)


def test_what_rounding_adds_is_cut_off():
    made = boxes_of_row(SHARES, [[0.333334, -1e-6, 0.666667, 0.5, 0]])
    assert made[0, 0] + made[0, 2] <= 1
    assert made[0, 1] == 0


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (None, "the value is missing"),
        (0.5, "`0.5` is no list of boxes"),
        ([0.1, 0.2, 0.3, 0.4, 1], "`0.1` is no box"),
        ([[0, 0, 0.5, 0.5, 0]] * 4, "4 boxes, of 3 at most"),
        ([[0.1, 0.2, 0.3, 0.4]], "box 0: 4 values, not four numbers and a class"),
        ([[0.1, "a", 0.3, 0.4, 0]], "box 0: `[0.1, 'a', 0.3, 0.4]` is not four finite numbers"),
        ([[0, 0, float("nan"), 1, 0]], "box 0: `[0, 0, nan, 1]` is not four finite numbers"),
        (
            [[0, 0, 0.5, 0.5, 0], [0.1, 0.2, 0, 0.4, 0]],
            "box 1: `[0.1, 0.2, 0.0, 0.4]` has no width or no height",
        ),
        ([[0.8, 0.2, 0.3, 0.4, 0]], "box 0: `[0.8, 0.2, 0.3, 0.4]` is not within 0 to 1"),
        ([[0, 0, 0.5, 0.5, 2]], "box 0: `2` is no class from 0 to 1"),
        ([[0, 0, 0.5, 0.5, 0.5]], "box 0: `0.5` is no class from 0 to 1"),
        ([[0, 0, 0.5, 0.5, True]], "box 0: `True` is no class from 0 to 1"),
    ],
)
def test_what_is_no_box_is_told(cell, why):
    with pytest.raises(StrangeBoxes) as caught:
        boxes_of_row(SHARES, cell)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("cell", "kinds", "why"),
    [
        (
            [[0, 0, 20, 101]],
            ["cat"],
            "box 0: `[0.0, 0.0, 20.0, 101.0]` is not within 100 x 200 pixels",
        ),
        ([[0, 0, 20, 10]], ["cow"], "box 0: `cow` is none of `classes`"),
        ([[0, 0, 20, 10]], [], "1 box has 0 classes"),
        ([[0, 0, 20, 10, 1]], ["cat"], "box 0: 6 values, not four numbers"),
    ],
)
def test_boxes_in_pixels_and_their_classes_are_told(cell, kinds, why):
    with pytest.raises(StrangeBoxes) as caught:
        boxes_of_row(PIXELS, cell, kinds)
    assert str(caught.value) == why


def _write_scenes(folder, scenes):
    lines = [json.dumps({"x": [n / 40, n % 3], "boxes": b}) for n, b in enumerate(scenes)]
    (folder / "scenes.jsonl").write_text("\n".join(lines))
    return Data(
        JsonLinesSource(("scenes.jsonl",)),
        {"x": VectorFeature(("x",), length=2)},
        {"things": SHARES},
        FractionSplit(test=0.25, seed=1),
    )


def test_the_contract_tells_every_row_at_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    scenes = [[[0, 0, 0.5, 0.5, n % 2]] * (n % 4) for n in range(40)]
    dataset = prepare_dataset(_write_scenes(tmp_path, scenes), base=tmp_path)
    train = open_part(dataset, "train")
    for row, boxes in zip(train.rows, train.targets["things"], strict=True):
        assert (boxes[:, 4] >= 0).sum() == row % 4
    scenes[5], scenes[9] = [[0, 0, 0.5, 0.5, 7]], None
    with pytest.raises(StepError) as caught:
        prepare_dataset(_write_scenes(tmp_path, scenes), base=tmp_path)
    assert caught.value.code == "DL612"
    assert (
        "`boxes` fails 3 boxes at most, `xywh` within the picture, each of a class in 2 of 40 "
        in (caught.value.message)
    )
    assert "| scenes.jsonl | 6 | boxes |" in caught.value.table
    assert "| scenes.jsonl | 10 | boxes |" in caught.value.table


def test_boxes_as_texts_of_a_csv_are_told_where_lists_can_stand(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    lines = ["x0,x1,boxes", *(f'{n},{n % 3},"[[0, 0, 1, 1, 0]]"' for n in range(20))]
    (tmp_path / "scenes.csv").write_text("\n".join(lines))
    data = Data(
        CsvSource(("scenes.csv",)),
        {"x": VectorFeature(("x0", "x1"))},
        {"things": SHARES},
        FractionSplit(test=0.25, seed=1),
    )
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.code == "DL612"
    assert "give the rows as `json_lines` or `parquet`" in caught.value.help
    # Followed: the same rows, as lists.
    scenes = [[[0, 0, 1, 1, 0]] for _ in range(20)]
    followed = prepare_dataset(_write_scenes(tmp_path, scenes), base=tmp_path)
    assert len(open_part(followed, "train").rows) > 0
