"""A folder of pictures for each class: read, refused or skipped, resized, trained on, predicted."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageOps
from training_specs import prepared

from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.train import train

SHAPES = """\
dlspec: 1
name: shades
data:
  source: {image_folder: shots}
  inputs: {image: {image: file, size: [4, 6], channels: 3, scale: 0.00392156862745098}}
  targets: {shade: {class: class, classes: [bright, dark]}}
  split: {test: 0.25, stratify: shade}
model:
  inputs: {image: [4, 6, 3]}
  graph: [Flatten, {Dense: 2, name: shade}]
training:
  epochs: 20
  batch_size: 4
  optimizer: {Adam: {learning_rate: 0.02}}
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  seed: 1
evaluation: {metrics: [accuracy]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Class folders with twenty pictures each, in all the forms that pictures come in."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DLSPEC_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    for shade, value in {"bright": 230, "dark": 20}.items():
        write_pictures(tmp_path / "shots" / shade, value)
    return Path("shots")


def write_pictures(folder, shade, count=20):
    """Write pictures of one grey: PNG, JPEG, WebP and GIF; RGB, grey, palette, transparent."""
    folder.mkdir(parents=True)
    forms = [("png", "RGB"), ("jpg", "RGB"), ("webp", "RGB"), ("gif", "P"), ("png", "L")]
    forms += [("png", "RGBA"), ("png", "P"), ("jpg", "L")]
    for number in range(count):
        ending, mode = forms[number % len(forms)]
        grey = Image.new("RGB", (6, 4), (shade,) * 3)
        # Equal files would all be dealt to one part.
        grey.putpixel((number % 6, number // 6), (shade + 6,) * 3)
        grey.convert(mode).save(folder / f"{number:02}.{ending}")


def _refusal(text=SHAPES, code="DL613"):
    with pytest.raises(StepError) as caught:
        prepared(text)
    assert caught.value.code == code
    return caught.value


def _findings(dataset):
    said = json.loads(Path(dataset.path, "contract.json").read_text())
    return {found["kind"]: found for found in said["findings"]}


def test_a_folder_is_learned_from_and_predicted(folder):
    plan, dataset = prepared(SHAPES)
    assert sum(dataset.rows.values()) == 40
    test = open_part(dataset, "test")
    assert (test.targets["shade"] == [row >= 20 for row in test.rows]).all()
    shades = test.inputs["image"].mean(axis=(1, 2, 3)) * 255
    np.testing.assert_allclose(shades, np.where(test.rows < 20, 230, 20), atol=3)
    trained = train(plan, dataset, run="r1", spec_text=SHAPES)
    write_pictures(Path("new"), 215, count=3)
    for asked in (["new"], [f"new/0{n}.{e}" for n, e in enumerate(("png", "jpg", "webp"))]):
        answer = CliRunner().invoke(main, ["predict", trained.path, *asked])
        assert answer.exit_code == 0, answer.stderr
        head, *rows = [line.split(",") for line in answer.stdout.splitlines()]
        assert head == ["row", "file", "shade", "shade_probability"]
        assert [row[2] for row in rows] == ["bright"] * 3
        assert [Path(row[1]).name for row in rows] == ["00.png", "01.jpg", "02.webp"]
    answer = CliRunner().invoke(main, ["predict", trained.path, "new", "shots"])
    assert answer.exit_code == 2
    assert "`new` is a folder, and other files are named beside it" in answer.stderr


def test_predict_leaves_out_what_cannot_be_read_as_training_did(folder):
    (folder / "dark" / "broken.png").write_bytes(b"no picture")
    text = SHAPES.replace("image_folder: shots", "image_folder: shots, unreadable: skip")
    plan, dataset = prepared(text)
    trained = train(plan, dataset, run="r1", spec_text=text)
    write_pictures(Path("new"), 215, count=3)
    Path("new/00.png").write_bytes(Path("new/00.png").read_bytes()[:40])
    Path("new/03.jpg").write_text("no picture")
    for asked in (["new"], ["new/00.png", "new/01.jpg", "new/02.webp", "new/03.jpg"]):
        answer = CliRunner().invoke(main, ["predict", trained.path, *asked])
        assert answer.exit_code == 0, answer.stderr
        assert "2 files left out that cannot be read: `" in answer.stderr
        rows = [line.split(",") for line in answer.stdout.splitlines()[1:]]
        assert [Path(row[1]).name for row in rows] == ["01.jpg", "02.webp"]
    answer = CliRunner().invoke(main, ["predict", trained.path, "new/03.jpg"])
    assert answer.exit_code == 1
    assert "DL610" in answer.stderr


def test_hidden_files_and_those_of_a_system_are_no_pictures(folder):
    (folder / "dark" / ".hidden").write_text("x")
    (folder / "dark" / "Thumbs.db").write_text("x")
    (folder / ".git").mkdir()
    assert sum(prepared(SHAPES)[1].rows.values()) == 40


def test_sub_folders_of_parts_are_columns_and_test_rows(folder):
    for part in ("train", "test", "val"):
        (Path("whole") / part).mkdir(parents=True)
        write_pictures(Path("whole") / part / "dark", 20, count=4)
        write_pictures(Path("whole") / part / "bright", 230, count=4)
    text = SHAPES.replace("image_folder: shots", "image_folder: whole")
    given = text.replace("{test: 0.25, stratify: shade}", "{test: given}")
    assert prepared(given)[1].rows == {"train": 16, "validation": 0, "test": 8}
    by_column = text.replace(
        "{test: 0.25, stratify: shade}", "{column: part, validation: val, test: test}"
    )
    dataset = prepared(by_column)[1]
    assert dataset.rows == {"train": 8, "validation": 8, "test": 8}
    # Rows stand in the order train, val, test.
    assert open_part(dataset, "test").rows.tolist() == list(range(16, 24))


def test_test_rows_may_lie_in_a_folder_of_their_own(folder):
    write_pictures(Path("held/dark"), 20, count=3)
    write_pictures(Path("held/bright"), 230, count=2)
    text = SHAPES.replace(
        "{image_folder: shots}", "{image_folder: shots}\n  test: {image_folder: held}"
    )
    dataset = prepared(text.replace("{test: 0.25, stratify: shade}", "{test: given}"))[1]
    assert dataset.rows == {"train": 40, "validation": 0, "test": 5}
    assert open_part(dataset, "test").targets["shade"].tolist() == [0, 0, 1, 1, 1]


def test_all_broken_files_are_told_at_once_up_to_ten(folder):
    whole = (folder / "dark" / "01.jpg").read_bytes()
    for number in (1, 9, 17):
        (folder / "dark" / f"{number:02}.jpg").write_bytes(whole[: len(whole) // 2])
    for number in range(10):
        (folder / "bright" / f"x{number}.png").write_text("no picture")
    told = _refusal()
    head, *lines = told.message.splitlines()
    assert head == "column `file`: 13 of 50 files are refused"
    assert len(lines) == 11
    assert "bright/x0.png` cannot be read as a picture" in lines[0]
    assert lines[-1] == "  and 3 more"
    assert told.help is not None
    assert "unreadable: skip" in told.help


def test_broken_files_are_skipped_and_counted_where_the_spec_says_so(folder):
    (folder / "dark" / "01.jpg").write_text("no picture")
    (folder / "dark" / "notes.txt").write_text("about the pictures")
    skip = SHAPES.replace("{image_folder: shots}", "{image_folder: shots, unreadable: skip}")
    dataset = prepared(skip)[1]
    assert sum(dataset.rows.values()) == 39
    found = _findings(dataset)["unreadable_files"]
    assert (found["subject"], found["count"]) == ("file", 2)
    assert found["message"].endswith("left out: `dark/01.jpg`, `dark/notes.txt`")


def test_a_changed_or_renamed_picture_is_other_data(folder):
    before = prepared(SHAPES)[1]
    assert prepared(SHAPES)[1] == before
    (folder / "dark" / "00.png").rename(folder / "dark" / "zz.png")
    renamed = prepared(SHAPES)[1]
    Image.new("RGB", (6, 4), (9, 9, 9)).save(folder / "dark" / "08.png")
    changed = prepared(SHAPES)[1]
    assert len({one.fingerprint for one in (before, renamed, changed)}) == 3


@pytest.mark.parametrize(
    ("make", "code", "message", "help"),
    [
        (lambda f: (f / "odd").mkdir(), "DL610", "the class folder `{f}/odd` is empty", "remove"),
        (
            lambda f: (f / "stray.png").write_bytes(b""),
            "DL610",
            "`{f}/stray.png` lies beside the class folders and is of no class",
            "move files",
        ),
        (
            lambda f: (f / "bright").rename(f / "brihgt"),
            "DL613",
            "target `shade`: `bright` of `classes` has no folder, and the folder `brihgt` is none "
            "of its `classes`",
            "write `brihgt` in the place of `bright`",
        ),
        (
            lambda f: write_pictures(f / "grey", 120, count=2),
            "DL613",
            "target `shade`: the folder `grey` is none of its `classes`",
            "write `classes: [bright, dark, grey]`",
        ),
        (lambda f: f.rename("other"), "DL610", "there is no folder `shots`", "relative"),
    ],
    ids=["empty", "stray", "slip", "more", "missing"],
)
def test_a_folder_that_does_not_fit_is_told(folder, make, code, message, help):
    make(folder)
    told = _refusal(code=code)
    assert told.message.startswith(message.format(f=folder))
    assert help in told.help


def test_a_folder_without_class_folders_is_told(folder):
    text = SHAPES.replace("image_folder: shots", "image_folder: shots/dark")
    assert _refusal(text, code="DL610").message == "`shots/dark` holds no folders"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told(folder):
    (folder / "dark" / "00.png").chmod(0)
    assert "00.png` cannot be opened: Permission denied" in _refusal(code="DL610").message


def test_folders_called_by_numbers_are_class_ids(folder):
    (folder / "bright").rename(folder / "0")
    (folder / "dark").rename(folder / "1")
    dataset = prepared(SHAPES.replace("[bright, dark]", "2"))[1]
    test = open_part(dataset, "test")
    assert (test.targets["shade"] == [row >= 20 for row in test.rows]).all()


def test_the_names_of_pictures_say_their_class(folder):
    Path("flat").mkdir()
    for path in sorted(folder.rglob("*.*")):
        path.rename(f"flat/{path.parent.name}.{path.name}")
    named = 'image_folder: flat, names: "{class}.{number}"'
    test = open_part(prepared(SHAPES.replace("image_folder: shots", named))[1], "test")
    assert (test.targets["shade"] == [row >= 20 for row in test.rows]).all()


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_pictures_of_other_sizes_come_to_the_size_asked_for(folder, resize):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (40, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "dark" / "00.png")
    assert _refusal().message.endswith("00.png` has 40 x 24 pixels, not 4 x 6")
    text = SHAPES.replace("channels: 3,", f"channels: 3, resize: {resize},")
    found = _pixels_of_row(prepared(text)[1], 20)
    picture = Image.fromarray(pixels)
    bilinear = Image.Resampling.BILINEAR
    # 40 x 24 to 4 x 6: the middle 16 x 24 covers it, 4 x 2.4 lies whole in it.
    expected = {
        "stretch": picture.resize((6, 4), bilinear),
        "crop": picture.resize((6, 4), bilinear, box=(0, 12, 24, 28)),
        "pad": ImageOps.expand(picture.resize((2, 4), bilinear), (2, 0)),
    }[resize]
    np.testing.assert_allclose(found * 255, np.asarray(expected), atol=1e-3)


def _pixels_of_row(dataset, row):
    for name in ("train", "test"):
        part = open_part(dataset, name)
        at = np.flatnonzero(part.rows == row)
        if at.size:
            return part.inputs["image"][at[0]]
    raise AssertionError(row)


def test_arrays_of_other_sizes_are_resized_as_files_are(folder):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (20, 8, 12, 3), dtype=np.uint8)
    np.savez("arrays.npz", pixels=pixels, **{"class": np.arange(20) % 2})
    text = SHAPES.replace("image_folder: shots", "npz: arrays.npz").replace("[bright, dark]", "2")
    text = text.replace("image: file", "image: pixels")
    dataset = prepared(text.replace("channels: 3,", "channels: 3, resize: stretch,"))[1]
    expected = Image.fromarray(pixels[3]).resize((6, 4), Image.Resampling.BILINEAR)
    # Pillow rounds bytes, and computes in floats what is a float.
    np.testing.assert_allclose(_pixels_of_row(dataset, 3) * 255, np.asarray(expected), atol=1.01)


@pytest.mark.skipif("DLSPEC_DATA" not in os.environ, reason="needs the real pictures")
def test_real_photographs_are_read_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    flowers = (
        SHAPES.replace("image_folder: shots", "image_folder: images/flowers128")
        .replace("[bright, dark]", "[daisy, dandelion, rose, sunflower, tulip]")
        .replace("4, 6", "128, 128")
        .replace("Dense: 2", "Dense: 5")
    )
    assert sum(prepared(flowers)[1].rows.values()) == 1500
    ants = (
        SHAPES.replace("image_folder: shots", "image_folder: images/hymenoptera_dirty")
        .replace("[bright, dark]", "[ants, bees]")
        .replace("channels: 3,", "channels: 3, resize: crop,")
        .replace("{test: 0.25, stratify: shade}", "{column: part, test: val}")
    )
    assert sum(prepared(ants)[1].rows.values()) == 110
