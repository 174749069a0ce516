"""Delimited files as pyarrow reads them, which is as pandas does, or not at all."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets.csv_by_arrow import csv_columns_by_arrow, file_for_arrow
from dlspec_pipelines.steps.datasets.read_source import read_source_table

CELLS = (
    *("", "?", " ", "1", "-7", "007", "+5", "1.5", "+1.5", ".5", "5.", "1e5", "1E-3", "-0", "-0.0"),
    *("0x1f", "1_000", "9223372036854775807", "9223372036854775808", "1e400", "inf", "nan", "NaN"),
    *(" 2", "2 ", "1,5", "true", "True", "FALSE", "yes", "a", "é", "2024-01-31", "12:30", "NA"),
    *('"1"', '"a,b"', '""', '"a\nb"', '"say ""hi"""', "it's", "1.7976931348623157e308", "0.1"),
)
# With `memory` 8 every column of numbers is mapped from a file.
MEMORY = (None, 8)


@pytest.fixture(autouse=True)
def _home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path_factory.mktemp("home")))


def by_arrow(path, source, names, *, text=(), memory=None):
    file = file_for_arrow(path, source, ",", names)
    return None if file is None else csv_columns_by_arrow(file, text, memory=memory)


def by_pandas(path, names, **said):
    frame = pd.read_csv(
        path,
        names=names,
        header=0,
        index_col=False,
        keep_default_na=False,
        na_values=["", "?"],
        low_memory=False,
        **said,
    )
    return {name: frame[name] for name in names}


def assert_alike(found, expected):
    assert list(found) == list(expected)
    for name, series in expected.items():
        if series.dtype.kind in "iufb":
            assert found[name].dtype == series.dtype
            np.testing.assert_array_equal(found[name], series.to_numpy())
        else:
            missing = series.isna().to_numpy()
            assert [value is None for value in found[name]] == missing.tolist()
            assert found[name][~missing].tolist() == series[~missing].tolist()


@pytest.mark.parametrize("memory", MEMORY)
@given(st.data())
def test_any_table_is_read_as_pandas_reads_it_or_left_to_it(tmp_path_factory, memory, data):
    kinds = data.draw(st.lists(st.sets(st.sampled_from(CELLS), min_size=1), min_size=2, max_size=3))
    rows = data.draw(st.integers(1, 5))
    cells = [[data.draw(st.sampled_from(sorted(kind))) for kind in kinds] for _ in range(rows)]
    names = [f"c{number}" for number in range(len(kinds))]
    path = tmp_path_factory.getbasetemp() / "any.csv"
    lines = [",".join(row) for row in [names, *cells]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = by_arrow(path, CsvSource(("any.csv",), missing=("?",)), names, memory=memory)
    if found is not None:
        assert_alike(found, by_pandas(path, names))


@pytest.mark.parametrize("memory", MEMORY)
def test_a_plain_table_is_not_left_to_pandas(tmp_path, memory):
    draw, path = np.random.default_rng(0), tmp_path / "a.csv"
    frame = pd.DataFrame(
        {
            "whole": draw.integers(-(2**62), 2**62, 60_000),
            "gaps": pd.array(draw.integers(0, 9, 60_000), dtype="Int64"),
            "fraction": draw.normal(size=60_000) * 10.0 ** draw.integers(-20, 20, 60_000),
            "word": draw.choice(["red", "say 'hi', he said", "", "2024-01-31"], 60_000),
            "flag": draw.integers(0, 2, 60_000) == 1,
        }
    )
    frame.loc[::7, "gaps"] = pd.NA
    # Not in the first block, by which the kinds of columns are guessed.
    frame["late"] = np.where(np.arange(60_000) == 59_000, 0.25, 3.0)
    frame["late"] = frame["late"].astype(object).where(frame["late"] != 3.0, 3)
    frame.to_csv(path, index=False)
    assert path.stat().st_size > 2 * 2**20
    found = by_arrow(path, CsvSource(("a.csv",)), frame.columns, memory=memory)
    assert found is not None
    assert_alike(found, by_pandas(path, list(frame.columns)))
    assert np.array_equal(found["fraction"], frame["fraction"])


@pytest.mark.parametrize("memory", MEMORY)
def test_a_column_said_to_be_text_stays_as_it_is_written(tmp_path, memory):
    (tmp_path / "a.csv").write_text("zip,n\n007,1\n010,2\n,3\n")
    table = read_source_table(
        CsvSource(("a.csv",), text=("zip",)), tmp_path, text_columns=("zip",), memory=memory
    )
    assert table.columns["zip"].tolist() == ["007", "010", None]
    assert table.columns["n"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("memory", MEMORY)
def test_files_are_joined_where_they_are_mapped(tmp_path, memory):
    (tmp_path / "a.csv").write_text("n,w\n1,a\n2,b\n")
    (tmp_path / "b.csv").write_text("n,w\n2.5,c\n,a\n")
    table = read_source_table(CsvSource(("a.csv", "b.csv")), tmp_path, memory=memory)
    np.testing.assert_array_equal(table.columns["n"], [1, 2, 2.5, np.nan])
    assert table.columns["w"].tolist() == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n1,2,3\n", "rows of several lengths"),
        ('a,b\n1,"x\n2,y\n', "an open quote"),
        ("a\n1\n", "a single column"),
        ("a,b\n0x1f,2\n", "hexadecimals"),
        ("a,b\nnan,2\n", "a text that is a number to pyarrow"),
        ("a,b\n18446744073709551615,2\n", "unsigned numbers"),
        ("", "an empty file"),
    ],
)
def test_what_pandas_tells_of_or_reads_otherwise_is_left_to_it(tmp_path, text, why):
    path = tmp_path / "a.csv"
    path.write_text(text)
    names = ["a"] if why == "a single column" else ["a", "b"]
    assert by_arrow(path, CsvSource(("a.csv",)), names) is None
