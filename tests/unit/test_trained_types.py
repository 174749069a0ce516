"""A column keeps the type that it had at training, whatever a file of new rows looks like."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dlspec.language.features import BinaryFeature, CategoryFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, JsonLinesSource, ParquetSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.trained_types import text_columns_of
from dlspec_pipelines.steps.step_errors import StepError


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Prepare a column of categories as a CSV file has them, and return what was fitted."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))

    def fit(words):
        rows = "".join(f"{word},{i % 2},{i}\n" for i, word in enumerate(words * 8))
        (tmp_path / "train.csv").write_text(f"c,y,id\n{rows}")
        data = Data(
            CsvSource(("train.csv",)),
            {"c": CategoryFeature("c", len(words) + 1)},
            {"y": BinaryFeature("y")},
            FractionSplit(0.2, 0.2, None, 1, group="id"),
            None,
        )
        return load_preparation(Path(prepare_dataset(data, base=tmp_path).path))

    return fit


def ids_of(preparation, source, folder):
    table = read_source_table(source, folder, text_columns=text_columns_of(preparation))
    return apply_preparation(preparation, table).inputs["c"].tolist()


@pytest.mark.parametrize(
    "words", [["True", "False", "maybe"], ["1E5", "2E5", "X"], ["007", "010", "Bond"]]
)
def test_words_that_look_like_something_else_are_known_again(trained, tmp_path, words):
    preparation = trained(words)
    (tmp_path / "new.csv").write_text("c\n" + "".join(f"{word}\n" for word in words[:2]))
    both = ids_of(preparation, CsvSource(("new.csv",)), tmp_path)
    (tmp_path / "all.csv").write_text("c\n" + "".join(f"{word}\n" for word in words))
    assert both == ids_of(preparation, CsvSource(("all.csv",)), tmp_path)[:2]
    assert 0 not in both


def test_numbers_are_known_beside_a_word(trained, tmp_path):
    preparation = trained(["1", "2", "30"])
    (tmp_path / "new.csv").write_text('c\n1\nx\n30\n""\n2\n')
    assert ids_of(preparation, CsvSource(("new.csv",)), tmp_path) == [1, 0, 3, 0, 2]
    (tmp_path / "new.jsonl").write_text('{"c": 1}\n{"c": 30}\n')
    assert ids_of(preparation, JsonLinesSource(("new.jsonl",)), tmp_path) == [1, 3]


def test_numbers_of_a_typed_file_are_refused_where_words_were_learned(trained, tmp_path):
    preparation = trained(["1E5", "2E5", "X"])
    pq.write_table(pa.table({"c": np.array([1e5, 2e5])}), tmp_path / "new.parquet")
    (tmp_path / "new.jsonl").write_text('{"c": 100000}\n{"c": 200000}\n')
    for source in (ParquetSource(("new.parquet",)), JsonLinesSource(("new.jsonl",))):
        with pytest.raises(StepError, match="column `c` holds numbers, and it held text"):
            ids_of(preparation, source, tmp_path)
    (tmp_path / "new.jsonl").write_text('{"c": "2E5"}\n')
    assert ids_of(preparation, JsonLinesSource(("new.jsonl",)), tmp_path) == [2]
