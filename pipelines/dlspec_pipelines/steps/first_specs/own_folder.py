"""A folder of one's own: pictures, sounds, texts or series, told by the endings of its files."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.sources import (
    AudioFolderSource,
    ImageFolderSource,
    TextFolderSource,
)
from dlspec_pipelines.steps.datasets.folder_files import files_below
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.first_specs.own_lines import class_of_each_file, read_class_files
from dlspec_pipelines.steps.first_specs.own_series import read_series_file
from dlspec_pipelines.steps.first_specs.own_source import OwnSource, source_line
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage

_FolderKind = type[ImageFolderSource] | type[AudioFolderSource] | type[TextFolderSource]
_KINDS: tuple[_FolderKind, ...] = (ImageFolderSource, AudioFolderSource, TextFolderSource)
# A folder is taken for what so many of its files are: a list or a notice may lie beside them.
_MOST_OF_THEM = 0.8
_NOTICE = re.compile(r"(?i)(readme|licen[cs]e|sha\d*sums|classes\.txt)")
# What stands between the parts of a file's name.
_BETWEEN = re.compile(r"[_-]")
# A class has files enough to be learned from.
_FILES_OF_A_CLASS = 5
# So many names of files that cannot be read are told.
_SHOWN = 3


def read_own_folder(folder: Path, written: str) -> OwnSource:
    """Read a folder of one's own.

    Args:
        written: The path as the spec writes it.

    Raises:
        WrongUsage: If it holds nothing that a source of folders reads.
        StepError: If it cannot be read (DL610).
    """
    files = [file for file in files_below(folder) if not _NOTICE.match(file.name)]
    if not files:
        raise WrongUsage(f"`{folder}` holds no files", help="name a folder with data")
    training = [file for file in files if re.search(r"_TRAIN\.(ts|arff)\Z", file.name)]
    if len(training) == 1:
        inside = training[0].relative_to(folder).as_posix()
        return read_series_file(training[0], f"{written}/{inside}")
    flat = all(file.parent == folder for file in files)
    kind = _kind_of_files(files)
    if flat and kind in (None, TextFolderSource):
        classes = class_of_each_file(files)
        if classes is not None:
            names = {name: f"{written}/{file.name}" for name, file in classes.items()}
            return read_class_files(classes, names)
    if kind is None:
        raise _no_known_folder(folder, files)
    pattern = _naming_pattern(files) if flat else None
    if flat and pattern is None:
        raise WrongUsage(
            f"`{folder}` has no folders for classes, and the names of its files say none",
            help="make a folder for each class, or name a table with a column of the files",
        )
    return _read_class_folders(folder, written, kind, pattern)


def _kind_of_files(files: Sequence[Path]) -> _FolderKind | None:
    for kind in _KINDS:
        if sum(file.suffix.lower() in kind.endings for file in files) >= _MOST_OF_THEM * len(files):
            return kind
    return None


def _no_known_folder(folder: Path, files: Sequence[Path]) -> WrongUsage:
    endings = Counter(file.suffix.lower() or file.name for file in files)
    told = ", ".join(f"`{ending}` {count:,}" for ending, count in endings.most_common(4))
    read = ", ".join(f"`{ending}`" for kind in _KINDS for ending in kind.endings)
    return WrongUsage(
        f"`{folder}` holds files that no source reads together ({told})",
        help=f"name one table in it, or a folder of {read}",
    )


def _naming_pattern(files: Sequence[Path]) -> str | None:
    """Return how files are called whose names begin, or end, with their class; None if none do."""
    parts = [_BETWEEN.split(file.stem) for file in files]
    marks = {tuple(_BETWEEN.findall(file.stem)) for file in files}
    if len(marks) > 1 or len(parts[0]) == 1:
        return None
    (between,) = marks
    for place in (0, len(between)):
        counts = Counter(part[place] for part in parts)
        if len(counts) > 1 and min(counts.values()) >= _FILES_OF_A_CLASS:
            names = [f"{{part{number}}}" for number in range(1, len(between) + 2)]
            names[place] = "{class}"
            return "".join(n + mark for n, mark in zip(names, (*between, ""), strict=True))
    return None


def _read_class_folders(
    folder: Path, written: str, kind: _FolderKind, pattern: str | None
) -> OwnSource:
    said: dict[str, object] = {kind.word: written}
    reasons = []
    if pattern is not None:
        said["names"] = pattern
        reasons.append("the names of the files say the class")
    else:
        reasons.append("a folder for each class")
    form: Literal["picture", "sound"] | None = None
    if kind is TextFolderSource:
        table, more = _read_texts(TextFolderSource(folder.name, pattern), folder)
    elif kind is ImageFolderSource:
        table, more = _read_files(ImageFolderSource(folder.name, pattern), folder)
        form = "picture"
    else:
        table, more = _read_files(AudioFolderSource(folder.name, pattern), folder)
        form = "sound"
    if table.left_out:
        few = ", ".join(table.left_out[:_SHOWN])
        reasons.append(
            f"{counted(len(table.left_out), 'file')} cannot be read and "
            f"{agreed(len(table.left_out), 'are')} left out: {few}"
        )
    has_test = table.given_test is not None
    if has_test:
        reasons.append("`test` is a folder of its own")
    line = source_line({**said, **more})
    # The names of other columns say where a file stands, and nothing of what is in it.
    told = {"text", "file", "class"} - ({"file"} if form is None else set())
    columns = {name: column for name, column in table.columns.items() if name in told}
    own = replace(table, columns=columns)
    return OwnSource(folder.name, (line,), tuple(reasons), own, has_test, form)


def _read_texts(source: TextFolderSource, folder: Path) -> tuple[Table, dict[str, object]]:
    try:
        return read_source_table(source, folder.parent), {}
    except StepError as error:
        if "is not text in the encoding" not in str(error):
            raise
    western = replace(source, encoding="cp1252")
    return read_source_table(western, folder.parent), {"encoding": "cp1252"}


def _read_files(
    source: ImageFolderSource | AudioFolderSource, folder: Path
) -> tuple[Table, dict[str, object]]:
    """Return the files that can be read, and what a spec says where some cannot."""
    table = read_source_table(replace(source, unreadable="skip"), folder.parent)
    return table, {"unreadable": "skip"} if table.left_out else {}
