"""What is said of tables: of files that do not fit together, URLs, databases, contracts, strata."""

import sqlite3
from collections import Counter
from urllib.error import URLError

import fsspec
import numpy as np
import pytest
from refusals import objects, told

from dlspec.language.expectations import Expectation
from dlspec.language.features import ClassFeature, NumberFeature, SeriesFeature
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, SqlSource, TextLinesSource
from dlspec_pipelines.steps.datasets import downloads
from dlspec_pipelines.steps.datasets.contract import ContractBroken, validate_contract
from dlspec_pipelines.steps.datasets.databases import DatabaseUrl, _not_opened_error
from dlspec_pipelines.steps.datasets.hygiene import odd_balance, odd_columns
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.sources.csv import _csv_row_lines
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.datasets.table_files import (
    joined_column_pieces,
    row_lines_of_text,
    with_test_rows,
)
from dlspec_pipelines.steps.evaluation.kept_columns import (
    identifying_columns,
    require_kept_columns,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.splits import deal_rows
from dlspec_pipelines.steps.step_errors import WrongUsage

pytestmark = pytest.mark.usefixtures("home", "no_data_folder")


# -- several files -------------------------------------------------------------------------------


def test_halves_of_training_and_test_rows_that_do_not_fit():
    def halves(**arrays):
        return told(with_test_rows, arrays, "a.npz")

    four, two = np.zeros((4, 3)), np.zeros((2, 3))
    for one in ("x_train", "x_test"):
        assert halves(**{one: four}) == ("`a.npz` has only one of `x_train` and `x_test`", None)
    apart = "`{0}_train` and `{0}_test` of `a.npz` do not fit together"
    assert halves(x_train=four, x_test=np.zeros((2, 5))) == (apart.format("x"), None)
    assert halves(x_train=four, x_test=two, y_train=np.zeros(4), y_test=np.zeros(3))[0] == (
        apart.format("y")
    )
    table = with_test_rows({"x_train": four, "x_test": two + 1}, "a.npz")
    assert table.columns["x"].sum(axis=1).tolist() == [0] * 4 + [3] * 2
    assert table.given_test.tolist() == [False] * 4 + [True] * 2


def test_columns_of_several_files():
    assert told(joined_column_pieces, "v", [np.zeros((2, 3)), np.zeros((2, 2))]) == (
        "column `v` holds arrays of other shapes in other files",
        None,
    )
    mixed = joined_column_pieces("v", [np.array([1, 2]), objects("a")])
    assert mixed.tolist() == [1, 2, "a"]
    assert joined_column_pieces("v", [np.array([1]), np.array([2.5])]).tolist() == [1, 2.5]


def test_rows_stand_in_lines_that_are_not_blank(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("head\n\n1\n \n2\n")
    assert row_lines_of_text(path, first=1, rows=2).tolist() == [3, 5]
    assert row_lines_of_text(path, first=0, rows=3).tolist() == [1, 3, 5]
    assert row_lines_of_text(path, first=1, rows=3) is None


def test_headers_of_delimited_files(tmp_path):
    path = tmp_path / "a.csv"

    def read(text, **said):
        path.write_text(text)
        return told(read_source_table, CsvSource(("a.csv",), **said), tmp_path)

    assert read("a, b,c ,d\n1,2,3,4\n") == (
        f"the header of `{path}` has blanks around names: ` b`, `c `",
        "write `strip: true` beside `csv`: blanks are then left out",
    )
    assert read("a,b,b,a\n1,2,3,4\n") == (
        f"`{path}` has the column `a` twice",
        "list the names under `columns` where the file has no header",
    )
    assert read("a, a\n1,2\n", strip=True)[0] == f"`{path}` has the column `a` twice"
    many = ",".join(f" n{number}" for number in range(8))
    assert read(many + "\n" + "1," * 7 + "1\n")[0].endswith("` n4`, ` n5`")


def test_lines_of_delimited_rows_where_they_pair_up(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"x\ny"\n\n2,z\n')

    def lines(rows, **said):
        return _csv_row_lines(path, CsvSource(("a.csv",), **said), rows)

    assert lines(2).tolist() == [2, 5]
    assert lines(3) is None
    assert lines(3, columns=("a", "b")).tolist() == [1, 2, 5]
    assert lines(3, quoting="none").tolist() == [2, 3, 5]
    assert told(read_source_table, CsvSource(("a.csv",), separator="ab"), tmp_path) == (
        "the separator `ab` is not a single character",
        'write one character, such as `separator: ";"` or `separator: "\\t"`',
    )
    assert told(read_source_table, CsvSource(("a.csv",), decimal=","), tmp_path) == (
        "`,` cannot stand both between two fields and before decimals",
        'write another `separator`, such as `separator: ";"`',
    )


def _lines(folder, text_lines, **said):
    return lambda: read_source_table(TextLinesSource(text_lines, **said), folder)


def test_lines_of_texts(tmp_path):
    a, b = tmp_path / "a.txt", tmp_path / "b.txt"
    a.write_text("one\r\ntwo\n\n \n")
    b.write_text("eins\n")
    pair = {"en": "a.txt", "de": "b.txt"}
    assert told(_lines(tmp_path, pair, aligned=True)) == (
        f"`{b}` has 1 line, and `{a}` has 2",
        "give files whose equal lines belong together",
    )
    b.write_text("eins\nzwei\n")
    table = _lines(tmp_path, pair, aligned=True)()
    assert {name: column.tolist() for name, column in table.columns.items()} == {
        "en": ["one", "two"],
        "de": ["eins", "zwei"],
    }
    assert str(table.place_of(1)) == "line 2 of `a.txt`"
    classes = _lines(tmp_path, pair)()
    assert classes.columns["class"].tolist() == ["en", "en", "de", "de"]
    assert str(classes.place_of(3)) == "line 2 of `b.txt`"
    b.write_text("\n")
    assert told(_lines(tmp_path, pair)) == (f"`{b}` is empty", None)


# -- URLs and databases --------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch):
    """Give a store in memory whose files are asked after anew each time."""
    monkeypatch.setattr(downloads, "_FRESH_S", 0.0)
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    return store


def test_urls_of_folders_and_of_files_that_end_early(elsewhere, monkeypatch):
    elsewhere.pipe("/shop/a.csv", b"n\n1\n")
    copy = downloads.local_copy_of_url("memory://shop/a.csv")
    assert (copy.name, copy.read_text()) == ("a.csv", "n\n1\n")
    assert told(downloads.local_copy_of_url, "memory://shop") == (
        "`memory://shop` is a folder",
        "name its files, or download it",
    )
    assert told(downloads.local_copy_of_url, "memory://shop/b.csv") == (
        "there is no file `memory://shop/b.csv`",
        "correct the URL",
    )
    elsewhere.pipe("/shop/long.csv", b"n\n" + b"1\n" * 999)
    monkeypatch.setattr(type(elsewhere), "info", lambda *_: {"size": 4000, "type": "file"})
    assert told(downloads.local_copy_of_url, "memory://shop/long.csv") == (
        "`memory://shop/long.csv` ended after 2,000 of 4,000 bytes",
        "try it again",
    )
    # What cannot be fetched leaves the copy of before.
    assert copy.read_text() == "n\n1\n"


def test_stores_that_refuse_or_do_not_answer(elsewhere, monkeypatch):
    def refusing(error):
        def info(*_):
            raise error

        monkeypatch.setattr(type(elsewhere), "info", info)
        return told(downloads.url_facts, "memory://shop/a.csv")

    assert refusing(PermissionError("no")) == (
        "`memory://shop/a.csv` may not be read",
        "give this machine the credentials of its store",
    )
    assert refusing(TimeoutError("too\nlong")) == (
        "`memory://shop/a.csv` cannot be reached: too",
        "see whether there is a network, or go on when there is one",
    )
    assert refusing(TimeoutError())[0].endswith("cannot be reached: TimeoutError")
    assert refusing(URLError("odd")) == (
        "`memory://shop/a.csv` cannot be read: <urlopen error odd>",
        "correct the URL",
    )
    assert refusing(ValueError("no such word")) == (
        "`memory://shop/a.csv` cannot be read: no such word",
        "write a URL such as `https://host/file.csv` or `s3://bucket/file.csv`",
    )


def _asked(folder, query, url="sqlite:///a.db"):
    return told(read_source_table, SqlSource(query, url), folder)


def test_databases_that_cannot_be_opened(tmp_path, monkeypatch):
    assert _asked(tmp_path, "SELECT 1", "sqlite://") == (
        "`sqlite://` is an empty database in memory",
        "write `sqlite:///` and the name of a file",
    )
    assert _asked(tmp_path, "SELECT 1", "nonesuch://host/x") == (
        "SQLAlchemy knows no database of the kind `nonesuch`",
        "write `sqlite`, `postgresql+psycopg`, `mysql+pymysql`, or install its dialect",
    )
    assert _asked(tmp_path, "SELECT 1", "oracle+cx_oracle://host/x") == (
        "`oracle+cx_oracle://host/x` needs the package `cx_Oracle`, which is not installed",
        "run `pip install cx_Oracle`",
    )
    assert _asked(tmp_path, "SELECT 1", "mysql+mysqldb://host/x")[1] == (
        "run `pip install mysqlclient`"
    )
    assert _asked(tmp_path, "SELECT 1", "mysql://${UNSET_WORD}@host/x") == (
        "`mysql://${UNSET_WORD}@host/x` names the variable `UNSET_WORD`, which is not set",
        "set it where dlspec runs: `export UNSET_WORD=...`",
    )
    monkeypatch.setenv("WHOLE", "no url")
    assert _asked(tmp_path, "SELECT 1", "${WHOLE}") == (
        "`${WHOLE}` is no URL of a database once its variables are in place",
        "write `dialect://user:password@host/database`",
    )
    (tmp_path / "a.db").write_text("no database")
    message, _ = _asked(tmp_path, "SELECT * FROM t")
    assert message == "the query fails: file is not a database"


def test_a_server_that_refuses_is_told_without_the_password():
    url = DatabaseUrl("db://${WORD}@host", "db://sesame@host", (("WORD", "sesame"),), None)
    for error, why in (
        (OSError("no sesame\nsecond line"), "no ${WORD}"),
        (OSError(), "OSError"),
    ):
        refused = _not_opened_error(error, url)
        assert (refused.message, refused.help) == (
            f"`db://${{WORD}}@host` cannot be opened: {why}",
            "see that the server runs, and that user and password are right",
        )


def test_queries_that_fail_name_what_was_meant(tmp_path):
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE houses (size REAL, price REAL)")
        connection.execute("INSERT INTO houses VALUES (1, 2)")
    connection.close()
    assert _asked(tmp_path, "SELECT * FROM huoses") == (
        "the query fails: no such table: huoses",
        "write `houses` for `huoses`",
    )
    assert _asked(tmp_path, "SELECT * FROM orders")[1] == "the database has `houses`"
    assert _asked(tmp_path, "SELECT prise FROM houses") == (
        "the query fails: no such column: prise",
        "write `price` for `prise`",
    )
    assert _asked(tmp_path, "SELECT owner FROM houses")[1] == (
        "the tables of the query have `size`, `price`"
    )
    assert _asked(tmp_path, "SELECT size FROM houses WHERE size > 5") == (
        "the query gives no rows",
        "loosen its `WHERE`, or ask another table",
    )


# -- contracts -----------------------------------------------------------------------------------


def test_a_broken_contract_says_all_ways_on_once(tmp_path):
    table = Table({"a": np.array([1, 9]), "b": np.array([1.0, np.nan])})
    expect = {
        "a": (Expectation(in_range=(0, 5)), Expectation(isin=(1, 2))),
        "b": (Expectation(nullable=False),),
    }
    with pytest.raises(ContractBroken) as caught:
        validate_contract(table, expect, kept=tmp_path)
    kept = tmp_path / "failing_rows.csv"
    assert caught.value.help == (
        f"mend the rows of the table, or change `data.expect`; all failing rows stand in `{kept}`"
    )
    assert caught.value.code == "DL612"
    assert Counter(line.split(",")[0] for line in kept.read_text().splitlines()) == {
        "severity": 1,
        "error": 3,
    }
    assert told(validate_contract, table, {"a": (Expectation(str_matches="("),)}) == (
        "`(` under `expect` is no regular expression: missing ), unterminated subpattern at "
        "position 0",
        "write a backslash before a character that stands for itself",
    )


MIXED = objects(*[1, 2.5, "a", True, None])


@pytest.mark.parametrize(
    ("column", "expectation", "failing"),
    [
        (np.array([1, 2, 2]), Expectation(unique=True), [2]),
        (np.array([1.0, np.nan, np.nan]), Expectation(unique=True), []),
        (np.array([[1, 2], [2, 1], [1, 2]]), Expectation(unique=True), [2]),
        (objects([1, [2]], [1, [3]], [1, [2]]), Expectation(unique=True), [2]),
        (np.array([[1.0, np.nan], [1, 2]]), Expectation(nullable=False), [0]),
        (objects("a", None), Expectation(nullable=False), [1]),
        (np.array([-1, 0, 5, 6]), Expectation(in_range=(0, 5)), [0, 3]),
        (objects("3", "x", None, 9), Expectation(in_range=(0, 5)), [1, 3]),
        (np.array([[0, 9], [1, 2]]), Expectation(in_range=(0, 5)), [0]),
        (objects([[0], [9]], [], None, [1]), Expectation(in_range=(0, 5)), [0]),
        (objects(["a"], [1]), Expectation(in_range=(0, 5)), [0, 1]),
        (objects("a", "b", 1), Expectation(isin=("a", 1)), [1]),
        (objects(["a"], ["a", "b"], []), Expectation(isin=("a",)), [1]),
        (np.array([1.0, 2.5, np.nan]), Expectation(dtype="integer"), [1]),
        (np.array([[1.0, 2.0], [1.5, 2.0]]), Expectation(dtype="integer"), [1]),
        (np.array([1, 2]), Expectation(dtype="integer"), []),
        (np.array([1.5, 2]), Expectation(dtype="number"), []),
        (np.array([True, False]), Expectation(dtype="number"), [0, 1]),
        (np.array([True, False]), Expectation(dtype="boolean"), []),
        (np.array([1, 2]), Expectation(dtype="text"), [0, 1]),
        (MIXED, Expectation(dtype="integer"), [1, 2, 3]),
        (MIXED, Expectation(dtype="number"), [2, 3]),
        (MIXED, Expectation(dtype="text"), [0, 1, 3]),
        (MIXED, Expectation(dtype="boolean"), [0, 1, 2]),
        (objects("ab", "b", None), Expectation(str_matches="a"), [1]),
        (np.array([1, 2]), Expectation(str_matches="a"), [0, 1]),
        (objects(["a"], ["b"]), Expectation(str_matches="a"), [0, 1]),
    ],
)
def test_each_expectation_is_decided_row_by_row(column, expectation, failing):
    warned = Expectation(**{name: getattr(expectation, name) for name in _SAID}, severity="warning")
    verdict = validate_contract(Table({"v": column}), {"v": (warned,)})
    assert [one.place.row for one in verdict.failing] == failing
    assert [one.failed for one in verdict.checked] == [len(failing)]


_SAID = ("nullable", "unique", "in_range", "isin", "str_matches", "dtype")


# -- findings, strata, kept columns --------------------------------------------------------------


def test_odd_columns_are_told_with_what_becomes_of_their_gaps():
    columns = {
        "gap": np.array([1.0, np.nan, 2.0]),
        "nested": np.array([[1.0, np.nan], [1, 2], [3, 4]]),
        "same": objects("x", "x", "x"),
        "lists": objects([1], [1], [1]),
    }
    found = list(odd_columns(Table(columns), [*columns, "gap"], {"gap": "0 stands for each"}))
    assert [(one.kind, one.subject, one.count, one.message) for one in found] == [
        ("missing_values", "gap", 1, "column `gap` misses 1 of 3 values; 0 stands for each"),
        ("missing_values", "nested", 1, "column `nested` misses 1 of 3 values"),
        ("constant_column", "same", 3, "column `same` holds `x` in every row"),
    ]
    assert list(odd_columns(Table({"one": np.array([7])}), ["one"])) == []


def test_odd_balances_are_told():
    counts = {"train": [0, 2, 21], "validation": [0, 0, 0], "test": [1, 0, 0]}
    assert [(one.kind, one.message) for one in odd_balance("c", counts)] == [
        ("absent_class", "target `c` has no train sample of class 0"),
        ("absent_class", "target `c` has no test sample of class 1, 2"),
        ("imbalance", "target `c` has 2 to 21 training samples per class"),
    ]
    assert list(odd_balance("c", {"train": [2, 20]})) == []
    many = {"train": [1, *[0] * 11]}
    (found,) = odd_balance("c", many)
    assert found.message.endswith("of class 1, 2, 3, 4, 5, 6, 7, 8, 9, 10")
    assert found.count == 11


def test_rows_without_a_stratum_are_a_stratum():
    columns = {"n": np.arange(40.0), "c": objects(*["a"] * 20, *[None] * 20)}
    inputs, targets = {"n": NumberFeature("n")}, {"c": ClassFeature("c", ("a",))}
    split = FractionSplit(0.2, 0.2, "c", 1)
    parts = deal_rows(Table(columns), Data(CsvSource(("a.csv",)), inputs, targets, split)).parts
    for rows in parts.values():
        assert {bool(row < 20) for row in rows} == {True, False}


def test_columns_that_stand_beside_predictions():
    fitted = {"x": Fitted(NumberFeature("size"))}
    preparation = Preparation(fitted, {"price": Fitted(NumberFeature("cost"))}, None, "", "", {})
    plain = np.arange(2)
    names = ("id", "size", "cost", "row", "price", "price_time", "price.a", "price_x", "other.a")
    table = Table(dict.fromkeys(names, plain) | {"two": np.eye(2), "lists": objects([1], [2])})
    assert identifying_columns(preparation, table) == ("id", "price_x", "other.a")

    def keeping(*kept):
        with pytest.raises(WrongUsage) as caught:
            require_kept_columns(kept, table, preparation)
        return caught.value.message, caught.value.help

    require_kept_columns(("id", "size", "two"), table, preparation)
    assert keeping("id", "idd") == (
        "`--keep` names `idd`, and the file has no such column",
        "write `id`",
    )
    listed = ", ".join(f"`{name}`" for name in table.columns)
    assert keeping("zzzzzz")[1] == f"it has {listed}"
    for name in ("row", "price", "price_time", "price.a"):
        assert keeping(name) == (
            f"`--keep` names `{name}`, and predictions have a column of that name",
            "leave it out, or give the file's column another name",
        )
    windows = Preparation({"x": Fitted(SeriesFeature(("size",), 2))}, {}, "when", "", "", {})
    timed = Table({"when": plain, "id": plain, "size": plain})
    assert identifying_columns(windows, timed) == ("id",)
