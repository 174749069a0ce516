"""Arrays of any rank, and masks: a class for each pixel or step."""

import numpy as np
import pytest
from PIL import Image
from refusals import objects

from dlspec.language.features import MaskFeature, TensorFeature
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.fitting import fit_feature, transform_feature
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.step_errors import StepError


def _made(feature, column, *, files=()):
    table = Table({"v": column}, files=files)
    rows = np.arange(table.rows)
    raw = gather_raw_values(feature, table)
    made = transform_feature(fit_feature(feature, raw, rows), raw, rows, rows=rows)
    assert (made.shape[1:], made.dtype) == (feature.element.shape, feature.element.dtype)
    return made


def test_arrays_keep_their_shape_and_flat_ones_get_it():
    values = np.arange(24.0).reshape(2, 3, 4)
    feature = TensorFeature("v", (3, 4), scale=2.0)
    for column in (values, values.reshape(2, 12), values[..., None], objects(*values.tolist())):
        np.testing.assert_array_equal(_made(feature, column), values * 2)


def test_each_place_of_the_last_axis_is_standardized_by_itself():
    values = np.random.default_rng(1).normal(size=(50, 4, 3)) * [1, 10, 100] + 7
    made = _made(TensorFeature("v", (4, 3), standardize=True), values)
    np.testing.assert_allclose(made.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(0, 1)), 1, atol=1e-5)


def test_short_arrays_are_filled_up_and_long_ones_cut():
    column = objects([[1, 2]], [[3, 4], [5, 6], [7, 8]])
    made = _made(TensorFeature("v", (2, 2), pad="end"), column)
    assert made.tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]]
    made = _made(TensorFeature("v", (2, 2), pad="start"), column)
    assert made.tolist() == [[[0, 0], [1, 2]], [[5, 6], [7, 8]]]


def test_classes_of_places_become_ids():
    column = np.array([[[0, 255], [255, 0]]])
    assert _made(MaskFeature("v", (0, 255), (2, 2)), column).tolist() == [[[0, 1], [1, 0]]]
    assert _made(MaskFeature("v", 256, (2, 2)), column.reshape(1, 4))[0, 0, 1] == 255
    ragged = objects(["b", "a"], ["a", "a", "b", "b"])
    made = _made(MaskFeature("v", ("a", "b"), (3,), ignore=7), ragged)
    assert made.tolist() == [[1, 0, 7], [0, 0, 1]]


def test_of_a_palette_picture_the_numbers_count_and_not_the_colours(tmp_path):
    ids = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    picture = Image.fromarray(ids, mode="P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(tmp_path / "a.png")
    column = objects(str(tmp_path / "a.png"))
    assert _made(MaskFeature("v", 3, (2, 2)), column).tolist() == [ids.tolist()]
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(StepError, match="holds colours"):
        _made(MaskFeature("v", 3, (2, 2)), column)


@pytest.mark.parametrize(
    ("feature", "column", "message", "help_"),
    [
        (
            TensorFeature("v", (3, 4)),
            np.zeros((2, 4, 4)),
            "column `v` holds arrays of shape (4, 4), not (3, 4)",
            "write `shape: [4, 4]`",
        ),
        (
            MaskFeature("v", 2, (2,)),
            np.array([[0, 1], [1, 2]]),
            "column `v`, row 1: `2` is no class id: ids run from 0 to 1",
            "list the values under `classes` in the order of their ids, "
            "or write `ignore` with the value of places of no class",
        ),
        (
            MaskFeature("v", ("a", "b"), (2,)),
            objects(["a", "b"], ["a", "c"]),
            "column `v`, row 1: `c` is not one of `classes`",
            "list the values under `classes` in the order of their ids, "
            "or write `ignore` with the value of places of no class",
        ),
        (
            MaskFeature("v", 2, (2,)),
            objects([0, 1], [1]),
            "column `v`, row 1: a mask of shape (1,), not (2,)",
            "say the `shape` that all masks have, or `ignore`, which fills up shorter ones",
        ),
        (
            MaskFeature("v", 2, (2,)),
            objects([0, 1], None),
            "column `v`, row 1: a missing value is no target",
            "leave these rows out",
        ),
    ],
)
def test_what_does_not_fit_is_refused(feature, column, message, help_):
    with pytest.raises(StepError) as caught:
        _made(feature, column)
    assert caught.value.code == "DL613"
    assert (caught.value.message, caught.value.help) == (message, help_)


@pytest.mark.parametrize("size", [(3, 4), (5, 7), (13, 9), (1, 1)])
def test_a_mask_comes_to_its_size_as_pillow_takes_the_nearest_pixel(size):
    ids = np.random.default_rng(2).integers(0, 5, (5, 7)).astype(np.uint8)
    wanted = Image.fromarray(ids).resize(size[::-1], Image.Resampling.NEAREST)
    column = np.empty(2, dtype=np.object_)
    column[:] = [ids, ids[:, :, None].tolist()]
    made = _made(MaskFeature("v", 5, size=size), column)
    assert made.tolist() == [np.asarray(wanted).tolist()] * 2


def test_masks_of_several_sizes_come_to_one_with_places_of_no_class():
    column = np.empty(2, dtype=np.object_)
    column[:] = [np.array([[0, 9], [1, 0]]), np.array([[1]])]
    made = _made(MaskFeature("v", 2, size=(2, 2), ignore=9), column)
    assert made.tolist() == [[[0, 9], [1, 0]], [[1, 1], [1, 1]]]


def test_what_has_no_height_and_width_comes_to_no_size():
    column = np.empty(1, dtype=np.object_)
    column[:] = [np.array([0, 1, 1])]
    with pytest.raises(StepError, match=r"a mask of shape \(3,\), which is no picture"):
        _made(MaskFeature("v", 2, size=(2, 2)), column)
