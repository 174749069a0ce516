"""`dlspec new NAME --data FILE`: a spec for a file of one's own, which runs as it is."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from click.testing import CliRunner
from PIL import Image

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
        "note": "text",
    }
    (target,) = plan.data.targets.values()
    assert (target.word, target.columns, target.positive) == ("binary", ("kind",), "elm")
    assert plan.data.split.stratify == "kind"
    text = Path("specs/mine.yaml").read_text()
    assert "#   id: tells rows apart and says nothing of them" in text
    assert "#   country: the same in every row" in text


@pytest.mark.parametrize(
    ("no", "yes", "positive"),
    [("no", "yes", "yes"), ("False", "True", None), (0, 1, None), ("N", "Y", "Y")],
)
def test_of_yes_and_no_it_is_yes_that_is_looked_for_however_frequent(no, yes, positive):
    sizes = RNG.normal(10, 3, 40).round(2)
    table = pd.DataFrame({"size": sizes, "paid": [no, yes, yes, yes] * 10})
    table.to_csv("trees.csv", index=False)
    assert _new("--target", "paid").exit_code == 0
    (target,) = _plan().data.targets.values()
    assert (target.word, target.positive) == ("binary", positive)
    assert "the rarer of two" not in Path("specs/mine.yaml").read_text()


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
    assert len(_plan().data.inputs) == 3


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
        assert len(_plan().data.inputs) == 3


def test_an_array_of_json_objects_is_a_table_too():
    FRAME.to_json("trees.json", orient="records")
    assert _new(data="trees.json").exit_code == 0
    assert len(_plan().data.inputs) == 3


def _pictures(folder, classes, *, each=8, size=(12, 10)):
    for name in classes:
        Path(folder, name).mkdir(parents=True)
        for number in range(each):
            pixels = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(Path(folder, name, f"{number}.png"))


def test_a_folder_of_pictures_is_read_by_its_class_folders():
    _pictures("leaves", ["elm", "oak", "yew"])
    Path("leaves/elm/broken.png").write_bytes(b"no picture")
    assert _new(data="leaves").exit_code == 0
    plan = _plan()
    assert plan.data.source.unreadable == "skip"
    assert (plan.data.inputs["image"].size, plan.data.inputs["image"].resize) == ((12, 10), None)
    assert plan.data.targets["class"].classes == ("elm", "oak", "yew")


def test_pictures_of_many_sizes_become_one_and_test_rows_of_their_own_are_taken():
    for part, size in (("train", (90, 120)), ("test", (60, 60))):
        _pictures(f"leaves/{part}", ["elm", "oak"], size=size)
    assert _new(data="leaves").exit_code == 0
    plan = _plan()
    assert plan.data.inputs["image"].resize == "crop"
    assert max(plan.data.inputs["image"].size) <= 96
    assert plan.data.split.test == "given"


def test_sounds_whose_names_say_their_class_are_read_by_a_pattern():
    Path("sounds").mkdir()
    for word in ("no", "yes"):
        for take in range(8):
            wave = RNG.normal(0, 0.1, 4000 + 100 * take)
            soundfile.write(f"sounds/{word}_ann_{take}.wav", wave, 8000)
    assert _new(data="sounds").exit_code == 0
    plan = _plan()
    assert plan.data.source.names == "{class}_{part2}_{part3}"
    assert (plan.data.inputs["sound"].sample_rate, plan.data.inputs["sound"].seconds) == (8000, 0.6)


def test_lines_of_text_in_a_file_for_each_class_are_texts():
    Path("reviews").mkdir()
    for name, word in (("neg", "bad"), ("pos", "café")):
        lines = "".join(f"a {word} film number {i}\n" for i in range(40))
        Path(f"reviews/mr.{name}").write_text(lines, "cp1252")
    assert _new(data="reviews").exit_code == 0
    plan = _plan()
    assert plan.data.source.encoding == "cp1252"
    assert dict(plan.data.source.text_lines) == {
        "neg": "../reviews/mr.neg",
        "pos": "../reviews/mr.pos",
    }
    assert plan.data.inputs["text"].length == 5


@pytest.mark.parametrize("finer", [False, True])
def test_a_label_before_each_text_is_the_class_and_a_finer_one_is_no_input(finer):
    def line(i):
        label, kind = ("NUM", ["date", "count"][i % 4 // 2]) if i % 2 else ("HUM", "name")
        before, behind = f"{kind} " if finer else "", ", again" * (i % 3)
        return f"{label}:{before}word{i} was asked {i} times{behind}\n"

    Path("asked.train").write_text("".join(map(line, range(80))))
    Path("asked.test").write_text("".join(map(line, range(80, 100))))
    assert _new(data="asked.train").exit_code == 0
    plan = _plan()
    assert list(plan.data.inputs) == ["text"]
    assert plan.data.source.separator == ((":", " ") if finer else (":",))
    assert plan.data.test.files == ("../asked.test",)


def test_texts_in_folders_and_series_with_their_test_file_are_read():
    for name in ("bad", "good"):
        Path("reviews", name).mkdir(parents=True)
        for i in range(10):
            Path("reviews", name, f"{i}.txt").write_text(f"this was a {name} film number {i}")
    assert _new(data="reviews").exit_code == 0
    assert _plan().data.inputs["text"].length == 7
    Path("specs/mine.yaml").unlink()
    Path("ucr").mkdir()
    head = "@timestamps false\n@univariate true\n@classLabel true 1 2\n@data\n"
    for part in ("TRAIN", "TEST"):
        rows = (
            ",".join(f"{v:.3f}" for v in RNG.normal(size=70)) + f":{i % 2 + 1}" for i in range(24)
        )
        Path(f"ucr/Wave_{part}.ts").write_text(head + "\n".join(rows) + "\n")
    assert _new(data="ucr").exit_code == 0
    plan = _plan()
    assert plan.data.test.files == ("../ucr/Wave_TEST.ts",)
    assert plan.data.inputs["series"].length == 70


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("nowhere.csv", "there is no file `nowhere.csv`"),
        ("empty.csv", "`empty.csv` is empty"),
        ("array.json", "item 0 of the array"),
        ("picture.png", "`picture.png` is no table that a source reads"),
        ("mixed", "holds files that no source reads together (`.a` 1, `.b` 1)"),
        ("unnamed", "the names of its files say none"),
        ("none", "`none` holds no files"),
        ("one.csv", "no column can be an input"),
    ],
)
def test_what_cannot_be_a_spec_says_why(data, said):
    Path("empty.csv").write_text("\n")
    Path("array.json").write_text("[3]")
    for name in ("mixed/x.a", "mixed/y.b", "unnamed/one.png", "unnamed/two.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"\0")
    Path("none").mkdir()
    Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    Path("one.csv").write_text("a\n" + "".join(f"{i / 7}\n" for i in range(50)))
    done = _new(data=data)
    assert done.exit_code == (1 if data == "array.json" else 2)
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
        *("images/flowers128", "images/hymenoptera_dirty", "audio/fsdd", "text/rt-polarity"),
        *("text/imdb/aclImdb_small", "text/trec/TREC.train", "text/ag_news/test.csv"),
        *("text/sms_spam/SMSSpamCollection", "timeseries/ucr/BasicMotions"),
        *("timeseries/ucr/ArrowHead", "tabular/penguins.json", "vectors/EN-WS-353-ALL.txt"),
    ],
)
def test_a_real_file_gives_a_spec_whose_data_can_be_prepared(name):
    assert _new(data=str(Path(SHARED, name))).exit_code == 0
    _plan()
