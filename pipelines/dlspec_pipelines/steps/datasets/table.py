"""A table: columns of one source as arrays, and the errors that name a column, a row, a value."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.suggest import suggest
from dlspec_pipelines.steps.step_errors import StepError

Array = NDArray[Any]
Rows = NDArray[np.int64]
# Gives the line, from 1, in which each row of a file begins; None where that cannot be told.
LineFinder = Callable[[], Rows | None]


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands in its source.

    Attributes:
        file: The name of its file; "" where the source has none.
        row: Its number within the file, from 0.
        line: The line in which it begins, from 1, the header and quoted line breaks counted; None
            where a file has no lines.
        is_file: Whether the row is that file, as in a folder of a file for each row.
    """

    file: str
    row: int
    line: int | None = None
    is_file: bool = False

    def __str__(self) -> str:
        """Return the words of an error."""
        if self.is_file:
            return f"file `{self.file}`"
        if self.line is not None:
            return f"line {self.line} of `{self.file}`"
        return f"row {self.row}" + (f" of `{self.file}`" if self.file else "")


def row_without_file(row: int) -> RowPlace:
    """Return the place of a row whose source has no files."""
    return RowPlace("", row)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of a source; the first axis of each counts the rows, from 0.

    A column is numeric, boolean, of dates (datetime64), or of objects: texts, None where a value
    is missing, or one array per row. `given_test` marks the source's own test rows; `files` holds
    each file or folder that was read and how many rows it gave, in their order, where the source
    has files. `left_out` names the files of a folder that could not be read and gave no row;
    `lines` finds for a file of lines where each of its rows begins; `memory` is how many bytes
    what is made of the rows may take, None for any number.
    """

    columns: Mapping[str, Array]
    given_test: NDArray[np.bool_] | None = None
    files: tuple[tuple[Path, int], ...] = ()
    left_out: tuple[str, ...] = ()
    lines: Mapping[Path, LineFinder] = field(default_factory=dict)
    memory: int | None = None

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return next((len(column) for column in self.columns.values()), 0)

    def roots(self) -> Iterator[Path]:
        """Yield for each row the folder in which names of files begin that stand in it."""
        if not self.files:
            yield from [Path()] * self.rows
        for file, rows in self.files:
            yield from [file if file.is_dir() else file.parent] * rows

    def place_of(self, row: int) -> RowPlace:
        """Return where a row stands; in a folder of files, which file it is."""
        file, start = self._file_and_start(row)
        if file is None:
            return RowPlace("", row)
        if file.is_dir() and "file" in self.columns:
            return RowPlace(str(self.columns["file"][row]), row - start, is_file=True)
        find = self.lines.get(file)
        lines = None if find is None else find()
        line = None if lines is None else int(lines[row - start])
        return RowPlace(file.name, row - start, line)

    def _file_and_start(self, row: int) -> tuple[Path | None, int]:
        start = 0
        for file, rows in self.files:
            if row < start + rows:
                return file, start
            start += rows
        return None, 0


def require_columns(table: Table, names: Iterable[str]) -> None:
    """Check that every column of `names` is there.

    Raises:
        StepError: If one is not; it names all that are missing.
    """
    missing = [name for name in dict.fromkeys(names) if name not in table.columns]
    if not missing:
        return
    near = [(name, suggest(name, table.columns)) for name in missing]
    hints = [f"`{known}` for `{name}`" for name, known in near if known is not None]
    word = "column" if len(missing) == 1 else "columns"
    raise StepError(
        f"the source has no {word} {_quoted_column_names(missing)}",
        code=Code.COLUMN_NOT_FOUND.value,
        help="write " + " and ".join(hints)
        if hints
        else f"it has {_quoted_column_names(table.columns)}",
    )


def _quoted_column_names(names: Iterable[str], *, most: int = 12) -> str:
    quoted = [f"`{name}`" for name in names]
    rest = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {rest} more" if rest > 0 else "")


def types_in(column: Array) -> frozenset[type]:
    """Return the types of a column of objects; of any other column none."""
    return frozenset(map(type, column.flat)) if column.dtype == np.object_ else frozenset()


def holds_arrays(column: Array) -> bool:
    """Return whether the rows of a column of objects are arrays, lists or mappings."""
    return bool(types_in(column) & {np.ndarray, list, dict})


def single_column(name: str, column: Array) -> Array:
    """Return a column of one value per row; dates become text.

    Raises:
        StepError: If a row holds an array (DL613).
    """
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim != 1 or holds_arrays(column) or column.dtype.kind not in "iufbOM":
        raise unpreparable_data(f"column `{name}` does not hold one plain value per row")
    if column.dtype.kind != "M":
        return column
    texts = np.array(np.datetime_as_string(column), dtype=np.object_)
    texts[np.isnat(column)] = None
    return texts


def unreadable_source(message: str, *, help: str | None = None) -> StepError:
    """Return the error for a source that cannot be read."""
    return StepError(message, code=Code.SOURCE_NOT_READABLE.value, help=help)


def unpreparable_data(message: str, *, help: str | None = None) -> StepError:
    """Return the error for data that does not become what its feature says."""
    return StepError(message, code=Code.NOT_PREPARABLE.value, help=help)


class RefusedRows(StepError):  # noqa: N818 - the sentence a person reads says it
    """Rows that a feature cannot take.

    Attributes:
        column: Their column.
        rows: Each row in the table, and what is wrong with it.
    """

    def __init__(
        self, column: str, rows: Sequence[tuple[int, str]], message: str, *, help: str | None
    ) -> None:
        super().__init__(message, code=Code.NOT_PREPARABLE.value, help=help)
        self.column = column
        self.rows = tuple(rows)


class RefusedValue(RefusedRows):
    """One value of one row that a feature cannot take."""

    def __init__(self, column: str, row: int, what: str, *, help: str | None) -> None:
        super().__init__(column, [(row, what)], f"column `{column}`, row {row}: {what}", help=help)


def with_place_of_row(error: RefusedRows, table: Table) -> RefusedRows:
    """Return the same error with the file that its row was read from, and the line or row there."""
    if not table.files or not isinstance(error, RefusedValue):
        return error
    ((row, what),) = error.rows
    message = f"column `{error.column}`, {table.place_of(row)}: {what}"
    return RefusedRows(error.column, error.rows, message, help=error.help)


def refused_value(
    column: str, row: int, value: object, why: str, *, help: str | None = None
) -> RefusedValue:
    """Return the error for one value of one row that a feature cannot take."""
    return RefusedValue(column, row, f"{shown_value(value)} {why}", help=help)


def shown_value(value: object) -> str:
    """Return a value as an error text shows it: on one line, not too long, in backticks."""
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None:
        return "a missing value"
    text = str(plain).replace("\n", " ").replace("`", "'")
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"
