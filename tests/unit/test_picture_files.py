"""Pictures in files and arrays -> pixels of one size, by values written out."""

import numpy as np
import pytest
from PIL import Image

from dlspec.language.features import ImageFeature
from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
from dlspec_pipelines.steps.datasets.picture_pixels import pixels_of_picture, resized_picture
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.image_files import read_image_files, resized_pixels
from dlspec_pipelines.steps.preparation.named_files import (
    digest_of_named_files,
    digests_of_named_files,
    named_file_paths,
)
from dlspec_pipelines.steps.preparation.preparers import preparer_of
from dlspec_pipelines.steps.step_errors import StepError


def _picture(pixels, mode="L"):
    return Image.fromarray(np.array(pixels, dtype=np.uint8), mode)


def _table(folder, names):
    return Table({"file": np.array(names, dtype=object)}, files=((folder / "t.csv", len(names)),))


# Rows 0, 100, 0, 200 of a picture twice as high as wide.
TALL = [[0, 0], [100, 100], [0, 0], [200, 200]]


def test_a_picture_is_stretched_cut_in_the_middle_or_given_bars():
    def to_two_by_two(resize):
        return np.asarray(resized_picture(_picture(TALL), (2, 2), resize)).tolist()

    stretched = to_two_by_two("stretch")
    assert [row[0] for row in stretched] == pytest.approx([50, 100], abs=20)
    assert to_two_by_two("crop") == [[100, 100], [0, 0]]
    padded = np.asarray(resized_picture(_picture([[7] * 4] * 2), (4, 4), "pad"))
    assert padded.tolist() == [[0] * 4, [7] * 4, [7] * 4, [0] * 4]


def test_the_height_comes_first_and_channels_last(tmp_path):
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    path = tmp_path / "a.png"
    _picture(pixels, "RGB").save(path)
    assert np.array_equal(pixels_of_picture(path, (2, 3), 3, None), pixels)
    assert pixels_of_picture(path, (2, 3), 1, None).shape == (2, 3, 1)
    assert pixels_of_picture(path, (2, 3), 4, None)[..., 3].tolist() == [[255] * 3] * 2
    with pytest.raises(Undecodable) as caught:
        pixels_of_picture(path, (3, 2), 3, None)
    assert str(caught.value) == f"`{path}` has 2 x 3 pixels, not 3 x 2"


def test_the_pixels_of_each_file_stand_in_its_row(tmp_path):
    for name, value in (("a.png", 10), ("b.png", 20)):
        _picture([[value, value]]).save(tmp_path / name)
    feature = ImageFeature("file", (1, 2), 1)
    found = read_image_files(feature, _table(tmp_path, ["b.png", "a.png", "b.png"]))
    assert found.dtype == np.uint8
    assert found.tolist() == [[[[20], [20]]], [[[10], [10]]], [[[20], [20]]]]


def test_pictures_of_two_channels_there_are_none(tmp_path):
    with pytest.raises(StepError) as caught:
        read_image_files(ImageFeature("file", (1, 2), 2), _table(tmp_path, []))
    assert caught.value.message == "column `file` names pictures, and none has 2 channels"
    assert caught.value.help == "write `channels: 1` for grey, 3 for colour or 4 with transparency"


def test_an_array_is_resized_channel_by_channel():
    feature = ImageFeature("image", (2, 2), 2, resize="crop")
    pixels = np.stack([np.array(TALL), 2 * np.array(TALL)], axis=-1) / 8
    found = resized_pixels(feature, pixels)
    assert found.dtype == np.float32
    assert found.tolist() == [[[12.5, 25.0], [12.5, 25.0]], [[0, 0], [0, 0]]]
    grey = resized_pixels(ImageFeature("image", (2, 2), 1, resize="crop"), np.array(TALL))
    assert grey.tolist() == [[[100.0], [100.0]], [[0], [0]]]


def test_grey_images_of_one_array_are_resized_as_those_of_an_array_each():
    feature = ImageFeature("image", (2, 2), 1, resize="crop")
    column = np.array([TALL, TALL])
    apart = np.empty(2, dtype=object)
    apart[:] = [np.array(TALL), np.array(TALL)[..., None]]
    wanted = [[[[100.0], [100.0]], [[0.0], [0.0]]]] * 2
    for given in (column, column[..., None], apart):
        raw = preparer_of(feature).raw_values(Table({"image": given}))
        assert raw.values.tolist() == wanted


def test_names_begin_in_the_folder_of_the_file_that_gave_the_row(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(folder)
    files = ((tmp_path / "one" / "t.csv", 1), (tmp_path / "two" / "t.csv", 1))
    table = Table({"file": np.array(["a.txt", "a.txt"], dtype=object)}, files=files)
    paths = named_file_paths("file", table)
    assert paths == [tmp_path / "one" / "a.txt", tmp_path / "two" / "a.txt"]
    one, two = digests_of_named_files("file", table)
    # printf one | sha256sum
    assert one.hex().startswith("7692c3ad3540bb803c020b3aee66cd88")
    assert one != two
    before = digest_of_named_files("file", table)
    (tmp_path / "two" / "a.txt").write_text("other")
    assert digest_of_named_files("file", table) != before


def test_a_row_that_names_nothing_and_one_that_names_no_file_are_told_together(tmp_path):
    table = _table(tmp_path, [None, "no.png", *(f"{i}.png" for i in range(10))])
    with pytest.raises(StepError) as caught:
        named_file_paths("file", table)
    lines = caught.value.message.splitlines()
    assert lines[0] == "column `file`: 12 of 12 files are refused"
    assert lines[1].endswith("a missing value names no file")
    assert lines[2].endswith(f"there is no file `no.png`: looked at `{tmp_path / 'no.png'}`")
    assert lines[-1] == "  and 2 more"
    assert len(lines) == 12
    assert caught.value.help == "write paths relative to the table's own folder"
