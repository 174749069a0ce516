"""`dlspec predict ... -o FOLDER/`: a PNG file for each row of a model that predicts pictures."""

from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from training_specs import MOONS, prepared

from dlspec.language.features import ImageFeature
from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.evaluation.predicted_pictures import picture_names, write_pictures
from dlspec_pipelines.steps.training.train import train

SHOTS = """\
dlspec: 1
name: shots
data:
  source: {csv: shots.csv}
  inputs: {shot: {image: shot, size: [6, 8], channels: 3, scale: $1/255}}
  targets:
    again: {image: shot, size: [6, 8], channels: 3, scale: $1/255}
    kind: {mask: kind, size: [6, 8], classes: [10, 20, 30]}
    dark: {binary: dark}
  split: {validation: 0.25, test: 0.25, seed: 1}
model:
  inputs: {shot: [6, 8, 3]}
  graph:
    - {Identity, name: again}
    - {Conv2D: [3, 1], name: kind, from: shot}
    - {Flatten, from: shot}
    - {Dense: [1, sigmoid], name: dark}
  outputs: [again, kind, dark]
training:
  epochs: 1
  loss:
    again: MeanSquaredError
    kind: {SparseCategoricalCrossentropy: {from_logits: true}}
    dark: BinaryCrossentropy
  seed: 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project folder with trained runs, and pictures."""
    place = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("DLSPEC_HOME", str(place / "home"))
        draw = np.random.default_rng(0)
        rows = ["shot,kind,dark"]
        for number in range(24):
            below = Path("day" if number % 2 else "night")
            below.mkdir(exist_ok=True)
            Path("masks").mkdir(exist_ok=True)
            pixels = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(below / f"s{number}.png")
            # Twice as large as the pictures.
            ids = draw.choice(np.array([10, 20, 30], np.uint8), (12, 16))
            Image.fromarray(ids).save(f"masks/k{number}.png")
            rows.append(f"{below}/s{number}.png,masks/k{number}.png,{number % 2}")
        Path("shots.csv").write_text("\n".join(rows))
        for text in (SHOTS, MOONS):
            plan, dataset = prepared(text)
            train(plan, dataset, run=f"{plan.name}1", spec_text=text)
        yield place


