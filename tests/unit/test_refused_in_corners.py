"""What is said in corners that no spec reaches by itself, whole."""

import gzip
import os
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import aiohttp
import fsspec
import numpy as np
import pyarrow as pa
import pytest
from refusals import objects, told

from dlspec.language.features import (
    CategoryFeature,
    NumberFeature,
    SeriesFeature,
    SeriesTarget,
    TokensFeature,
)
from dlspec.language.row_splits import FractionSplit, TimeSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, TextLinesSource
from dlspec_pipelines.steps.datasets import downloads
from dlspec_pipelines.steps.datasets.arrow import columns_of_arrow, texts_of_dictionaries
from dlspec_pipelines.steps.datasets.folder_files import stamp_of_files_below
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.sources.sql import _column_of_kinds
from dlspec_pipelines.steps.datasets.spooled_arrays import spooled_array
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.text import text_column
from dlspec_pipelines.steps.preparation.fitting import (
    load_preparation,
)
from dlspec_pipelines.steps.preparation.hashed_deal import deal_by_identity
from dlspec_pipelines.steps.preparation.ids_as_text import telling_ids
from dlspec_pipelines.steps.preparation.numbers import finite_numbers
from dlspec_pipelines.steps.preparation.windows import window_of

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")


# -- new rows ------------------------------------------------------------------------------------


def prepared(folder, inputs, *rows, header="x,y", split=None):
    (folder / "a.csv").write_text("\n".join([header, *rows]) + "\n")
    split = split or FractionSplit(0.2, 0.2, None, 1, group="y")
    data = Data(CsvSource(("a.csv",)), inputs, {"t": NumberFeature("y")}, split)
    return load_preparation(Path(prepare_dataset(data, base=folder).path))


def test_new_rows_of_numbers_where_texts_were(tmp_path):
    preparation = prepared(
        tmp_path, {"x": CategoryFeature("x", 9)}, *(f"{'ab'[i % 2]},{i}" for i in range(20))
    )
    assert told(apply_preparation, preparation, Table({"x": np.arange(3)})) == (
        "column `x` holds numbers, and it held text at training",
        "write its values as text, as the training data has them",
    )


def test_new_rows_that_hold_no_window(tmp_path):
    preparation = prepared(
        tmp_path,
        {"x": SeriesFeature(("x",), 4)},
        *(f"{i},{i},2024-01-{i + 1:02}" for i in range(30)),
        header="x,y,day",
        split=TimeSplit("day", 0.2, 0.2),
    )
    days = np.array(["2024-03-01", "2024-03-02", "2024-03-09"], dtype="datetime64[D]")
    for rows, said in (
        (2, "no window fits the 2 rows"),
        (1, "no window fits the 1 row"),
        (3, "no window fits the 3 rows between 1 gap in time"),
    ):
        table = Table({"x": np.arange(rows) * 1.0, "day": days[:rows]})
        assert told(apply_preparation, preparation, table) == (said, "give more rows")


# -- features ------------------------------------------------------------------------------------


def test_windows_that_no_series_or_several_strides_make():
    assert told(window_of, [SeriesTarget(("x",), 2)]) == (
        "a `series` target follows no `series` input",
        "take a `series` as an input",
    )
    assert told(window_of, [SeriesFeature(("x",), 2), SeriesFeature(("y",), 2, 2)]) == (
        "the `series` inputs have several strides",
        "write one `stride`",
    )


def test_columns_that_are_no_texts():
    way = "take it as what it is, such as a `number`, a `category` or `tokens`"
    moments = np.array(["2024-01-01"], dtype="datetime64[D]")
    for column, what in (
        (np.arange(2), "numbers"),
        (moments, "moments"),
        (np.eye(2), "arrays of shape (2,)"),
    ):
        assert told(text_column, "x", column) == (f"column `x` holds {what}, not texts", way)
    assert told(text_column, "x", objects("a", "")) == (
        "column `x`, row 1: the text is empty",
        "leave these rows out",
    )
    assert told(text_column, "x", objects("a", 7)) == (
        "column `x`, row 1: `7` is no text",
        'write every value as text, such as `"7"`',
    )


def test_numbers_that_are_missing_or_not_finite():
    way = "leave these rows out; of a `number`, `vector` or `series`, `missing: median` fills them"
    missing = np.array([1.0, np.nan, np.nan])
    assert told(finite_numbers, "x", missing, gaps=False) == (
        "column `x`, row 1: the value is missing; 2 rows miss one",
        way,
    )
    assert told(finite_numbers, "x", missing[:2], gaps=False) == (
        "column `x`, row 1: the value is missing",
        way,
    )
    assert told(finite_numbers, "x", np.array([np.nan, -np.inf]), gaps=True) == (
        "column `x`, row 1: `-inf` is not finite",
        None,
    )
    assert finite_numbers("x", np.zeros((0, 2)), gaps=False).shape == (0, 2)


def test_ids_are_told_as_the_words_of_their_vocabulary():
    words = telling_ids(Fitted(TokensFeature("t", 4, ("pad", "stop", "red", "blue"))))
    assert words([3, 1, 2]) == "blue stop red"
    letters = telling_ids(Fitted(TokensFeature("t", 4, ("-", "a", "b"))))
    assert letters([2, 1, 2]) == "bab"
    assert telling_ids(Fitted(TokensFeature("t", 4, 9))) is None


