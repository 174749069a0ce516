"""Rows in which a check fails: as a table, in a file to open, and as JSON."""

import json

import numpy as np
import pytest

from dlspec_pipelines.steps.datasets.failing_rows import (
    FailingRow,
    failing_row_from_json,
    failing_rows_table,
    keep_failing_rows,
    value_text,
    with_kept_rows,
)
from dlspec_pipelines.steps.datasets.table import (
    RefusedRows,
    RowPlace,
    Table,
    refused_value,
    shown_value,
)

IN_LINE = FailingRow(RowPlace("a.csv", 3, 5), "n", "7", "in_range [0, 5]")
IN_ROW = FailingRow(RowPlace("", 4), "m", "", "not | missing", "warning")
A_FILE = FailingRow(RowPlace("x/1.png", 0, is_file=True), "f", "3", "one `c`")


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (
            [IN_LINE],
            [
                "| file | line | column | value | check |",
                "| a.csv | 5 | n | `7` | in_range [0, 5] |",
            ],
        ),
        (
            [IN_ROW],
            ["| row | column | value | check |", "| 4 | m | a missing value | not \\| missing |"],
        ),
        ([A_FILE], ["| file | column | value | check |", "| x/1.png | f | `3` | one `c` |"]),
        (
            [IN_LINE, IN_ROW],
            [
                "| file | row | column | value | check |",
                "| a.csv | 3 | n | `7` | in_range [0, 5] |",
                "|  | 4 | m | a missing value | not \\| missing |",
            ],
        ),
        (
            [IN_LINE, A_FILE],
            [
                "| file | row | column | value | check |",
                "| a.csv | 3 | n | `7` | in_range [0, 5] |",
                "| x/1.png | 0 | f | `3` | one `c` |",
            ],
        ),
    ],
)
def test_failing_rows_are_told_by_what_they_all_have(rows, lines):
    head, rule, *found = failing_rows_table(rows).splitlines()
    assert [head, *found] == lines
    assert rule == "|---" * (head.count("|") - 1) + "|"


def test_failing_rows_are_kept_as_a_table_and_read_again(tmp_path):
    path = keep_failing_rows(tmp_path, [IN_LINE, IN_ROW, A_FILE])
    assert path == tmp_path / "failing_rows.csv"
    assert path.read_text().splitlines() == [
        "severity,file,line,row,column,value,check",
        'error,a.csv,5,3,n,7,"in_range [0, 5]"',
        "warning,,,4,m,,not | missing",
        "error,x/1.png,,0,f,3,one `c`",
    ]
    for row in (IN_LINE, IN_ROW, A_FILE):
        assert failing_row_from_json(json.loads(json.dumps(row.to_json()))) == row


def test_a_value_is_shown_on_one_line_and_not_too_long():
    assert [value_text(v) for v in (None, np.nan, np.float32("nan"), np.datetime64("NaT"))] == [
        "",
        "",
        "",
        "",
    ]
    assert [value_text(v) for v in ("a\nb", np.float64(0.5), 7, "x" * 200)] == [
        "a b",
        "0.5",
        "7",
        "x" * 200,
    ]
    assert value_text("x" * 201) == "x" * 197 + "..."
    assert shown_value(None) == shown_value(np.datetime64("NaT")) == "a missing value"
    assert shown_value("a\n`b`") == "`a 'b'`"
    assert shown_value("x" * 60) == f"`{'x' * 60}`"
    assert shown_value("x" * 61) == f"`{'x' * 57}...`"
    assert shown_value(np.int64(3)) == "`3`"


def test_refused_rows_are_kept_with_their_places(tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n2\n")
    table = Table({"n": np.arange(2)}, files=((tmp_path / "a.csv", 2),))
    error = with_kept_rows(
        refused_value("n", 1, "x", "is no number", help="mend it"), table, tmp_path
    )
    kept = tmp_path / "failing_rows.csv"
    assert (error.message, error.help, error.code) == (
        "column `n`, row 1 of `a.csv`: `x` is no number",
        f"mend it; all failing rows stand in `{kept}`",
        "DL613",
    )
    assert error.kept == kept
    assert error.table.splitlines()[-1] == "| a.csv | 1 | n | `1` | `x` is no number |"
    many = [(row % 2, f"why {row}") for row in range(12)]
    error = with_kept_rows(RefusedRows("n", many, "twelve rows", help=None), table, tmp_path)
    assert (error.message, error.help) == ("twelve rows", f"all failing rows stand in `{kept}`")
    assert len(error.table.splitlines()) == 2 + 10
    assert len(kept.read_text().splitlines()) == 1 + 12
