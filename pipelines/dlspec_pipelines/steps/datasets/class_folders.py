"""Folders of files -> a table of their names: a folder for each class, or names by a pattern."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.file_names import pattern_columns, pattern_expression
from dlspec.language.sources import FolderSource
from dlspec_pipelines.steps.datasets.downloads import is_url
from dlspec_pipelines.steps.datasets.file_decoding import BadFile, decode_all_files
from dlspec_pipelines.steps.datasets.file_places import places_of_name
from dlspec_pipelines.steps.datasets.folder_files import (
    files_below,
    is_data_name,
)
from dlspec_pipelines.steps.datasets.source_digests import digest_of_source_folder
from dlspec_pipelines.steps.datasets.table import Array, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error

# Sub-folders of these names are parts of the data, not classes.
_PARTS = ("train", "training", "val", "valid", "validation", "test")
# So many of the files whose names say nothing are told.
_SHOWN = 10


def located_folder(name: str, base: Path) -> Path:
    """Return a folder, looked up beside the spec, then in $DLSPEC_DATA.

    Raises:
        StepError: If it is at neither place (DL610).
    """
    if is_url(name):
        raise unreadable_source(
            f"`{name}` is no folder of this machine",
            help="download the folder, and name it by its path; a URL names a single file",
        )
    tried = places_of_name(name, base)
    for path in tried:
        try:
            if path.is_dir():
                return path
        except PermissionError as error:
            raise file_not_opened_error(path, error) from error
    places = " and ".join(f"`{path}`" for path in tried)
    raise unreadable_source(
        f"there is no folder `{name}`: looked at {places}",
        help="write a path relative to the spec, or let DLSPEC_DATA name the folder of the data",
    )


def folder_table(source: FolderSource, base: Path, *, text_columns: Collection[str]) -> Table:
    """Return the files of a folder: `file`, and `class` or what their names hold.

    A file's name is relative to the folder. Where the folder is divided into `train` and so on,
    `part` says which. Values are texts; whole numbers where all of a column are such. Hidden files
    and those of a system's own are none.

    Args:
        text_columns: Whose values stay texts.

    Raises:
        StepError: If it is not there, holds no class folders, or an empty one, or files that are
            not called as `names` says (DL610).
    """
    (name,) = source.files
    folder = located_folder(name, base)
    if source.names is not None:
        return _named_table(folder, source.names, text_columns)
    parts = _part_folders(folder)
    found: list[tuple[str, str, str]] = []
    for part in parts:
        root = folder / part
        for class_folder in _sub_folders(root):
            files = _listed_files(class_folder)
            if not files:
                raise unreadable_source(
                    f"the class folder `{class_folder}` is empty",
                    help="put the files of its class into it, or remove it",
                )
            names = (file.relative_to(folder).as_posix() for file in files)
            found.extend((one, class_folder.name, part) for one in names)
        _require_classes(root, found)
    columns = {"file": _text_column([f for f, _, _ in found])}
    columns["class"] = _value_column([c for _, c, _ in found], words="class" in text_columns)
    if parts == [""]:
        return Table(columns, files=((folder, len(found)),))
    columns["part"] = _text_column([p for _, _, p in found])
    given = columns["part"] == "test" if "test" in parts else None
    return Table(columns, given, files=((folder, len(found)),))


def _named_table(folder: Path, names: str, text_columns: Collection[str]) -> Table:
    """Return the files of a folder with what a pattern makes of their names."""
    files = [file.relative_to(folder) for file in _listed_files(folder)]
    expression = pattern_expression(names)
    matches = [expression.fullmatch(file.with_suffix("").as_posix()) for file in files]
    strange = [file.as_posix() for file, match in zip(files, matches, strict=True) if match is None]
    if strange:
        shown = ", ".join(f"`{name}`" for name in strange[:_SHOWN])
        more = f" and {len(strange) - _SHOWN:,} more" if len(strange) > _SHOWN else ""
        raise unreadable_source(
            f"{len(strange):,} of the {counted(len(files), 'file')} of `{folder}` "
            f"{agreed(len(strange), 'are')} not called `{names}`: {shown}{more}",
            help="write `names` as all files are called, or move others out of the folder; a "
            "column holds no separator that stands beside it",
        )
    columns = {"file": _text_column([file.as_posix() for file in files])}
    for name in pattern_columns(names):
        values = [match[name] for match in matches if match is not None]
        columns[name] = _value_column(values, words=name in text_columns)
    return Table(columns, files=((folder, len(files)),))


def digest_of_folder(source: FolderSource, base: Path) -> str:
    """Return the SHA-256 of the names and the contents of a folder's files.

    Raises:
        StepError: If it is not there, or a file cannot be opened (DL610).
    """
    (name,) = source.files
    folder = located_folder(name, base)
    try:
        return digest_of_source_folder(folder)
    except OSError as error:
        raise file_not_opened_error(Path(error.filename), error) from error


def without_unreadable(
    table: Table, decode: Callable[[Path], object], *, column: str = "file"
) -> Table:
    """Return the rows whose files can be decoded; the table says which were left out.

    Args:
        column: The one that names the files.

    Raises:
        StepError: If none is left (DL610).
    """
    ((folder, _),) = table.files
    names = table.columns[column].tolist()
    paths = [folder / name for name in names]

    def try_one(_: int, path: Path) -> None:
        decode(path)

    bad = decode_all_files(paths, try_one)
    if not bad:
        return table
    kept = np.ones(len(names), dtype=bool)
    kept[[one.position for one in bad]] = False
    if not kept.any():
        raise unreadable_source(
            f"none of the {counted(len(names), 'file')} of `{folder}` can be read"
        )
    return replace(
        table,
        columns={name: column[kept] for name, column in table.columns.items()},
        given_test=None if table.given_test is None else table.given_test[kept],
        files=((folder, int(kept.sum())),),
        left_out=_names_of_bad_files(bad, names),
    )


def _names_of_bad_files(bad: tuple[BadFile, ...], names: list[str]) -> tuple[str, ...]:
    return tuple(names[one.position] for one in bad)


def _listed_files(folder: Path) -> list[Path]:
    try:
        return files_below(folder)
    except OSError as error:
        raise file_not_opened_error(Path(error.filename), error) from error


def _sub_folders(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if path.is_dir() and is_data_name(path.name)]
    except OSError as error:
        raise file_not_opened_error(folder, error) from error
    return sorted(found, key=lambda path: path.name)


def _part_folders(folder: Path) -> list[str]:
    """Return the names of the folders that divide the data; "" where it is not divided."""
    names = [path.name for path in _sub_folders(folder)]
    divided = bool({"train", "training"} & set(names)) and set(names) <= set(_PARTS)
    return sorted(names, key=_PARTS.index) if divided else [""]


def _require_classes(root: Path, found: list[tuple[str, str, str]]) -> None:
    """Refuse files beside the class folders, which would belong to no class."""
    beside = sorted(p.name for p in root.iterdir() if p.is_file() and is_data_name(p.name))
    if not found:
        raise unreadable_source(
            f"`{root}` holds no folders",
            help="make a folder for each class and put its files into that; where the names of "
            'files say the class, write `names: "{class}_{number}"`; files that a table names are '
            "read by `{csv: table.csv}` and a feature on their column",
        )
    if beside:
        others = len(beside) - 1
        more = f" and {counted(others, 'more file')} lie" if others else " lies"
        are = "are" if others else "is"
        raise unreadable_source(
            f"`{root / beside[0]}`{more} beside the class folders and {are} of no class",
            help="move files into the folder of their class, or out of the data",
        )


def _text_column(values: list[str]) -> Array:
    column = np.empty(len(values), dtype=np.object_)
    column[:] = values
    return column


def _value_column(values: list[str], *, words: bool) -> Array:
    if not words and all(value.isdecimal() and str(int(value)) == value for value in set(values)):
        return np.array([int(value) for value in values])
    return _text_column(values)
