"""The source `sql`: what a query gives, whatever order it comes in, and no word of a secret."""

import json
import os
import sqlite3
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

import dlspec
from dlspec.language.features import CategoryFeature, NumberFeature, VectorFeature
from dlspec.language.row_splits import FractionSplit, GivenSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, SqlSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.sources.sql import digest_of_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import fingerprint_of, prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.step_errors import StepError

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

URL = "sqlite:///houses.db"
QUERY = "SELECT size, rooms, kind, price FROM houses"
FEATURES = {
    "numbers": VectorFeature(("size", "rooms"), standardize=True),
    "kind": CategoryFeature("kind", ("a", "b", "c")),
}
TARGETS = {"price": NumberFeature("price")}
ROWS = [(50.5 + i % 97, 1 + i % 5, "abc"[i % 3], 1000.0 + i) for i in range(120)]
POSTGRES = "DLSPEC_TEST_POSTGRES"


def _write_houses(folder, rows=ROWS):
    path = folder / "houses.db"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE houses (size REAL, rooms INTEGER, kind TEXT, price REAL)")
        database.executemany("INSERT INTO houses VALUES (?, ?, ?, ?)", rows)
    database.close()
    return path


def _data(query=QUERY, *, url=URL, split=None, test=None):
    split = split or FractionSplit(0.2, 0.2, None, 1)
    return Data(SqlSource(query, url), FEATURES, TARGETS, split, test=test)


def _refusal(folder, query, url=URL):
    with pytest.raises(StepError) as caught:
        read_source_table(SqlSource(query, url), folder)
    assert caught.value.code == "DL610"
    return caught.value


def test_a_query_gives_the_rows_of_the_table(tmp_path):
    _write_houses(tmp_path)
    table = read_source_table(SqlSource(QUERY + " ORDER BY price", URL), tmp_path)
    assert {name: column.dtype.kind for name, column in table.columns.items()} == {
        "size": "f",
        "rooms": "i",
        "kind": "O",
        "price": "f",
    }
    assert list(zip(*table.columns.values(), strict=True)) == ROWS


def test_the_order_in_which_rows_come_is_no_part_of_the_data(tmp_path):
    _write_houses(tmp_path)
    one = prepare_dataset(_data(), base=tmp_path)
    _write_houses(tmp_path, ROWS[::-1])
    assert prepare_dataset(_data(), base=tmp_path) == one
    ordered = _data(QUERY + " ORDER BY price")
    assert fingerprint_of(ordered, tmp_path) != one.fingerprint


def test_one_changed_value_is_a_new_version(tmp_path):
    _write_houses(tmp_path)
    first = fingerprint_of(_data(), tmp_path)
    _write_houses(tmp_path, [*ROWS[:-1], (*ROWS[-1][:3], 999.0)])
    second = fingerprint_of(_data(), tmp_path)
    _write_houses(tmp_path, ROWS + ROWS[:1])
    assert len({first, second, fingerprint_of(_data(), tmp_path)}) == 3


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM t order\n  by a", True),
        ("SELECT a, ROW_NUMBER() OVER (ORDER BY (a)) FROM t", False),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) u", False),
        ("SELECT 'order by' AS a FROM t -- ORDER BY a", False),
        ('SELECT "order by" FROM t /* ORDER BY\n a */', False),
    ],
)
def test_an_order_counts_where_it_is_that_of_the_whole_query(query, ordered):
    assert SqlSource(query, URL).orders_rows is ordered


def test_test_rows_come_from_a_second_query(tmp_path):
    _write_houses(tmp_path)
    data = _data(
        QUERY + " WHERE price < 1100",
        split=GivenSplit("given", 0.2, None, 1),
        test=SqlSource(QUERY + " WHERE price >= 1100", URL),
    )
    dataset = prepare_dataset(data, base=tmp_path)
    assert dataset.rows["test"] == 20
    assert sorted(open_part(dataset, "test").targets["price"][:, 0]) == list(range(1100, 1120))


