"""Tables that are read in blocks: the same columns as read whole, and in little memory."""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from dlspec.language.sources import CsvSource, JsonLinesSource, ParquetSource, SqlSource
from dlspec_pipelines.steps.data_memory import is_mapped
from dlspec_pipelines.steps.datasets import csv_by_arrow
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.sources import json_lines, parquet, sql
from dlspec_pipelines.steps.step_errors import StepError

ROWS, LITTLE, BLOCK = 400, 1_000, 3_000


@pytest.fixture(autouse=True)
def _little_blocks(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    for module, name in (
        (parquet, "_BATCH_BYTES"),
        (json_lines, "BLOCK_BYTES"),
        (csv_by_arrow, "_BLOCK_BYTES"),
    ):
        monkeypatch.setattr(module, name, BLOCK)
    monkeypatch.setattr(sql, "_VALUES_AT_ONCE", 550)


def rows_of_all_kinds():
    """Return rows whose columns show only late what they are."""
    draw = np.random.default_rng(0)
    start = datetime(2024, 1, 1)  # noqa: DTZ001 - moments as files hold them
    return [
        {
            "whole": int(draw.integers(-9, 9)),
            "gaps": None if row == 390 else row,
            "turned": row if row < 350 else row + 0.5,
            "float": float(draw.normal()),
            "flag": bool(row % 3),
            "flags": None if row == 380 else bool(row % 2),
            "word": f"w{row % 7}",
            "words": None if row % 11 == 5 else f"text {row}",
            "when": (start + timedelta(hours=row)).isoformat(),
            "pair": [row, row + 1],
            "open": [row / 2] * (2 if row < 330 else 3),
            "part": {"a": row},
            "none": None,
        }
        for row in range(ROWS)
    ]


def write_parquet(folder, rows):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    table = pa.table(columns)
    for name, kind in (("whole", pa.int8()), ("when", pa.timestamp("ms")), ("float", pa.float32())):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(name).cast(kind))
    for name, column in (
        ("day", pa.array([datetime(2024, 1, 1 + n % 9).date() for n in range(ROWS)])),  # noqa: DTZ001
        ("named", pa.array([f"n{n % 3}" for n in range(ROWS)]).dictionary_encode()),
        ("price", pa.array(np.arange(ROWS)).cast(pa.decimal128(24, 2))),
        ("fixed", pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2.0 * ROWS)), 2)),
    ):
        table = table.append_column(name, column)
    pa.parquet.write_table(table, folder / "a.parquet", row_group_size=150)
    return ParquetSource(("a.parquet",))


def write_json_lines(folder, rows):
    # A moment that is none makes texts of all.
    rows = [{**row, "late": row["when"] if n < 300 else "soon"} for n, row in enumerate(rows)]
    rows[-1]["new"] = 7
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    return JsonLinesSource(("a.jsonl",))


PLAIN = ("whole", "gaps", "turned", "float", "flag", "word", "words", "when", "none")


def write_csv_gz(folder, rows):
    frame = pd.DataFrame([{name: row[name] for name in PLAIN} for row in rows])
    frame.to_csv(folder / "a.csv.gz", index=False)
    return CsvSource(("a.csv.gz",))


def write_sql(folder, rows):
    with sqlite3.connect(folder / "a.db") as database:
        database.execute(f"CREATE TABLE t ({', '.join(map(repr, PLAIN))}, large, both)")
        more = [(2**60 + n, n if n < 350 else f"x{n}") for n in range(len(rows))]
        values = [(*(row[n] for n in PLAIN), *own) for row, own in zip(rows, more, strict=True)]
        database.executemany(f"INSERT INTO t VALUES ({', '.join('?' * 11)})", values)
    database.close()
    return SqlSource("SELECT * FROM t", "sqlite:///a.db")


WRITERS = [write_parquet, write_json_lines, write_csv_gz, write_sql]
# That are numbers in all of them.
MAPPED = ("whole", "gaps", "turned", "float")