@pytest.fixture
def predict(folder, monkeypatch):
    """Return a function that calls `dlspec predict` and gives what it did."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DLSPEC_HOME", str(folder / "home"))
    return lambda *arguments: CliRunner().invoke(main, ["predict", *arguments])


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_each_row_is_a_picture_called_as_the_file_it_was_made_of(predict, folder, tmp_path):
    done = predict("shots1", "shots.csv", "-o", f"{tmp_path / 'out'}/")
    assert done.exit_code == 0, done.output
    assert "`dark` not written" in done.stderr
    files = [f"{'day' if i % 2 else 'night'}/s{i}.png" for i in range(24)]
    assert _names(tmp_path / "out") == sorted(
        f"{target}/{file}" for target in ("again", "kind") for file in files
    )
    model = keras.models.load_model(next(folder.glob("home/runs/shots/*/model.keras")))
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    _, logits, _ = model.predict(pixels.astype(np.float32) / 255, verbose=0)
    again, masks = (
        [Image.open(tmp_path / "out" / target / file) for file in files]
        for target in ("again", "kind")
    )
    # The model gives its input back: the very bytes of the file.
    np.testing.assert_array_equal(np.stack(again), pixels)
    assert {mask.mode for mask in masks} == {"P"}
    ids = logits.argmax(axis=-1)
    np.testing.assert_array_equal(np.stack(masks), ids)
    # Each class has one colour, and each another.
    colours = np.stack([mask.convert("RGB") for mask in masks])
    of_classes = [np.unique(colours[ids == kind], axis=0).tolist() for kind in np.unique(ids)]
    assert {len(found) for found in of_classes} == {1}
    assert len({tuple(found[0]) for found in of_classes}) == len(np.unique(ids)) > 1


def test_files_named_alone_are_enough(predict, tmp_path):
    done = predict("shots1", "day", "-o", f"{tmp_path / 'out'}/")
    assert done.exit_code == 0, done.output
    assert "again/s1.png" in _names(tmp_path / "out")
    assert len(_names(tmp_path / "out/again")) == 12


def test_a_failing_row_leaves_no_folder(predict, folder, tmp_path):
    rows = Path("shots.csv").read_text().splitlines()
    Path("broken.csv").write_text("\n".join([*rows[:3], "day/none.png,masks/k1.png,0"]))
    done = predict("shots1", "broken.csv", "-o", f"{tmp_path / 'out'}/")
    assert done.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_pictures_says_so_before_it_reads_a_row(predict, tmp_path):
    Path("points.csv").write_text("x,y\n0.5,0.5\n")
    done = predict("moons1", "points.csv", "-o", f"{tmp_path / 'out'}/")
    assert done.exit_code == 2
    assert "`moons` predicts no pictures that fill a folder: `moon` is a `binary`" in done.stderr
    assert "`.csv`" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [(), ("--keep", "dark")])
def test_a_folder_with_files_is_not_written_over(predict, tmp_path, options):
    (tmp_path / "mine.txt").write_text("")
    done = predict("shots1", "shots.csv", "-o", str(tmp_path), *options)
    assert done.exit_code == 2
    assert "is not empty" in done.stderr
    assert _names(tmp_path) == ["mine.txt"]


@pytest.mark.parametrize(
    ("output", "options", "said"),
    [
        ("out/", ("--keep", "dark"), "`--keep` says something of a table"),
        ("out/", ("--beam", "2"), "`--beam` says something of a table"),
        ("none/out/", (), "there is no folder `none`"),
        ("shots.csv/", (), "`shots.csv` is a file"),
        ("out", (), "or in `/` for a folder of predicted pictures"),
    ],
)
def test_what_no_folder_of_pictures_can_be_is_told(predict, output, options, said):
    done = predict("shots1", "shots.csv", "-o", output, *options)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not Path("out").exists()


def test_an_empty_folder_is_filled(predict, tmp_path):
    (tmp_path / "out").mkdir()
    done = predict("shots1", "shots.csv", "-o", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert len(_names(tmp_path / "out/kind")) == 24


@pytest.mark.parametrize(
    ("scale", "values", "found"),
    [
        (None, [0.0, 100.4, 300.0, -5.0], [0, 100, 255, 0]),
        (None, [0.0, 0.5, 1.02, -0.1], [0, 128, 255, 0]),
        (1 / 255, [0.0, 1.2, 254.6, 255.0], [0, 1, 255, 255]),
        (1 / 16, [0.0, 8.0, 16.0, 17.0], [0, 128, 255, 255]),
    ],
)
def test_white_is_what_white_was_in_the_column(tmp_path, scale, values, found):
    feature = ImageFeature("x", (2, 2), 1, scale=scale)
    guess = np.array(values, np.float32).reshape(1, 2, 2, 1)
    predicted = {"y": Predicted("number", guess, guess)}
    write_pictures(tmp_path / "out", ["a"], predicted, {"y": feature})
    picture = Image.open(tmp_path / "out/a.png")
    assert picture.mode == "L"
    assert np.asarray(picture).reshape(-1).tolist() == found


def test_rows_without_files_are_called_by_their_number_and_doubles_are_told_apart():
    numbers = Table({"x": np.zeros((12, 2))})
    assert picture_names(None, numbers, np.array([0, 3, 11])) == ["00", "03", "11"]
    names = ["a/x.png", "/far/b/x.png", "../c/x.jpg", "d/y.tar.png", "e.png", "e.jpg"]
    files = Table({"x": np.array(names, dtype=object)})
    assert picture_names("x", files, np.arange(6)) == ["a/x", "x_1", "x_2", "d/y.tar", "e_4", "e_5"]
