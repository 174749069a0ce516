"""Pictures in files that a table names: as pixels in training and in predict, errors by row."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image
from training_specs import prepared

from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.train import train

SHADES = """\
dlspec: 1
name: shades
data:
  source: {csv: lists/pictures.csv}
  inputs: {image: {image: file, size: [4, 6], channels: 3, scale: 1/255}}
  targets: {bright: {binary: bright}}
  split: {test: 0.25, stratify: bright}
model:
  inputs: {image: [4, 6, 3]}
  graph: [Flatten, {Dense: 1, name: bright}]
training:
  epochs: 30
  batch_size: 4
  optimizer: {Adam: {learning_rate: 0.02}}
  loss: {BinaryCrossentropy: {from_logits: true}}
  seed: 1
evaluation: {metrics: [accuracy], gates: {accuracy: ">= 0.9"}}
""".replace("1/255", str(1 / 255))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose table lists pictures, dark and bright, by paths relative to the table."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists" / "shots").mkdir(parents=True)
    random, rows = np.random.default_rng(0), ["file,bright"]
    for number in range(40):
        pixels = random.integers(0, 100, (4, 6, 3)) + 150 * (number % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(f"lists/shots/{number}.png")
        rows.append(f"shots/{number}.png,{number % 2}")
    (tmp_path / "lists" / "pictures.csv").write_text("\n".join(rows))
    return tmp_path


def _prepared(folder):
    return prepared(SHADES)


def _refusal(folder):
    with pytest.raises(StepError) as caught:
        _prepared(folder)
    assert caught.value.code == "DL613"
    return caught.value.message


def test_pictures_are_learned_from_and_predicted_by_their_files(folder):
    plan, dataset = _prepared(folder)
    test = open_part(dataset, "test")
    for row, pixels in zip(test.rows, test.inputs["image"], strict=True):
        with Image.open(f"lists/shots/{row}.png") as picture:
            np.testing.assert_allclose(pixels, np.asarray(picture) / 255, rtol=1e-6)
    trained = train(plan, dataset, run="r1", spec_text=SHADES)
    evaluation = evaluate(plan, trained, dataset)
    assert evaluation.gates[0].passed
    assert "shades" in Path(write_report(plan, dataset, trained, evaluation).html).read_text()
    Path("new").mkdir()
    for name, shade in {"dark.png": 20, "007.png": 230}.items():
        Image.new("RGB", (6, 4), (shade,) * 3).save(f"new/{name}")
    Path("new/more.csv").write_text("file,from\ndark.png,a\n007.png,b\n")
    answer = CliRunner().invoke(main, ["predict", trained.path, "new/more.csv"])
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "row,file,from,bright,bright_probability"
    assert [line.rsplit(",", 1)[0] for line in lines[1:]] == ["0,dark.png,a,0", "1,007.png,b,1"]


def test_a_picture_that_changed_is_other_data(folder):
    before = _prepared(folder)[1]
    assert _prepared(folder)[1] == before
    Image.new("RGB", (6, 4), (9, 9, 9)).save("lists/shots/3.png")
    assert _prepared(folder)[1].fingerprint != before.fingerprint


def test_a_missing_file_is_told_with_its_row(folder):
    Path("lists/shots/7.png").unlink()
    told = _refusal(folder)
    assert told.startswith(
        "column `file`, line 9 of `pictures.csv`: there is no file `shots/7.png`"
    )


@pytest.mark.parametrize("content", [b"", b"no picture", "half"])
def test_a_broken_file_is_told_with_its_row(folder, content):
    path = Path("lists/shots/7.png")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    told = _refusal(folder)
    assert told.startswith("column `file`, line 9 of `pictures.csv`: `")
    assert "7.png` cannot be read as a picture" in told


def test_a_picture_of_another_size_is_told_with_its_row(folder):
    Image.new("RGB", (4, 6)).save("lists/shots/7.png")
    assert _refusal(folder).endswith("7.png` has 6 x 4 pixels, not 4 x 6")


def test_a_row_that_names_no_file_is_told(folder):
    table = pd.read_csv("lists/pictures.csv")
    table.loc[7, "file"] = None
    table.to_csv("lists/pictures.csv", index=False)
    expected = "column `file`, line 9 of `pictures.csv`: a missing value names no file"
    assert _refusal(folder) == expected


def test_numbers_of_more_than_eight_bits_are_refused(folder):
    deep = np.full((4, 6), 40_000, dtype=np.uint16)
    Image.fromarray(deep).save("lists/shots/7.png")
    assert "numbers of more than 8 bits (`I;16`)" in _refusal(folder)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_pictures_of_every_kind_become_the_channels_asked_for(folder, mode):
    ending = "tif" if mode == "CMYK" else "png"
    for number in range(40):
        grey = Image.new("L", (6, 4), 255 * (number % 2)).convert("RGB")
        grey.convert(mode).save(f"lists/shots/{number}.{ending}")
    listed = Path("lists/pictures.csv")
    listed.write_text(listed.read_text().replace("png", ending))
    # Pictures of one shade are equal, and only their names tell them apart.
    by_name = SHADES.replace("stratify: bright", "stratify: bright, group: file")
    test = open_part(prepared(by_name)[1], "test")
    shades = [float(pixels.mean()) for pixels in test.inputs["image"]]
    assert shades == pytest.approx([float(row % 2) for row in test.rows], abs=0.01)


def test_a_picture_is_turned_as_its_camera_says(folder):
    turned = Image.new("RGB", (4, 6), (250, 250, 250))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save("lists/shots/7.jpg", exif=exif)
    listed = Path("lists/pictures.csv")
    listed.write_text(listed.read_text().replace("shots/7.png", "shots/7.jpg"))
    assert _prepared(folder)[1].rows["test"] == 9


def test_tables_of_json_lines_name_pictures_too(folder):
    table = pd.read_csv("lists/pictures.csv")
    lines = [json.dumps(record) for record in table.to_dict("records")]
    Path("lists/pictures.jsonl").write_text("\n".join(lines))
    text = SHADES.replace("{csv: lists/pictures.csv}", "{json_lines: lists/pictures.jsonl}")
    assert prepared(text)[1].rows["train"] == 31