@pytest.mark.parametrize("write", WRITERS)
def test_columns_that_are_read_in_blocks_are_those_that_are_read_whole(tmp_path, write):
    source = write(tmp_path, rows_of_all_kinds())
    bounded = read_source_table(source, tmp_path, memory=LITTLE)
    free = read_source_table(source, tmp_path)
    assert list(bounded.columns) == list(free.columns)
    for name, column in free.columns.items():
        found = bounded.columns[name]
        assert (name, found.dtype, found.shape) == (name, column.dtype, column.shape)
        assert list(map(type, found.flat)) == list(map(type, column.flat))
        for ours, theirs in zip(found, column, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert all(is_mapped(bounded.columns[name]) for name in MAPPED)
    assert not any(is_mapped(column) for column in free.columns.values())
    assert list((tmp_path / "home" / "work").iterdir()) == []


@pytest.mark.parametrize("write", WRITERS)
def test_columns_that_are_read_in_blocks_are_those_of_pandas(tmp_path, write):
    source = write(tmp_path, rows_of_all_kinds())
    if write is write_sql:
        source = SqlSource("SELECT * FROM t ORDER BY large", "sqlite:///a.db")
    found = read_source_table(source, tmp_path, memory=LITTLE).columns
    for name in MAPPED:
        expected = pd.Series([row[name] for row in rows_of_all_kinds()]).to_numpy()
        if write is write_parquet and name == "float":
            expected = expected.astype(np.float32)
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize("write", [write_parquet, write_json_lines, write_csv_gz])
def test_two_files_are_joined_where_they_are_mapped(tmp_path, write):
    source = write(tmp_path, rows_of_all_kinds())
    (name,) = source.files
    shutil.copy(tmp_path / name, tmp_path / f"b{name}")
    twice = type(source)((name, f"b{name}"))
    bounded, free = (read_source_table(twice, tmp_path, memory=m) for m in (LITTLE, None))
    assert bounded.rows == free.rows == 2 * ROWS
    for name in MAPPED:
        np.testing.assert_array_equal(bounded.columns[name], free.columns[name])
        assert is_mapped(bounded.columns[name])


def test_a_file_of_blank_lines_is_told_as_without_a_bound(tmp_path):
    (tmp_path / "a.jsonl").write_text("\n" * 4000)
    said = []
    for memory in (None, LITTLE):
        with pytest.raises(StepError) as refused:
            read_source_table(JsonLinesSource(("a.jsonl",)), tmp_path, memory=memory)
        said.append(str(refused.value))
    assert said[0] == said[1]
    assert "the source has no rows" in said[0]


def test_json_on_several_lines_and_broken_json_are_read_or_told_as_without_a_bound(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1,\n "b": 2}\n' * 400)
    found = read_source_table(JsonLinesSource(("a.jsonl",)), tmp_path, memory=LITTLE)
    assert found.columns["b"].tolist() == [2] * 400
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n' * 400 + '{"a": "x"}\n')
    told = []
    for memory in (LITTLE, None):
        with pytest.raises(StepError) as caught:
            read_source_table(JsonLinesSource(("a.jsonl",)), tmp_path, memory=memory)
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert "changed from number to string" in told[0]


def test_a_packed_file_that_is_cut_off_is_told(tmp_path):
    source = write_csv_gz(tmp_path, rows_of_all_kinds())
    content = (tmp_path / "a.csv.gz").read_bytes()
    for damaged in (content[:-40], content[:200] + b"\xff" * 50 + content[250:]):
        (tmp_path / "a.csv.gz").write_bytes(damaged)
        for memory in (LITTLE, None):
            with pytest.raises(StepError, match="is not a whole gzip file"):
                read_source_table(source, tmp_path, memory=memory)


def test_rows_of_a_packed_file_are_found_in_their_lines(tmp_path):
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write("a,b\n" + "1,2\n" * 300)
    table = read_source_table(CsvSource(("a.csv.gz",)), tmp_path, memory=LITTLE)
    assert str(table.place_of(7)) == "line 9 of `a.csv.gz`"


COLUMNS, MANY = 60, 200_000
_READ = """
    import re, sys
    from pathlib import Path
    from dlspec.language.features import ClassFeature, VectorFeature
    from dlspec.language.row_splits import FractionSplit
    from dlspec.language.sections import Data
    from dlspec.language.sources import *
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset

    names = tuple(f"x{n}" for n in range(COLUMNS))
    inputs = {"x": VectorFeature(names, standardize=True)}
    split = FractionSplit(0.1, 0.1, seed=1)
    data = Data(eval(sys.argv[1]), inputs, {"y": ClassFeature("y", 3)}, split)
    prepare_dataset(data, base=Path(), memory=4_000_000)
    print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
    """


def _peak_mb(folder, source):
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(map(str, (root, root / "pipelines")))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_READ).replace("COLUMNS", str(COLUMNS)), source],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "DLSPEC_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1000


def _write_numbers(folder, rows, kind):
    folder.mkdir()
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(rows, COLUMNS)), columns=[f"x{n}" for n in range(60)])
    frame["y"] = draw.integers(0, 3, rows)
    match kind:
        case "parquet":
            frame.to_parquet(folder / "a.parquet")
        case "json_lines":
            frame.round(3).to_json(folder / "a.jsonl", orient="records", lines=True)
        case "csv":
            frame.round(3).to_csv(folder / "a.csv.gz", index=False)
        case "sql":
            with sqlite3.connect(folder / "a.db") as database:
                frame.to_sql("t", database, index=False)
            database.close()


NAMED = {
    "parquet": 'ParquetSource(("a.parquet",))',
    "json_lines": 'JsonLinesSource(("a.jsonl",))',
    "csv": 'CsvSource(("a.csv.gz",))',
    "sql": 'SqlSource("SELECT * FROM t", "sqlite:///a.db")',
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMED)
def test_reading_holds_nothing_of_the_size_of_the_table(tmp_path, kind):
    _write_numbers(tmp_path / "few", 500, kind)
    _write_numbers(tmp_path / "many", MANY, kind)
    few, many = (_peak_mb(tmp_path / name, NAMED[kind]) for name in ("few", "many"))
    assert many - few < MANY * COLUMNS * 8 / 10**6
