"""Preparation in little memory: the same numbers, whatever `runtime.memory` says."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from dlspec.language.features import ClassFeature, ImageFeature, TensorFeature, VectorFeature
from dlspec.language.row_splits import FractionSplit, GivenSplit
from dlspec.language.sections import Data
from dlspec.language.sources import NpzSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.features.scaled_numbers import fit_filled_scaling
from dlspec_pipelines.steps.preparation.raw_columns import Raw, side_by_side
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import remove_folder

pytestmark = pytest.mark.usefixtures("home")

ROWS = 600
LITTLE = 8_000


def arrays():
    draw = np.random.default_rng(4)
    return {
        "x": draw.integers(0, 256, (ROWS, 12, 12), dtype=np.uint8),
        "field": draw.normal(size=(ROWS, 5, 3)),
        "y": draw.integers(0, 3, ROWS),
    }


def write_stored(folder):
    np.savez(folder / "a.npz", **arrays())
    return ("a.npz",)


def write_packed(folder):
    np.savez_compressed(folder / "a.npz", **arrays())
    return ("a.npz",)


def write_each_by_itself(folder):
    for name, array in arrays().items():
        np.save(folder / f"{name}.npy", array)
    return ("x.npy", "field.npy", "y.npy")


def write_halves(folder):
    halves = {}
    for name, array in arrays().items():
        halves[f"{name}_train"], halves[f"{name}_test"] = array[:450], array[450:]
    np.savez_compressed(folder / "a.npz", **halves)
    return ("a.npz",)


def data_in(files, split):
    return Data(
        NpzSource(files),
        {
            "x": ImageFeature("x", size=(12, 12), channels=1, standardize=True),
            "field": TensorFeature("field", shape=(5, 3), standardize=True),
        },
        {"y": ClassFeature("y", 3)},
        split,
    )


@pytest.mark.parametrize("write", [write_stored, write_packed, write_each_by_itself, write_halves])
def test_a_bound_on_memory_changes_no_prepared_number(tmp_path, write):
    data = data_in(write(tmp_path), FractionSplit(0.2, 0.1, "y", 5))
    if write is write_halves:
        data = replace(data, split=GivenSplit("given", 0.2, seed=5))
    free = prepare_dataset(data, base=tmp_path)
    remove_folder(tmp_path / "home" / "datasets" / free.fingerprint)
    bounded = prepare_dataset(data, base=tmp_path, memory=LITTLE)
    assert bounded == free
    assert list((tmp_path / "home" / "work").iterdir()) == []


@pytest.mark.parametrize("write", [write_stored, write_packed, write_each_by_itself, write_halves])
def test_what_memory_has_no_room_for_is_mapped(tmp_path, write):
    files = write(tmp_path)
    table = read_source_table(NpzSource(files), tmp_path, memory=LITTLE)
    for name, array in arrays().items():
        found = table.columns[name]
        assert isinstance(found, np.memmap)
        assert np.array_equal(found, array)


@pytest.mark.parametrize("write", [write_stored, write_packed])
def test_arrays_of_all_kinds_are_read_in_little_memory(tmp_path, write):
    kinds = {
        "across": np.asfortranarray(np.arange(12.0).reshape(4, 3)),
        "words": np.array(["a", "bb", "c", "d"]),
        "empty": np.zeros((4, 0)),
    }
    save = np.savez if write is write_stored else np.savez_compressed
    save(tmp_path / "a.npz", **kinds)
    table = read_source_table(NpzSource(("a.npz",)), tmp_path, memory=8)
    assert {name: column.tolist() for name, column in table.columns.items()} == {
        name: array.tolist() for name, array in kinds.items()
    }


def test_a_damaged_array_is_noticed_where_it_is_mapped(tmp_path):
    (file,) = write_stored(tmp_path)
    content = bytearray((tmp_path / file).read_bytes())
    content[5_000] ^= 1
    (tmp_path / file).write_bytes(content)
    with pytest.raises(StepError, match=r"is not a .npz archive: Bad CRC-32"):
        read_source_table(NpzSource((file,)), tmp_path, memory=LITTLE)


def test_preparation_holds_no_array_of_the_size_of_its_source(tmp_path):
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (40_000, 40, 40), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=pixels, y=draw.integers(0, 3, len(pixels)))
    source_bytes = pixels.nbytes
    del pixels
    features = {"x": ImageFeature("x", size=(40, 40), channels=1, standardize=True)}
    data = Data(
        NpzSource(("a.npz",)), features, {"y": ClassFeature("y", 3)}, FractionSplit(0.1, 0.1)
    )
    tracemalloc.start()
    try:
        prepare_dataset(data, base=tmp_path, memory=source_bytes // 10)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The elements have four times the bytes of the pixels: 256 MB.
    assert peak < source_bytes


def test_columns_side_by_side_are_fitted_as_one_array():
    columns = [np.array([1.0, np.nan, 3.0, 9.0]), np.array([4, 5, 6, 7]), np.array([0.5] * 4)]
    feature = VectorFeature(("a", "b", "c"), standardize=True, missing="mean", scale=2.0)
    rows = np.array([0, 1, 2])
    beside = fit_filled_scaling(side_by_side(columns), rows, feature, ("a", "b", "c"))
    whole = fit_filled_scaling(Raw(np.stack(columns, axis=1)), rows, feature, ("a", "b", "c"))
    assert beside == whole
    assert beside.fill == (2.0, 5.0, 0.5)
    assert beside.mean == (4.0, 10.0, 1.0)
    assert beside.deviation == pytest.approx((np.std([2, 4, 6]), np.std([8, 10, 12]), 1.0))