def test_a_csv_of_the_same_columns_is_prepared_in_the_same_way(tmp_path):
    _write_houses(tmp_path)
    dataset = prepare_dataset(_data(), base=tmp_path)
    preparation = load_preparation(Path(dataset.path))
    table = read_source_table(SqlSource(QUERY, URL), tmp_path)
    pd.DataFrame(dict(table.columns)).to_csv(tmp_path / "new.csv", index=False)
    again = read_source_table(CsvSource(("new.csv",)), tmp_path)
    part, found = open_part(dataset, "train"), apply_preparation(preparation, again)
    for name, values in part.inputs.items():
        np.testing.assert_array_equal(found.inputs[name][part.rows], values)


def test_columns_have_the_types_of_their_values(tmp_path):
    with sqlite3.connect(tmp_path / "houses.db") as database:
        database.execute("CREATE TABLE t (whole, gaps, mixed, words, blank, large)")
        rows = [(1, 1, 1, "x", None, 2**62), (2, None, 2.5, None, None, 3), (3, 3, 7, "y", None, 1)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.close()
    columns = read_source_table(SqlSource("SELECT * FROM t ORDER BY whole", URL), tmp_path).columns
    assert columns["whole"].dtype == np.int64
    np.testing.assert_array_equal(columns["gaps"], [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(columns["mixed"], [1.0, 2.5, 7.0])
    assert columns["words"].tolist() == ["x", None, "y"]
    assert columns["blank"].tolist() == [None, None, None]
    assert columns["large"].tolist() == [2**62, 3, 1]


REFUSED = {
    "SELECT sizes FROM houses": ("no such column: sizes", "write `size` for `sizes`"),
    "SELECT size FROM house": ("no such table: house", "write `houses` for `house`"),
    "SELECT size FROM boats": ("no such table: boats", "the database has `houses`"),
    "SELEC size FROM houses": ("the query fails: near", None),
    "DELETE FROM houses": ("the query changes the database", "write a `SELECT`"),
    "SELECT size FROM houses WHERE size < 0": ("the query gives no rows", "loosen its `WHERE`"),
    "SELECT size, price AS size FROM houses": ("the column `size` twice", "`size AS size_2`"),
}


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_fails_says_why_and_what_to_write(tmp_path, query):
    path = _write_houses(tmp_path)
    content = path.read_bytes()
    error = _refusal(tmp_path, query)
    said, help_ = REFUSED[query]
    assert said in error.message
    assert (help_ or "") in (error.help or "")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("query", "changes"),
    [
        ("SELECT size FROM houses", False),
        ("SELECT replace(kind, 'a', 'b'), (truncate(size, 2)) FROM houses", False),
        ("SELECT 1 -- then\n; drop table houses", True),
        ("SELECT size FROM houses -- ; drop table houses", False),
        ("SELECT '(delete from houses' AS text, \"; update x\" FROM houses", False),
        ("delete  from houses", True),
        ("/* old */ DELETE FROM houses", True),
        ("INSERT OR IGNORE INTO houses VALUES (1)", True),
        ("REPLACE INTO houses VALUES (1)", True),
        ("WITH gone AS (DELETE FROM houses RETURNING size) SELECT size FROM gone", True),
        ("MERGE INTO houses USING sold ON true WHEN MATCHED THEN DELETE", True),
        ("TRUNCATE houses", True),
        ("SELECT drop_date, updated FROM houses WHERE (updated > 1)", False),
    ],
)
def test_a_statement_that_changes_is_told_from_words_that_look_like_it(query, changes):
    assert SqlSource(query, URL).changes_database is changes


def test_bytes_are_refused_by_their_column(tmp_path):
    _write_houses(tmp_path)
    with pytest.raises(StepError, match="column `picture` holds bytes"):
        read_source_table(SqlSource("SELECT x'00ff' AS picture FROM houses", URL), tmp_path)


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    error = _refusal(tmp_path, QUERY, "sqlite:///none.db")
    assert "there is no file `none.db`" in error.message
    assert not (tmp_path / "none.db").exists()


def test_a_file_of_sqlite_may_lie_in_the_folder_of_the_data(tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir()
    _write_houses(tmp_path / "shared")
    monkeypatch.setenv("DLSPEC_DATA", str(tmp_path / "shared"))
    assert read_source_table(SqlSource(QUERY, URL), tmp_path).rows == len(ROWS)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "an empty database in memory"),
        ("nonesuch://host/x", "SQLAlchemy knows no database of the kind `nonesuch`"),
        ("oracle+cx_oracle://host/x", "needs the package `cx_Oracle`, which is not installed"),
        ("postgresql+psycopg://a:${UNSET_WORD}@h/x", "names the variable `UNSET_WORD`"),
    ],
)
def test_a_database_that_cannot_be_opened_says_why(tmp_path, url, said):
    assert said in _refusal(tmp_path, QUERY, url).message