def test_rows_without_a_file_are_told_by_their_number():
    assert told(
        deal_by_identity,
        np.arange(2),
        np.zeros(2, dtype=np.uint64),
        {"test": 0.5},
        strata=None,
        seed=0,
    ) == (
        "the 2 rows to deal hold 1 different one, and there are 2 parts: rows whose inputs, or "
        "whose `split.group`, are equal stay together",
        "name a column that tells the rows apart, such as `group: id` under `split`, or bring "
        "more rows",
    )


# -- sources -------------------------------------------------------------------------------------


def test_lines_that_cannot_be_unpacked(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one\ntwo\n" * 99)[:-9])
    message, way = told(read_source_table, TextLinesSource("a.txt.gz"), tmp_path)
    assert (message, way) == (
        f"`{tmp_path / 'a.txt.gz'}` cannot be unpacked: Compressed file ended before the "
        "end-of-stream marker was reached",
        None,
    )


def test_a_server_that_answers_with_a_refusal(monkeypatch):
    store = fsspec.filesystem("memory")

    def info(*_):
        raise aiohttp.ClientResponseError(None, (), status=418, message="I'm a teapot")

    monkeypatch.setattr(type(store), "info", info)
    assert told(downloads.url_facts, "memory://shop/a.csv") == (
        "the server of `memory://shop/a.csv` answers 418 I'm a teapot",
        "see whether the URL is right, and whether everybody may read it",
    )


def test_values_of_a_database_become_plain():
    noon = datetime(2024, 1, 2, 12, tzinfo=UTC)
    days = _column_of_kinds(objects(date(2024, 1, 2), None), {date})
    assert (days.dtype, str(days[0]), np.isnat(days[1])) == ("datetime64[D]", "2024-01-02", True)
    seconds = _column_of_kinds(objects(noon, None), {datetime})
    assert (seconds.dtype, str(seconds[0])) == ("datetime64[s]", "2024-01-02T12:00:00")
    both = _column_of_kinds(objects(noon.replace(microsecond=5)), {datetime})
    assert (both.dtype, str(both[0])) == ("datetime64[us]", "2024-01-02T12:00:00.000005")
    assert _column_of_kinds(objects(*[True, False]), {bool}).dtype == np.bool_
    mixed = objects(Decimal("1.50"), UUID(int=7), time(1, 2), noon.date(), noon, "a", 3)
    assert _column_of_kinds(mixed, {Decimal, UUID, time, date, str, int}).tolist() == [
        "1.50",
        "00000000-0000-0000-0000-000000000007",
        "01:02:00",
        "2024-01-02",
        "2024-01-02 12:00:00+00:00",
        "a",
        3,
    ]
    plain = objects("a", 3, None)
    assert _column_of_kinds(plain, {str, int}) is plain


def test_columns_of_arrow_without_rows_or_in_pieces():
    none = pa.table({"n": pa.chunked_array([], pa.int64()), "w": pa.chunked_array([], pa.string())})
    assert {name: (c.dtype, c.shape) for name, c in columns_of_arrow(none).items()} == {
        "n": (np.int64, (0,)),
        "w": (np.object_, (0,)),
    }
    pieces = pa.table(
        {"n": pa.chunked_array([[1, 2], [3]]), "l": pa.chunked_array([[[1], []], [[2]]])}
    )
    found = columns_of_arrow(pieces)
    assert found["n"].tolist() == [1, 2, 3]
    assert found["l"].dtype == np.object_
    assert [list(row) for row in found["l"]] == [[1], [], [2]]
    empty = texts_of_dictionaries([])
    assert (empty.dtype, empty.shape) == (np.object_, (0,))


def test_spooled_rows_without_a_value_are_an_empty_array():
    empty = spooled_array(iter([np.zeros((0, 3)), np.zeros((0, 3))]), np.dtype(np.float32))
    assert (empty.dtype, empty.shape) == (np.float32, (0, 3))


def test_the_stamp_of_a_folder_changes_with_names_sizes_and_times(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.txt").write_text("1")
    (tmp_path / "a/.hidden").write_text("1")
    stamps = [stamp_of_files_below(tmp_path)]
    (tmp_path / "a/.hidden").write_text("22")
    assert stamp_of_files_below(tmp_path) == stamps[0]
    (tmp_path / "a/1.txt").rename(tmp_path / "a/2.txt")
    stamps.append(stamp_of_files_below(tmp_path))
    before = (tmp_path / "a/2.txt").stat()
    (tmp_path / "a/2.txt").write_text("333")
    stamps.append(stamp_of_files_below(tmp_path))
    os.utime(tmp_path / "a/2.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    stamps.append(stamp_of_files_below(tmp_path))
    os.utime(tmp_path / "a/2.txt", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    stamps.append(stamp_of_files_below(tmp_path))
    assert len(set(stamps)) == 5
    assert stamp_of_files_below(tmp_path) == stamps[-1]
