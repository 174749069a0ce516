"""Real files with real dirt; skipped where the shared data folder is not there."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dlspec.language.expectations import Expectation
from dlspec.language.features import (
    BinaryFeature,
    CategoryFeature,
    ClassFeature,
    ImageFeature,
    NumberFeature,
    SeriesFeature,
    SeriesTarget,
    VectorFeature,
)
from dlspec.language.row_splits import FractionSplit, GivenSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, JsonLinesSource, KerasSource, NpzSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

DATA = Path(os.environ.get("DLSPEC_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the shared data folder is not here: set DLSPEC_DATA"
)


@pytest.fixture(autouse=True)
def _home(home, monkeypatch):
    monkeypatch.setenv("DLSPEC_DATA", str(DATA))


def _findings(dataset):
    contract = json.loads(Path(dataset.path, "contract.json").read_text())
    return {(f["kind"], f["subject"]): f["count"] for f in contract["findings"]}


TITANIC = Data(
    CsvSource(("tabular/titanic.csv",)),
    {
        "numbers": VectorFeature(
            ("Age", "Fare", "SibSp", "Parch"), standardize=True, missing="median"
        ),
        "sex": CategoryFeature("Sex", ("male", "female"), unknown=False),
        "port": CategoryFeature("Embarked", 4),
    },
    {"survived": BinaryFeature("Survived")},
    FractionSplit(0.1, 0.2, "survived", 3),
)


def test_titanic_is_prepared_and_its_gaps_are_told(tmp_path):
    dataset = prepare_dataset(TITANIC, base=tmp_path)
    assert dataset.rows == {"train": 631, "validation": 89, "test": 171}
    frame = pd.read_csv(DATA / "tabular" / "titanic.csv")
    train = open_part(dataset, "train")
    ages = frame["Age"].iloc[train.rows]
    preparation = load_preparation(Path(dataset.path))
    assert preparation.inputs["numbers"].scaling.fill[0] == ages.median()
    assert preparation.inputs["port"].vocabulary == ("C", "Q", "S")
    assert train.inputs["sex"].tolist() == (frame["Sex"].iloc[train.rows] == "female").tolist()
    found = _findings(dataset)
    assert found["missing_values", "Age"] == 177
    assert found["missing_values", "Embarked"] == 2


def test_titanic_without_a_word_for_a_missing_age_is_refused(tmp_path):
    data = Data(TITANIC.source, {"age": NumberFeature("Age")}, TITANIC.targets)
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.message == (
        "the data breaks its contract: `Age` fails a value is there in 177 of 891 rows"
    )
    # The sixth passenger.
    assert "| titanic.csv | 7 | Age | a missing value |" in caught.value.table


def test_a_contract_on_titanic_shows_the_rows_that_break_it(tmp_path):
    expect = {"Age": (Expectation(in_range=(0, 65)),), "Cabin": (Expectation(str_matches="[A-G]"),)}
    data = Data(TITANIC.source, TITANIC.inputs, TITANIC.targets, expect=expect)
    with pytest.raises(StepError) as caught:
        prepare_dataset(data, base=tmp_path)
    assert caught.value.message == (
        "the data breaks its contract: `Age` fails in_range [0, 65] in 8 of 891 rows, "
        "`Cabin` fails str_matches [A-G] in 1 of 891 rows"
    )
    assert "| 35 | Age | `66.0` | in_range [0, 65] |" in caught.value.table
    assert "| 341 | Cabin | `T` | str_matches [A-G] |" in caught.value.table


ADULT = ("age", "workclass", "weight", "education", "years", "marital", "occupation")
ADULT += ("relationship", "race", "sex", "gain", "loss", "hours", "country", "income")


DIRTY = [
    ("text/sms_spam/SMSSpamCollection", {"separator": "\t", "quoting": "none"}, 2, 5574, 0),
    ("tabular/horse-colic.csv", {"missing": ("?",)}, 28, 300, 1605),
    ("tabular/auto_imports.csv", {"missing": ("?",)}, 26, 201, None),
    ("tabular/pima-indians-diabetes.csv", {}, 9, 768, 0),
    ("tabular/iris.csv", {}, 5, 150, 0),
    ("tabular/winequality-white.csv", {}, 12, 4898, 0),
    ("timeseries/ucr/GunPoint/GunPoint_TRAIN.tsv", {}, 151, 50, 0),
]


@pytest.mark.parametrize(
    ("path", "said", "width", "rows", "gaps"), DIRTY, ids=lambda v: str(v)[:40]
)
def test_a_table_without_header_is_read_whole(tmp_path, path, said, width, rows, gaps):
    names = tuple(f"c{i}" for i in range(width))
    table = read_source_table(CsvSource((path,), columns=names, **said), tmp_path)
    assert table.rows == rows
    lines = DATA.joinpath(path).read_text().splitlines()
    separator = "\t" if path.endswith("tsv") or "sms" in path else ","
    marks = sum(field == "?" for line in lines for field in line.split(separator))
    assert marks == gaps or gaps is None
    assert sum(int(pd.isna(column).sum()) for column in table.columns.values()) == marks
    if "sms" in path:
        assert table.columns["c1"].tolist() == [line.partition("\t")[2] for line in lines]


def test_adult_has_no_header_and_question_marks_behind_blanks(tmp_path):
    source = CsvSource(("tabular/adult-test.csv",), columns=ADULT, missing=("?",), strip=True)
    table = read_source_table(source, tmp_path)
    assert table.rows == 16281
    assert sum(value is None for value in table.columns["workclass"]) == 963
    assert set(table.columns["income"]) == {"<=50K.", ">50K."}
    data = Data(
        source,
        {
            "work": CategoryFeature("workclass", 10),
            "age": NumberFeature("age", standardize=True),
        },
        {"income": ClassFeature("income", ("<=50K.", ">50K."))},
        FractionSplit(0.1, 0.1, "income", 1),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    positives = [open_part(dataset, part).targets["income"].mean() for part in dataset.rows]
    # 460 different pairs of work and age stand for the 16281 rows, so the shares are coarse.
    np.testing.assert_allclose(positives, 3846 / 16281, atol=0.03)
    assert _findings(dataset)["missing_values", "workclass"] == 963


def _pollution(column, missing):
    return Data(
        CsvSource(("timeseries/pollution.csv",), missing=missing),
        {"past": SeriesFeature((column, "PRES"), 24, stride=6, standardize=True)},
        {"next": SeriesTarget((column,), 6, standardize=True)},
        TimeSplit("No", 0.1, 0.1),
    )


def test_pollution_is_cut_by_time_and_fitted_on_its_past(tmp_path):
    dataset = prepare_dataset(_pollution("TEMP", ()), base=tmp_path)
    frame = pd.read_csv(DATA / "timeseries" / "pollution.csv")
    past = frame.iloc[: 43824 - 2 * 4382]
    scaling = load_preparation(Path(dataset.path)).inputs["past"].scaling
    np.testing.assert_allclose(scaling.mean, past[["TEMP", "PRES"]].mean(), rtol=1e-12)
    np.testing.assert_allclose(scaling.deviation, past[["TEMP", "PRES"]].std(ddof=0), rtol=1e-9)
    test = open_part(dataset, "test")
    row = int(test.rows[10])
    window = frame[["TEMP", "PRES"]][row - 24 : row].to_numpy()
    expected = (window - np.array(scaling.mean)) / np.array(scaling.deviation)
    np.testing.assert_allclose(test.inputs["past"][10], expected, rtol=1e-5, atol=1e-6)
    assert test.rows.min() == 43824 - 4382 + 24
    assert np.diff(test.rows).tolist() == [6] * (len(test.rows) - 1)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ((), "`pm2.5` fails a finite number in 2,067 of 43,824 rows"),
        (("NA",), "`pm2.5` fails a value is there in 2,067 of 43,824 rows"),
    ],
)
def test_a_series_with_gaps_is_refused(tmp_path, missing, told):
    with pytest.raises(StepError) as caught:
        prepare_dataset(_pollution("pm2.5", missing), base=tmp_path)
    assert caught.value.code == "DL612"
    assert caught.value.message == f"the data breaks its contract: {told}"


def test_penguins_as_json_lines(tmp_path):
    records = json.loads((DATA / "tabular" / "penguins.json").read_text())
    lines = "\n".join(json.dumps(record) for record in records)
    (tmp_path / "penguins.jsonl").write_text(lines)
    data = Data(
        JsonLinesSource(("penguins.jsonl",)),
        {
            "beak": VectorFeature(
                ("Beak Length (mm)", "Beak Depth (mm)"), standardize=True, missing="mean"
            ),
            "island": CategoryFeature("Island", 4),
        },
        {"species": ClassFeature("Species", ("Adelie", "Chinstrap", "Gentoo"))},
        FractionSplit(0.1, 0.2, "species", 1),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    counts = json.loads(Path(dataset.path, "contract.json").read_text())["balance"]["species"]
    assert np.sum(list(counts.values()), axis=0).tolist() == [152, 68, 124]
    assert _findings(dataset)["missing_values", "Beak Length (mm)"] == 2


def test_wine_that_was_tasted_twice_stays_in_one_part(tmp_path):
    columns = (*(f"c{i}" for i in range(11)), "quality")
    data = Data(
        CsvSource(("tabular/winequality-red.csv",), columns=columns),
        {"v": VectorFeature(columns[:-1])},
        {"q": NumberFeature("quality")},
        FractionSplit(0.0, 0.2, None, 0),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    frame = pd.read_csv(DATA / "tabular" / "winequality-red.csv", header=None)
    frame = frame[list(range(11))].astype(np.float32)
    known = set(map(tuple, frame.iloc[open_part(dataset, "train").rows].to_numpy()))
    test = frame.iloc[open_part(dataset, "test").rows].to_numpy()
    assert frame.duplicated().sum() == 240
    assert not any(tuple(row) in known for row in test)
    assert ("repeated_rows", "test") not in _findings(dataset)


MNIST = (
    {"image": ImageFeature("x", (28, 28), 1, scale=1 / 255)},
    {"digit": ClassFeature("y", 10)},
    GivenSplit("given", 0.1, "digit", 1),
)


def test_mnist_is_the_same_from_keras_and_from_its_file(tmp_path, monkeypatch):
    file = DATA / "keras-cache" / "datasets" / "mnist.npz"
    monkeypatch.setenv("KERAS_HOME", str(DATA / "keras-cache"))
    one = prepare_dataset(Data(NpzSource((str(file),)), *MNIST), base=tmp_path)
    two = prepare_dataset(Data(KerasSource("mnist"), *MNIST), base=tmp_path)
    assert one.rows == {"train": 53_966, "validation": 6_034, "test": 10_000}
    assert one.digest == two.digest
    assert one.fingerprint != two.fingerprint
    test = open_part(one, "test")
    with np.load(file) as archive:
        np.testing.assert_array_equal(test.targets["digit"], archive["y_test"])
        pixels = (archive["x_test"][:100, :, :, None] / 255).astype(np.float32)
        halves = [{image.tobytes() for image in archive[name]} for name in ("x_train", "x_test")]
    np.testing.assert_allclose(test.inputs["image"][:100], pixels, rtol=1e-7)
    assert not halves[0] & halves[1]
    assert ("repeated_rows", "test") not in _findings(one)


def test_reviews_that_are_pickled_objects_are_refused(tmp_path):
    with pytest.raises(StepError, match="holds Python objects, which can carry code"):
        read_source_table(NpzSource(("text/imdb/imdb_keras_format.npz",)), tmp_path)


@pytest.mark.slow
def test_keras_in_a_process_of_its_own_gives_what_the_cache_gives(tmp_path, monkeypatch):
    from dlspec_pipelines.steps.datasets.sources.keras import _downloaded_keras_table

    shutil.copytree(DATA / "keras-cache", tmp_path / "keras")
    (tmp_path / "keras").chmod(0o755)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    child, direct = (
        _downloaded_keras_table(KerasSource("fashion_mnist")),
        read_source_table(KerasSource("fashion_mnist"), tmp_path),
    )
    for name in ("x", "y"):
        np.testing.assert_array_equal(child.columns[name], direct.columns[name])
    np.testing.assert_array_equal(child.given_test, direct.given_test)
