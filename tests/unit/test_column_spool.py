"""Columns that come in pieces: each whole, in one file that nobody can write to."""

import numpy as np
import pytest

from dlspec_pipelines.steps.datasets.column_spool import ColumnSpool, RowKind

pytestmark = pytest.mark.usefixtures("home")

KINDS = {"n": RowKind(np.dtype(np.int64)), "v": RowKind(np.dtype(np.float32), (3,))}


def test_pieces_become_whole_columns_that_cannot_be_written(home):
    # More than a page of each, and pieces of other types.
    numbers, vectors = np.arange(5000), np.arange(15000.0).reshape(5000, 3)
    spool = ColumnSpool(KINDS, most_rows=6000)
    for start in range(0, 5000, 700):
        spool.add_piece("n", numbers[start : start + 700].astype(np.int16))
        spool.add_piece("v", vectors[start : start + 700])
    columns = spool.columns()
    np.testing.assert_array_equal(columns["n"], numbers)
    np.testing.assert_array_equal(columns["v"], vectors)
    assert {name: (one.dtype, one.shape) for name, one in columns.items()} == {
        "n": (np.int64, (5000,)),
        "v": (np.float32, (5000, 3)),
    }
    for column in columns.values():
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1
    # The file has no name, and is closed.
    assert list((home / "work").iterdir()) == []
    with pytest.raises(ValueError, match="closed file"):
        spool.add_piece("n", numbers)


def test_without_rows_the_columns_are_empty_and_the_file_is_closed():
    spool = ColumnSpool(KINDS, most_rows=10)
    spool.add_piece("n", np.zeros(0, np.int64))
    columns = spool.columns()
    assert {name: (one.dtype, one.shape) for name, one in columns.items()} == {
        "n": (np.int64, (0,)),
        "v": (np.float32, (0, 3)),
    }
    with pytest.raises(ValueError, match="closed file"):
        spool.add_piece("n", np.arange(2))


def test_what_is_forgotten_takes_no_more_pieces():
    spool = ColumnSpool(KINDS, most_rows=10)
    spool.add_piece("n", np.arange(2))
    spool.close()
    spool.close()
    with pytest.raises(ValueError, match="closed file"):
        spool.add_piece("n", np.arange(2))
