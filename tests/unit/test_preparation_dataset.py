"""A data section becomes a folder of arrays, once per content, whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest

import dlspec
from dlspec.language.expectations import Expectation
from dlspec.language.features import (
    BinaryFeature,
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    NumberFeature,
    SeriesFeature,
    SeriesTarget,
    TokensFeature,
    VectorFeature,
)
from dlspec.language.row_splits import ColumnSplit, FractionSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import (
    CsvSource,
    NpzSource,
    SequenceReversalSource,
    SineSource,
    SklearnSource,
)
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import fingerprint_of, prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

SPECS = sorted(Path(__file__).parents[2].glob("specs/*.yaml"))
DIGITS = Data(
    SklearnSource("digits"),
    {"image": ImageFeature("images", (8, 8), 1, scale=1 / 16)},
    {"digit": ClassFeature("target", 10)},
    FractionSplit(0.15, 0.15, "digit", 7),
    {"images": (Expectation(in_range=(0, 16), nullable=False),)},
)


def _contract(dataset):
    return json.loads(Path(dataset.path, "contract.json").read_text())


def _findings(dataset):
    return [(f["kind"], f["subject"], f["count"]) for f in _contract(dataset)["findings"]]


def test_every_sample_is_the_row_it_says(tmp_path):
    dataset = prepare_dataset(DIGITS, base=tmp_path)
    table = read_source_table(DIGITS.source, tmp_path)
    assert dataset.rows == {"train": 1231, "validation": 281, "test": 285}
    for name in ("train", "validation", "test"):
        part = open_part(dataset, name)
        assert isinstance(part.inputs["image"], np.memmap)
        images = table.columns["images"][part.rows][..., None] / 16
        np.testing.assert_array_equal(part.inputs["image"], images.astype(np.float32))
        np.testing.assert_array_equal(part.targets["digit"], table.columns["target"][part.rows])


def test_the_folder_holds_what_the_design_says(tmp_path):
    dataset = prepare_dataset(DIGITS, base=tmp_path)
    folder = Path(dataset.path)
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    parts = [
        f"{p}/{f}"
        for p in ("test", "train", "validation")
        for f in ("inputs/image.npy", "rows.npy", "targets/digit.npy")
    ]
    assert found == ["contract.json", "files.json", "preparation.json", *parts]
    contract = _contract(dataset)
    assert contract["rows"] == {"source": 1797, "train": 1231, "validation": 281, "test": 285}
    assert contract["checks"][1]["check"] == "in_range [0, 16]"
    assert contract["balance"]["digit"]["test"] == [29, 27, 30, 29, 30, 28, 26, 25, 30, 31]


def test_two_preparations_of_one_content_agree_to_the_byte(tmp_path, monkeypatch):
    one = prepare_dataset(DIGITS, base=tmp_path)
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "elsewhere"))
    two = prepare_dataset(DIGITS, base=tmp_path)
    assert (one.fingerprint, one.digest, one.path == two.path) == (*_of(two), False)
    for file in Path(one.path).rglob("*.*"):
        assert file.read_bytes() == Path(two.path, file.relative_to(one.path)).read_bytes()


def _of(dataset):
    return dataset.fingerprint, dataset.digest


def test_a_prepared_data_set_is_used_again(tmp_path):
    one = prepare_dataset(DIGITS, base=tmp_path)
    stamp = Path(one.path, "contract.json").stat().st_mtime_ns
    assert prepare_dataset(DIGITS, base=tmp_path) == one
    assert Path(one.path, "contract.json").stat().st_mtime_ns == stamp


def test_other_content_under_the_same_name_is_another_data_set(tmp_path):
    data = Data(CsvSource(("a.csv",)), {"n": NumberFeature("n")}, {"t": NumberFeature("n")})
    path = tmp_path / "a.csv"
    path.write_text("n\n" + "\n".join("12345"))
    one = fingerprint_of(data, tmp_path)
    path.write_text("n\n" + "\n".join("12346"))
    assert fingerprint_of(data, tmp_path) != one


def test_a_broken_contract_leaves_nothing_behind(tmp_path, home):
    data = Data(
        DIGITS.source,
        DIGITS.inputs,
        DIGITS.targets,
        DIGITS.split,
        {"images": (Expectation(in_range=(0, 15)),)},
    )
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.code == "DL612"
    assert "`images` fails in_range [0, 15] in 1,765 of 1,797 rows" in caught.value.message
    assert not list(home.rglob("*.npy"))


def test_statistics_come_from_the_training_rows_alone(tmp_path):
    (tmp_path / "a.csv").write_text("n,part\n1,a\n3,a\n100,b\n-50,c\n")
    data = Data(
        CsvSource(("a.csv",)),
        {"n": NumberFeature("n", standardize=True)},
        {"t": NumberFeature("n")},
        ColumnSplit("part", ("c",), ("b",)),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    scaling = load_preparation(Path(dataset.path)).inputs["n"].scaling
    assert (scaling.mean, scaling.deviation) == ((2.0,), (1.0,))
    assert open_part(dataset, "validation").inputs["n"].tolist() == [[98.0]]
    assert open_part(dataset, "test").inputs["n"].tolist() == [[-52.0]]


def test_windows_straddle_no_border(tmp_path):
    data = Data(
        SineSource("sine", samples=100, noise=0.0),
        {"past": SeriesFeature(("value",), 8)},
        {"next": SeriesTarget(("value",), 3)},
        TimeSplit("time", 0.2, 0.2),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    value = read_source_table(data.source, tmp_path).columns["value"].astype(np.float32)
    borders = {"train": (0, 60), "validation": (60, 80), "test": (80, 100)}
    for name, (start, end) in borders.items():
        part = open_part(dataset, name)
        assert part.rows.tolist() == list(range(start + 8, end - 2))
        for past, coming, row in zip(
            part.inputs["past"], part.targets["next"], part.rows, strict=True
        ):
            np.testing.assert_array_equal(past[:, 0], value[row - 8 : row])
            np.testing.assert_array_equal(coming, value[row : row + 3])


def test_a_series_dealt_at_random_is_refused(tmp_path):
    data = Data(
        SineSource("sine", samples=100),
        {"past": SeriesFeature(("value",), 8)},
        {"next": SeriesTarget(("value",), 3)},
    )
    with pytest.raises(StepError, match="dealt at random leave no windows") as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.code == "DL613"


def test_a_window_longer_than_a_part_is_refused(tmp_path):
    data = Data(
        SineSource("sine", samples=100),
        {"past": SeriesFeature(("value",), 18)},
        {"next": SeriesTarget(("value",), 3)},
        TimeSplit("time", 0.2, 0.2),
    )
    with pytest.raises(StepError, match="no window of 18 and 3 rows fits the test rows"):
        prepare_dataset(data, base=tmp_path)


def test_sequences_to_reverse_are_ids_as_they_are(tmp_path):
    data = Data(
        SequenceReversalSource("sequence_reversal", samples=40, length=5, vocabulary=12),
        {"source": TokensFeature("source", 5, 12), "given": TokensFeature("decoder_input", 5, 12)},
        {"reversed": TokensFeature("decoder_target", 5, 12)},
    )
    part = open_part(prepare_dataset(data, base=tmp_path), "test")
    np.testing.assert_array_equal(part.targets["reversed"], part.inputs["source"][:, ::-1])
    assert part.inputs["given"].dtype == np.int32
    assert set(part.inputs["given"][:, 0].tolist()) == {1}


def test_a_part_without_rows_opens_empty(tmp_path):
    data = Data(DIGITS.source, DIGITS.inputs, DIGITS.targets, FractionSplit(0.0, 0.5))
    part = open_part(prepare_dataset(data, base=tmp_path), "validation")
    assert part.inputs["image"].shape == (0, 8, 8, 1)
    assert part.rows.shape == (0,)


def test_the_oddities_are_written_down(tmp_path):
    rows = ["a,b,c,word,t,fold"]
    rows += [f"{i},1,,{'xy'[i % 2]},{int(i == 0)},train" for i in range(40)]
    rows += ["3,1,5,new,0,test", "77,1,5,x,0,test"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    data = Data(
        CsvSource(("a.csv",)),
        {
            "v": VectorFeature(("a", "b", "c"), missing=0.0),
            "w": CategoryFeature("word", ("x", "y", "new")),
        },
        {"t": ClassFeature("t", 2)},
        ColumnSplit("fold", ("test",)),
    )
    assert _findings(prepare_dataset(data, base=tmp_path)) == [
        ("constant_column", "b", 42),
        ("missing_values", "c", 40),
        ("absent_class", "t/test", 1),
        ("imbalance", "t", 1),
    ]


def test_repeated_rows_and_unknown_categories_are_written_down(tmp_path):
    rows = ["a,word,t,fold"] + [f"{i},{'xy'[i % 2]},{i % 2},train" for i in range(40)]
    rows += ["3,y,1,test", "4,z,0,test"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    data = Data(
        CsvSource(("a.csv",)),
        {"a": NumberFeature("a"), "w": CategoryFeature("word", 3)},
        {"t": BinaryFeature("t")},
        ColumnSplit("fold", ("test",)),
    )
    assert _findings(prepare_dataset(data, base=tmp_path)) == [
        ("repeated_rows", "test", 1),
        ("unknown_categories", "w/test", 1),
    ]


def _unknown_messages(tmp_path, words, vocabulary):
    rows = [f"{word},{i % 2},{i}" for i, word in enumerate(words)]
    (tmp_path / "a.csv").write_text("\n".join(["word,t,id", *rows]))
    feature = CategoryFeature("word", vocabulary, rare="unknown")
    targets = {"t": BinaryFeature("t")}
    split = FractionSplit(0.1, 0.1, None, 1, group="id")
    data = Data(CsvSource(("a.csv",)), {"w": feature}, targets, split)
    findings = _contract(prepare_dataset(data, base=tmp_path))["findings"]
    return {f["subject"]: f["message"] for f in findings if f["kind"] == "unknown_categories"}


def test_a_vocabulary_without_room_for_the_training_rows_is_told_with_the_number(tmp_path):
    """The unknown id takes one place: three classes need four."""
    told = _unknown_messages(tmp_path, [1, 1, 1, 3, 3, 2] * 10, 3)
    assert told["w/train"].endswith("; `vocabulary: 4` has room for all")
    assert ": `2` (9)" in told["w/train"]
    assert _unknown_messages(tmp_path, [1, 1, 1, 3, 3, 2] * 10, 4) == {}


def test_a_value_that_is_nearly_one_of_the_list_is_told(tmp_path):
    told = _unknown_messages(tmp_path, ["red", "blue", "Blue", '"red "'] * 10, ("red", "blue"))
    assert "`Blue` (10, `blue` but for case or blanks)" in told["w/train"]
    assert "`red ` (10, `red` but" in told["w/train"]


def test_samples_that_are_cut_are_written_down(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        t=np.arange(20)[:, None] // [1, 2, 4, 8, 16, 1, 2, 4, 8] % 2,
        y=np.arange(20) % 2,
    )
    data = Data(NpzSource(("a.npz",)), {"t": TokensFeature("t", 4, 2)}, {"y": BinaryFeature("y")})
    assert ("cut_samples", "t", 20) in _findings(prepare_dataset(data, base=tmp_path))


def test_a_missing_column_is_told_before_anything_is_made(tmp_path):
    data = Data(DIGITS.source, DIGITS.inputs, {"digit": ClassFeature("targett", 10)})
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert (caught.value.code, caught.value.help) == ("DL611", "write `target` for `targett`")


def test_apply_gives_the_arrays_that_were_trained_on(tmp_path):
    dataset = prepare_dataset(DIGITS, base=tmp_path)
    everything = apply_preparation(
        load_preparation(Path(dataset.path)), read_source_table(DIGITS.source, tmp_path)
    )
    test = open_part(dataset, "test")
    np.testing.assert_array_equal(everything.inputs["image"][test.rows], test.inputs["image"])


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_shipped_spec_gets_what_its_model_reads(path):
    plan = dlspec.load(path)
    dataset = prepare_dataset(plan.data, base=path.parent)
    train = open_part(dataset, "train")
    assert set(train.inputs) == {declared.name for declared in plan.graph.inputs}
    for declared in plan.graph.inputs:
        array = train.inputs[declared.name]
        assert (array.shape[1:], array.dtype) == (declared.shape[1:], declared.dtype)
    assert set(train.targets) == {name for name, _ in plan.graph.outputs}
