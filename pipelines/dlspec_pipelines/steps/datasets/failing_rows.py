"""Rows in which a check does not hold: as a table for a reader, and whole in a file to open."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dlspec_pipelines.steps.datasets.table import (
    RefusedRows,
    RowPlace,
    Table,
    shown_value,
    with_place_of_row,
)
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import write_whole

# Enough to see a pattern; the count says how many there are.
SHOWN_ROWS = 10
# Of each check: more than anybody mends by hand, and 10 MB of text.
KEPT_ROWS = 100_000
_FILE = "failing_rows.csv"
# A value of a cell beyond this says no more.
_MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class FailingRow:
    """A row in which a check does not hold, where it stands, and the value that it holds there."""

    place: RowPlace
    column: str
    value: str
    check: str
    severity: str = "error"

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON data."""
        check = {"column": self.column, "value": self.value, "check": self.check}
        return {**asdict(self.place), **check, "severity": self.severity}


def failing_row_from_json(said: Mapping[str, Any]) -> FailingRow:
    """Return the record that `to_json` gave."""
    place = RowPlace(said["file"], said["row"], said["line"], is_file=said["is_file"])
    return FailingRow(place, said["column"], said["value"], said["check"], said["severity"])


def value_text(value: object) -> str:
    """Return a value as a failing row shows it: on one line, "" where it is missing."""
    # A moment that is missing is none as a plain value only.
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or (isinstance(plain, float) and math.isnan(plain)):
        return ""
    text = " ".join(str(plain).split("\n"))
    return text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 3] + "..."


def failing_rows_table(rows: Sequence[FailingRow]) -> str:
    """Return rows as a Markdown table: the file where there is one, the line where all have one."""
    files = any(one.place.file for one in rows)
    lines = all(one.place.line is not None for one in rows)
    whole = all(one.place.is_file for one in rows)
    number = () if whole else ("line",) if lines else ("row",)
    names = (*(("file",) if files else ()), *number, "column", "value", "check")
    table = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for one in rows:
        counted = () if whole else (str(one.place.line if lines else one.place.row),)
        value = shown_value(one.value) if one.value else "a missing value"
        cells = (*((one.place.file,) if files else ()), *counted, one.column, value, one.check)
        table.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(table)


def keep_failing_rows(folder: Path, rows: Iterable[FailingRow]) -> Path:
    """Write rows into `failing_rows.csv` of a folder, and return its path."""
    names = ["severity", "file", "line", "row", "column", "value", "check"]
    frame = pd.DataFrame([one.to_json() for one in rows], columns=names)
    path = folder / _FILE
    write_whole(path, frame.astype({"line": "Int64"}).to_csv(index=False))
    return path


def with_kept_rows(error: RefusedRows, table: Table, folder: Path) -> StepError:
    """Return the error of refused rows with their places; all of them stand in a file to open.

    Args:
        folder: Where the file is kept.
    """
    told = with_place_of_row(error, table)
    column = table.columns[error.column]
    rows = [
        FailingRow(table.place_of(row), error.column, value_text(column[row]), what)
        for row, what in error.rows
    ]
    path = keep_failing_rows(folder, rows)
    stand = f"all failing rows stand in `{path}`"
    return StepError(
        told.message,
        code=told.code,
        help=stand if told.help is None else f"{told.help}; {stand}",
        table=failing_rows_table(rows[:SHOWN_ROWS]),
        kept=path,
    )
