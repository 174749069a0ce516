"""Files that rows name, decoded in little memory: the same numbers, whatever the bound."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from dlspec.language.features import AudioFeature, ClassFeature, ImageFeature, MaskFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import AudioFolderSource, CsvSource, ImageFolderSource
from dlspec_pipelines.steps.data_memory import is_mapped
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset, table_of_data
from dlspec_pipelines.steps.preparation.preparers import gather_raw_values
from dlspec_pipelines.steps.store import remove_folder

pytestmark = pytest.mark.usefixtures("home")

ROWS, LITTLE = 60, 4_000


def write_pictures(folder, rows, side=16):
    draw = np.random.default_rng(1)
    for row in range(rows):
        file = folder / f"c{row % 3}" / f"{row:04d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(file)


def pictures(folder):
    write_pictures(folder / "pictures", ROWS)
    return Data(
        ImageFolderSource("pictures"),
        {"x": ImageFeature("file", (8, 9), 3, resize="crop", standardize=True)},
        {"y": ClassFeature("class", ("c0", "c1", "c2"))},
        FractionSplit(0.2, 0.2, seed=5),
    )


def sounds(folder):
    draw = np.random.default_rng(2)
    for row in range(ROWS):
        file = folder / "sounds" / f"c{row % 3}" / f"{row:04d}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, draw.uniform(-1, 1, 90 + row), 100)
    return Data(
        AudioFolderSource("sounds"),
        {"x": AudioFeature("file", sample_rate=100, seconds=1.0, standardize=True)},
        {"y": ClassFeature("class", ("c0", "c1", "c2"))},
        FractionSplit(0.2, 0.2, seed=5),
    )


def masks(folder):
    draw = np.random.default_rng(3)
    lines = ["photo,mask"]
    for row in range(ROWS):
        lines.append(f"p{row}.png,m{row}.png")
        Image.fromarray(draw.integers(0, 256, (6, 7), dtype=np.uint8)).save(folder / f"p{row}.png")
        # Some are higher than the feature, some lower.
        ids = draw.integers(0, 2, (5 + row % 3, 7), dtype=np.uint8)
        Image.fromarray(ids).save(folder / f"m{row}.png")
    folder.joinpath("rows.csv").write_text("\n".join(lines))
    return Data(
        CsvSource(("rows.csv",)),
        {"x": ImageFeature("photo", (6, 7), 1)},
        {"y": MaskFeature("mask", 2, (6, 7), ignore=9)},
        FractionSplit(0.2, 0.2, seed=5),
    )


@pytest.mark.parametrize("written", [pictures, sounds, masks])
def test_a_bound_on_memory_changes_no_number_that_comes_of_files(tmp_path, written):
    data = written(tmp_path)
    free = prepare_dataset(data, base=tmp_path)
    remove_folder(tmp_path / "home" / "datasets" / free.fingerprint)
    assert prepare_dataset(data, base=tmp_path, memory=LITTLE) == free
    assert list((tmp_path / "home" / "work").iterdir()) == []


@pytest.mark.parametrize("written", [pictures, sounds, masks])
def test_what_is_made_of_files_is_mapped_where_memory_has_no_room_for_it(tmp_path, written):
    data = written(tmp_path)
    table = table_of_data(data, tmp_path, memory=LITTLE)
    feature = {**data.inputs, **data.targets}["y" if written is masks else "x"]
    bounded = gather_raw_values(feature, table)
    free = gather_raw_values(feature, replace(table, memory=None))
    assert (is_mapped(bounded.values), is_mapped(free.values)) == (True, False)
    assert np.array_equal(bounded.values, free.values)
    assert (bounded.cut, bounded.remarks) == (free.cut, free.remarks)


def test_masks_that_are_too_high_are_cut_and_counted_and_low_ones_filled_up(tmp_path):
    data = masks(tmp_path)
    raw = gather_raw_values(data.targets["y"], table_of_data(data, tmp_path))
    assert raw.cut == ROWS // 3
    for row in range(ROWS):
        expected = np.full((7, 7), 9)
        stored = np.asarray(Image.open(tmp_path / f"m{row}.png"))
        expected[: len(stored)] = stored
        assert np.array_equal(raw.values[row], expected[:6])


def test_decoding_holds_no_array_of_the_size_of_all_pictures(tmp_path):
    write_pictures(tmp_path / "pictures", 200)
    features = {"x": ImageFeature("file", (224, 224), 3, resize="stretch")}
    data = replace(pictures(tmp_path), inputs=features)
    pixels = 200 * 224 * 224 * 3
    tracemalloc.start()
    try:
        prepare_dataset(data, base=tmp_path, memory=pixels // 5)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The elements have four times the bytes of the pixels, and are written in blocks of 8 MB.
    assert peak < pixels
