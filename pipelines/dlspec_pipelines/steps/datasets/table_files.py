"""What the readers of files share: where files are, what they hold, how they join."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from dlspec.language.sources import FileSource
from dlspec_pipelines.steps.datasets.downloads import is_url, local_copy_of_url
from dlspec_pipelines.steps.datasets.file_places import places_of_name
from dlspec_pipelines.steps.datasets.source_digests import digest_of_source_file
from dlspec_pipelines.steps.datasets.spooled_arrays import joined_arrays
from dlspec_pipelines.steps.datasets.table import (
    Array,
    LineFinder,
    Rows,
    Table,
    unreadable_source,
)


def paths_of(source: FileSource, base: Path) -> tuple[Path, ...]:
    """Return the files of a source, each looked up beside the spec, then in $DLSPEC_DATA.

    Raises:
        StepError: If a file is at neither place.
    """
    return tuple(locate_source_file(name, base) for name in source.files)


def locate_source_file(name: str, base: Path) -> Path:
    """Return where a file is that a spec names: beside the spec, else in $DLSPEC_DATA.

    Of a URL it is the copy, which is downloaded first where that must be.

    Raises:
        StepError: If it is at neither place (DL610).
    """
    if is_url(name):
        return local_copy_of_url(name)
    tried = places_of_name(name, base)
    for path in tried:
        try:
            if path.is_file():
                return path
        except PermissionError as error:
            raise file_not_opened_error(path, error) from error
    places = " and ".join(f"`{path}`" for path in tried)
    unset = " (DLSPEC_DATA is not set)" if "DLSPEC_DATA" not in os.environ else ""
    raise unreadable_source(
        f"there is no file `{name}`: looked at {places}{unset}",
        help="write a path relative to the spec, or let DLSPEC_DATA name the folder of the data",
    )


def hash_of_files(source: FileSource, base: Path) -> str:
    """Return the SHA-256 of a source's files, in the order of the spec."""
    whole = hashlib.sha256()
    for path in paths_of(source, base):
        try:
            whole.update(bytes.fromhex(digest_of_source_file(path)))
        except OSError as error:
            raise file_not_opened_error(path, error) from error
    return whole.hexdigest()


def file_not_opened_error(path: Path, error: OSError) -> Exception:
    """Return the error for a file that the system does not open."""
    denied = isinstance(error, PermissionError)
    return unreadable_source(
        f"`{path}` cannot be opened: {error.strerror or error}",
        help="let its owner give you the right to read it, and to enter its folders: `chmod a+rX`"
        if denied
        else None,
    )


@contextmanager
def read_errors_of_arrow(path: Path, kind: str) -> Iterator[None]:
    """Turn what pyarrow cannot read of a file into a `StepError` (DL610).

    Args:
        kind: What the file should be.
    """
    try:
        yield
    except pa.ArrowException as error:
        raise unreadable_source(f"`{path}` cannot be read as {kind}: {error}") from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error
    finally:
        # Else pyarrow keeps what it read in for what it may read next.
        pa.default_memory_pool().release_unused()


def stacked_file_table(
    parts: Mapping[Path, dict[str, Array]],
    *,
    lines: Mapping[Path, LineFinder] | None = None,
    memory: int | None = None,
) -> Table:
    """Return the columns of some files under one another, and which rows each file gave.

    Args:
        lines: What finds in files of lines where each row begins.
        memory: What data may take; None for any number of bytes.

    Raises:
        StepError: If their columns do not fit.
    """
    (first, columns), *others = parts.items()
    for path, more in others:
        lacking = [f"lacks `{name}`" for name in columns if name not in more]
        own = [f"has `{name}`" for name in more if name not in columns]
        if lacking or own:
            told = " and ".join([*lacking[:1], *own[:1]])
            raise unreadable_source(
                f"`{path}` has other columns than `{first}`: it {told}",
                help="give all files of a source the same columns",
            )
    if others:
        columns = {
            name: joined_column_pieces(name, [part[name] for part in parts.values()], memory)
            for name in columns
        }
    files = tuple((path, Table(part).rows) for path, part in parts.items())
    return Table(columns, files=files, lines=lines or {})


def row_lines_of_text(path: Path, *, first: int, rows: int) -> Rows | None:
    """Return where rows begin that are the lines of a file from `first` on, blank ones left out.

    Args:
        first: From 0.
        rows: How many rows were read.
    """
    with path.open("rb") as file:
        found = [n for n, line in enumerate(file, 1) if n > first and line.strip()]
    return np.array(found, dtype=np.int64) if len(found) == rows else None


def joined_column_pieces(name: str, pieces: list[Array], memory: int | None = None) -> Array:
    """Return the values of a column from several files, under one another.

    Args:
        memory: What data may take; None for any number of bytes.

    Raises:
        StepError: If their rows have other shapes.
    """
    kinds = {"text" if piece.dtype == np.object_ else "number" for piece in pieces}
    shapes = {piece.shape[1:] for piece in pieces}
    if len(shapes) > 1:
        raise unreadable_source(f"column `{name}` holds arrays of other shapes in other files")
    if len(kinds) > 1:
        return np.concatenate([piece.astype(np.object_) for piece in pieces])
    return joined_arrays(pieces, memory)


def with_test_rows(arrays: Mapping[str, Array], where: str, *, memory: int | None = None) -> Table:
    """Return `x_train`, `x_test`, ... as columns `x`, ...: training rows first, test rows marked.

    Args:
        memory: What data may take; None for any number of bytes.

    Raises:
        StepError: If a half is missing or the halves do not fit.
    """
    names = list(dict.fromkeys(name.rpartition("_")[0] for name in arrays))
    columns, given = {}, None
    for name in names:
        halves = [arrays.get(f"{name}_train"), arrays.get(f"{name}_test")]
        train, test = halves
        if train is None or test is None:
            raise unreadable_source(f"`{where}` has only one of `{name}_train` and `{name}_test`")
        marks = np.repeat([False, True], [len(train), len(test)])
        if train.shape[1:] != test.shape[1:] or (given is not None and given.shape != marks.shape):
            raise unreadable_source(
                f"`{name}_train` and `{name}_test` of `{where}` do not fit together"
            )
        columns[name], given = joined_arrays([train, test], memory), marks
    return Table(columns, given)
