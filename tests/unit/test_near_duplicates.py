"""What nearly is in training and in another part alike is found, and what only looks so is not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dlspec.language.features import ClassFeature, ImageFeature, TextFeature
from dlspec.language.row_splits import GivenSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, NpzSource
from dlspec_pipelines.steps.datasets import picture_hashes as hashes
from dlspec_pipelines.steps.datasets.picture_hashes import (
    PictureHashes,
    nearly_equal_pictures,
    picture_hashes,
)
from dlspec_pipelines.steps.json_documents import CONTRACT, read_document
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.near_duplicates import normalized_text

pytestmark = pytest.mark.usefixtures("home")


def _photos(count, *, seed=0):
    """Return pictures with shapes in them, not noise: (count, 32, 32, 3)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, size=(count, 5, 5, 3), dtype=np.uint8)
    return np.stack(
        [
            np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC))
            for one in small
        ]
    )


def _as_jpeg(pixels, quality=80):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=quality)
    return np.asarray(Image.open(io.BytesIO(written.getvalue())))


def _findings(dataset):
    return read_document(Path(dataset.path, "contract.json"), CONTRACT)["findings"]


def test_a_picture_that_was_saved_anew_is_near_and_another_is_not():
    train = _photos(300)
    asked = np.stack([_as_jpeg(train[17]), _as_jpeg(train[200], 70), *_photos(50, seed=1)])
    found, of, looked_at = nearly_equal_pictures(picture_hashes(train), picture_hashes(asked))
    assert (found.tolist(), of.tolist(), looked_at) == ([0, 1], [17, 200], 52)


def test_scale_and_offset_of_pixels_do_not_matter():
    train = _photos(50)
    scaled = train.astype(np.float32) / 127.5 - 1
    found, of, _ = nearly_equal_pictures(picture_hashes(scaled), picture_hashes(train))
    assert found.tolist() == of.tolist() == list(range(50))


def test_pictures_of_one_colour_are_near_none():
    blank = np.repeat(np.arange(20, dtype=np.float32), 64).reshape(20, 8, 8, 1) / 7
    assert len(nearly_equal_pictures(picture_hashes(blank), picture_hashes(blank))[0]) == 0


def test_of_very_many_pictures_some_are_looked_at_and_that_is_said(monkeypatch):
    monkeypatch.setattr(hashes, "_MOST_COMPARED", 50 * 10)
    known = picture_hashes(_photos(50))
    found, _, looked_at = nearly_equal_pictures(known, known)
    assert (looked_at, found.tolist()) == (10, list(range(0, 50, 5)))


def test_of_more_near_hashes_than_are_judged_the_nearest_are(monkeypatch):
    monkeypatch.setattr(hashes, "_MOST_JUDGED", 2)
    grey = np.zeros((4, 256), dtype=np.float32)
    grey[:, 0] = 1
    # Bits apart from none: 3, 1, 6, 2. The picture that is most alike has a farther hash.
    bits = np.array([0b111, 0b1, 0b111111, 0b11], dtype=np.uint64)
    grey[1] *= 0.996
    grey[3] *= 0.999
    train = PictureHashes(bits, grey)
    asked = PictureHashes(np.zeros(1, dtype=np.uint64), grey[:1])
    found, of, _ = nearly_equal_pictures(train, asked)
    assert (found.tolist(), of.tolist()) == ([0], [3])
    beyond = PictureHashes(np.array([0b1111111], dtype=np.uint64), grey[:1])
    assert nearly_equal_pictures(beyond, asked)[0].size == 0


def test_a_text_is_normalised_to_its_words():
    assert normalized_text("  Don't PANIC -- said_he, twice!\n") == "don t panic said he twice"


def test_near_pictures_are_told_with_the_rows_of_both_parts(tmp_path):
    train, test = _photos(40), _photos(6, seed=2)
    test[2] = _as_jpeg(train[9])
    test[4] = train[11]
    names = {"x_train": train, "x_test": test}
    labels = {"y_train": np.arange(40) % 2, "y_test": np.arange(6) % 2}
    np.savez(tmp_path / "a.npz", **names, **labels)
    data = Data(
        NpzSource(("a.npz",)),
        {"picture": ImageFeature("x", (32, 32), 3)},
        {"c": ClassFeature("y", 2)},
        GivenSplit("given"),
    )
    found = {f["kind"]: f for f in _findings(prepare_dataset(data, base=tmp_path))}
    assert found["near_duplicates"]["examples"] == ["test: row 42; train: row 9"]
    assert found["near_duplicates"]["message"] == (
        "1 of 6 test samples nearly are a training sample in `picture`, "
        "by its perceptual hash and its grey"
    )
    # The very same picture is told once, as a repeated row.
    assert found["repeated_rows"]["examples"] == ["test: row 44; train: row 11"]
    assert found["near_duplicates"]["severity"] == found["repeated_rows"]["severity"] == "warn"


def test_near_texts_are_told_by_the_lines_of_their_files(tmp_path):
    rows = [f"review number {i} of all,{i % 2}" for i in range(40)]
    (tmp_path / "train.csv").write_text("\n".join(["text,c", *rows]) + "\n")
    rows += ["ok thanks,0"]
    asked = [
        '"Ok, thanks",0',
        '"Review Number 7, of ALL!",0',
        "something else entirely,1",
        "review number 3 of all,1",
    ]
    (tmp_path / "test.csv").write_text("\n".join(["text,c", *asked]) + "\n")
    data = Data(
        CsvSource(("train.csv",)),
        {"t": TextFeature("text", vocabulary=100, length=6)},
        {"c": ClassFeature("c", 2)},
        GivenSplit("given"),
        test=CsvSource(("test.csv",)),
    )
    found = {f["kind"]: f for f in _findings(prepare_dataset(data, base=tmp_path))}
    assert found["near_duplicates"]["examples"] == [
        "test: line 3 of `test.csv`; train: line 9 of `train.csv`"
    ]
    assert "but for case, punctuation and blanks" in found["near_duplicates"]["message"]