def test_a_variable_may_be_the_whole_url_and_its_value_is_told_nowhere(tmp_path, monkeypatch, home):
    _write_houses(tmp_path)
    monkeypatch.setenv("SECRET_PLACE", "houses")
    secret = "sqlite:///${SECRET_PLACE}.db"
    prepare_dataset(_data(url=secret), base=tmp_path)
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"houses.db" not in kept
    monkeypatch.setenv("SECRET_PLACE", "sesame")
    monkeypatch.setenv("WHOLE", "nonesuch://me:sesame@host/x")
    assert "sesame" not in str(_refusal(tmp_path, QUERY, "${WHOLE}"))
    assert "sesame" not in str(_refusal(tmp_path, QUERY, "${WHOLE}${SECRET_PLACE}"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:sesame@host/x",
        "postgresql://me:${DB}sesame@host/x",
        "mysql://host/x?ssl_password=sesame",
    ],
)
def test_a_password_in_the_text_is_refused_without_being_shown(url):
    text = (
        f"dlspec: 1\nname: x\ndata:\n  source: {{sql: SELECT a FROM t, url: '{url}'}}\n"
        "  inputs: {a: {number: a}}\n  targets: {b: {number: b}}\n"
        "  split: {validation: 0.1, test: 0.1, seed: 1}\n"
        "model:\n  inputs: {a: [1]}\n  graph: [{Dense: 1, name: b}]\n"
    )
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(text)
    assert "a password stands in the text" in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert "sesame" not in json.dumps([repr(d.span.text) for d in caught.value.diagnostics])


@pytest.mark.skipif(POSTGRES not in os.environ, reason=f"{POSTGRES} holds no URL of a server")
def test_postgresql_gives_dates_decimals_and_refuses_to_be_changed(tmp_path, monkeypatch):
    engine = sa.create_engine(os.environ[POSTGRES])
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS dlspec_test")
        connection.exec_driver_sql(
            "CREATE TABLE dlspec_test (n integer, d numeric(8, 2), day date, at timestamp)"
        )
        row = {"n": 1, "d": 2.5, "day": date(2024, 2, 29), "at": datetime(2024, 2, 29, 12)}  # noqa: DTZ001
        connection.execute(sa.text("INSERT INTO dlspec_test VALUES (:n, :d, :day, :at)"), row)
    engine.dispose()
    url = f"${{{POSTGRES}}}"
    columns = read_source_table(SqlSource("SELECT * FROM dlspec_test", url), tmp_path).columns
    assert columns["n"].tolist() == [1]
    assert columns["d"].tolist() == [2.5]
    assert columns["day"].astype(str).tolist() == ["2024-02-29"]
    assert columns["at"].astype(str).tolist() == ["2024-02-29T12:00:00"]
    change = "WITH gone AS (DELETE FROM dlspec_test RETURNING n) SELECT n FROM gone"
    assert "the query changes the database" in _refusal(tmp_path, change, url).message
    assert read_source_table(SqlSource("SELECT * FROM dlspec_test", url), tmp_path).rows == 1
    assert "write `day` for `days`" in str(_refusal(tmp_path, "SELECT days FROM dlspec_test", url))


def test_moments_of_a_database_are_part_of_what_names_its_content():
    def digest(day):
        table = Table({"when": np.array([f"2024-01-{day}", "NaT"], dtype="datetime64[D]")})
        return digest_of_table(table)

    assert digest("05") == digest("05") != digest("06")
