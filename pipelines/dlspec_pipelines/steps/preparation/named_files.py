"""Files that a column names: where they are, what they hold, and which of them are refused."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from dlspec.diagnostics.counts import agreed, counted
from dlspec_pipelines.steps.datasets.file_decoding import BadFile, decode_all_files
from dlspec_pipelines.steps.datasets.source_digests import digests_of_source_files
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedRows,
    Table,
    shown_value,
    types_in,
)
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error

# So many of the files that are refused are named.
_SHOWN = 10


def names_files(column: Array) -> bool:
    """Return whether a column holds texts, which are then names of files."""
    return column.dtype.kind == "U" or str in types_in(column)


def named_file_paths(name: str, table: Table) -> list[Path]:
    """Return the files that a column names, relative to the file or folder that gave the row.

    Raises:
        StepError: If values are missing or no text, or name no file (DL613), or one in a folder
            that cannot be entered (DL610).
    """
    paths, bad = [], []
    for row, (value, root) in enumerate(
        zip(table.columns[name].tolist(), table.roots(), strict=True)
    ):
        path = Path() if not isinstance(value, str) else root / value
        paths.append(path)
        if not isinstance(value, str):
            bad.append(BadFile(row, f"{shown_value(value)} names no file", None))
        elif not _is_file(path):
            why = f"there is no file `{value}`: looked at `{path}`"
            bad.append(BadFile(row, why, "write paths relative to the table's own folder"))
    if bad:
        raise _refused_files(name, table, bad)
    return paths


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError as error:
        raise file_not_opened_error(path, error) from error


def digest_of_named_files(name: str, table: Table) -> str:
    """Return the SHA-256 of the files that a column names, in the order of the rows.

    Raises:
        StepError: If one is not there (DL613), or cannot be opened (DL610).
    """
    return hashlib.sha256(b"".join(digests_of_named_files(name, table))).hexdigest()


def digests_of_named_files(name: str, table: Table) -> list[bytes]:
    """Return the SHA-256 of each file that a column names.

    Raises:
        StepError: If one is not there (DL613), or cannot be opened (DL610).
    """
    try:
        paths = named_file_paths(name, table)
        root = table.files[0][0] if table.files else Path.cwd()
        return digests_of_source_files(root, paths)
    except OSError as error:
        raise file_not_opened_error(Path(error.filename), error) from error


def decode_named_files(name: str, table: Table, decode: Callable[[int, Path], None]) -> None:
    """Call `decode` with the row and the path of each file that a column names, on all cores.

    Raises:
        StepError: If files are missing, or refused by `decode`; it names all, up to ten (DL613).
    """
    bad = decode_all_files(named_file_paths(name, table), decode)
    if bad:
        raise _refused_files(name, table, bad)


def _refused_files(name: str, table: Table, bad: Sequence[BadFile]) -> Exception:
    first = bad[0]
    told = [f"{table.place_of(one.position)}: {one.why}" for one in bad[:_SHOWN]]
    help = next((one.help for one in bad if one.help), None)
    if help is None and any(file.is_dir() for file, _ in table.files):
        help = "mend or remove them, or leave them out by `unreadable: skip` beside the folder"
    rows = [(one.position, one.why) for one in bad]
    if len(bad) == 1:
        message = f"column `{name}`, {table.place_of(first.position)}: {first.why}"
        return RefusedRows(name, rows, message, help=help)
    more = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    of = f"{len(bad):,} of {counted(table.rows, 'file')}"
    head = f"column `{name}`: {of} {agreed(len(bad), 'are')} refused"
    return RefusedRows(name, rows, "\n  ".join([head, *told, *more]), help=help)
