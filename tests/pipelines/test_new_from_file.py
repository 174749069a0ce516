"""`dlspec new NAME --data FILE`: a spec for a file of one's own, which runs as it is."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from dlspec.compiler import compile_file
from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset

SHARED = os.environ.get("DLSPEC_DATA")
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "id": np.arange(1, 121),
        "height": RNG.normal(10, 3, 120).round(2),
        "leaf": RNG.choice(["round", "long", "lobed"], 120),
        "note": [f"seen on the way to farm {i} near the river" for i in range(120)],
        "country": "se",
        "kind": RNG.choice(["oak", "elm"], 120, p=[0.7, 0.3]),
    }
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DLSPEC_HOME", raising=False)
    monkeypatch.delenv("DLSPEC_DATA", raising=False)


def _new(*arguments, data="trees.csv"):
    return CliRunner().invoke(main, ["new", "mine", "--data", data, *arguments])


def _plan():
    compiled = compile_file(Path("specs/mine.yaml"))
    assert compiled.diagnostics == ()
    prepare_dataset(compiled.plan.data, base=Path("specs"))
    return compiled.plan


def test_each_column_is_a_feature_or_is_left_out_with_a_reason():
    FRAME.to_csv("trees.csv", index=False)
    done = _new()
    assert (done.exit_code, done.stdout) == (0, "specs/mine.yaml\n")
    plan = _plan()
    assert {n: f.word for n, f in plan.data.inputs.items()} == {
        "height": "number",
        "leaf": "category",
    }
    (target,) = plan.data.targets.values()
    assert (target.word, target.columns, target.positive) == ("binary", ("kind",), "elm")
    assert plan.data.split.stratify == "kind"
    text = Path("specs/mine.yaml").read_text()
    assert "#   id: tells rows apart and says nothing of them" in text
    assert "#   note: free text, which no feature here reads" in text
    assert "#   country: the same in every row" in text


def test_the_target_is_the_one_that_is_asked_for():
    FRAME.to_csv("trees.csv", index=False)
    assert _new("--target", "height").exit_code == 0
    (target,) = _plan().data.targets.values()
    assert (target.word, target.columns) == ("number", ("height",))
    assert "`colour`" in _new("--target", "colour").stderr
    assert "cannot be the target: free text" in _new("--target", "note").stderr


def test_a_column_called_target_is_the_target():
    FRAME.rename(columns={"leaf": "target"}).to_csv("trees.csv", index=False)
    assert _new().exit_code == 0
    (target,) = _plan().data.targets.values()
    assert target.classes == ("lobed", "long", "round")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("trees.tsv", {"sep": "\t"}, []),
        ("trees.csv", {"sep": ";", "decimal": ","}, ['separator: ";"', 'decimal: ","']),
        ("trees.csv", {"header": False}, ["columns: [c1, c2, c3, c4, c5, c6]"]),
        ("trees.csv", {"na_rep": "?"}, ['missing: ["?"]']),
        ("trees.txt", {"sep": "\t", "encoding": "cp1252"}, ['"\\t"', "encoding: cp1252"]),
    ],
)
def test_how_a_file_is_written_is_found_out(name, options, said):
    frame = FRAME.copy()
    if "na_rep" in options:
        frame.loc[::9, "height"] = np.nan
    if "encoding" in options:
        frame["leaf"] = frame["leaf"].replace("long", "länglich")
    frame.to_csv(name, index=False, **options)
    assert _new(data=name).exit_code == 0
    text = Path("specs/mine.yaml").read_text()
    assert [word for word in said if word not in text] == []
    assert len(_plan().data.inputs) == 2


def test_rows_in_time_are_forecast_and_split_by_time():
    days = pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"day": days, "wind": RNG.normal(size=200), "power": np.arange(200.0) / 7})
    frame.to_csv("trees.csv", index=False)
    assert _new().exit_code == 0
    plan = _plan()
    assert plan.data.split.time == "day"
    assert plan.data.inputs["past"].series == ("wind", "power")
    assert plan.data.targets["power"].horizon == 1


def test_pictures_in_an_archive_are_images_with_its_own_test_rows():
    pictures = RNG.integers(0, 256, (60, 12, 12), dtype=np.uint8)
    labels = np.arange(60) % 3
    np.savez("trees.npz", x_train=pictures[:45], x_test=pictures[45:], y_train=labels[:45],
             y_test=labels[45:])  # fmt: skip
    assert _new(data="trees.npz").exit_code == 0
    plan = _plan()
    assert plan.data.inputs["x"].size == (12, 12)
    assert plan.data.targets["y"].classes == 3
    assert plan.data.split.test == "given"


def test_lines_of_json_and_parquet_are_tables_too():
    FRAME.to_json("trees.jsonl", orient="records", lines=True)
    FRAME.to_parquet("trees.parquet")
    for name in ("trees.jsonl", "trees.parquet"):
        Path("specs/mine.yaml").unlink(missing_ok=True)
        assert _new(data=name).exit_code == 0
        assert len(_plan().data.inputs) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("nowhere.csv", "there is no file `nowhere.csv`"),
        ("empty.csv", "`empty.csv` is empty"),
        ("array.json", "holds one JSON array"),
        ("picture.png", "`picture.png` is no table that a source reads"),
        (".", "`.` is a folder"),
        ("one.csv", "no column can be an input"),
    ],
)
def test_what_cannot_be_a_spec_says_why(data, said):
    Path("empty.csv").write_text("\n")
    Path("array.json").write_text('[{"a": 1}]')
    Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    Path("one.csv").write_text("a\n" + "".join(f"{i / 7}\n" for i in range(50)))
    done = _new(data=data)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not Path("specs").exists()


def test_words_that_do_not_go_together_are_wrong_usage():
    FRAME.to_csv("trees.csv", index=False)
    assert "`--zoo` goes with" in _new("--zoo", "resnet").stderr
    assert "`--target` is a column" in _new("--target", "kind", data="digits").stderr


@pytest.mark.slow
@pytest.mark.skipif(SHARED is None, reason="DLSPEC_DATA names no folder of real data (issue 10)")
@pytest.mark.parametrize(
    "name",
    [
        *(f"tabular/{name}.csv" for name in ("adult-test", "auto_imports", "horse-colic", "iris")),
        *(f"tabular/{name}.csv" for name in ("pima-indians-diabetes", "titanic")),
        *("tabular/winequality-red.csv", "tabular/california_housing_xy.npz"),
        *(f"timeseries/{name}.csv" for name in ("ETTh1", "airline-passengers", "pollution")),
        *(f"timeseries/{name}.csv" for name in ("monthly-car-sales", "seattle-weather", "stocks")),
        "timeseries/ucr/GunPoint/GunPoint_TRAIN.tsv",
    ],
)
def test_a_real_file_gives_a_spec_whose_data_can_be_prepared(name):
    assert _new(data=str(Path(SHARED, name))).exit_code == 0
    _plan()
