"""Reads `time_series_ts`: the two formats of the UCR and UEA archive of labelled series."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlspec.language.sources import TimeSeriesTsSource
from dlspec_pipelines.steps.datasets.table import Array, Table, shown_value, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    file_not_opened_error,
    hash_of_files,
    paths_of,
    stacked_file_table,
)

_QUOTED = re.compile(r"""(['"])(?P<series>[^'"]*)\1\s*(,\s*(?P<label>[^,]+))?""")
_WHOLE = re.compile(r"[+-]?\d+")


@dataclass(frozen=True, slots=True)
class TimeSeriesTsReader:
    """Reads `TimeSeriesTsSource`; relative paths start in `base`."""

    source: TimeSeriesTsSource
    base: Path

    def read_table(self) -> Table:
        """Read all columns."""
        paths = paths_of(self.source, self.base)
        return stacked_file_table({path: read_archive_file(path) for path in paths})

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of data: the numbers of each channel as text, and the label."""

    number: int
    channels: tuple[str, ...]
    label: str | None


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above the data: whether it is ARFF, and which labels there are."""

    is_arff: bool
    labels: tuple[str, ...] | None


def read_archive_file(path: Path) -> dict[str, Array]:
    """Return the series of a file, and their classes where it has some.

    Shapes:
        series: (rows, steps, channels), or an array (steps, channels) for each row

    Raises:
        StepError: If the file is not of the archive's formats (DL610), with the line.
    """
    try:
        # What the archive's comments say is in several encodings; the data are plain.
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise file_not_opened_error(path, error) from error
    start = next((i for i, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if start is None:
        raise unreadable_source(
            f"`{path}` has no line `@data`: it is no .ts or .arff file",
            help="read a table of numbers as `csv`",
        )
    head = _head_of_file(lines[:start], path)
    rows = [_split_line(i, text, head) for i, text in _lines_of_data(lines, start + 1)]
    series = [_series_of_line(row, path) for row in rows]
    columns = {"series": _stacked_series(series)}
    if head.labels is not None:
        columns["class"] = _classes_of_archive(rows, head.labels, path)
    return columns


def _lines_of_data(lines: list[str], start: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines[start:], start + 1):
        text = line.strip()
        if text and not text.startswith(("#", "%")):
            yield number, text


def _head_of_file(lines: list[str], path: Path) -> _Head:
    said = [line.strip() for line in lines if line.strip().startswith("@")]
    if any(line.lower().startswith("@relation") for line in said):
        attributes = [line for line in said if line.lower().startswith("@attribute")]
        listed = re.search(r"\{(.*)\}", attributes[-1] if attributes else "")
        labels = None if listed is None else listed[1].replace("'", "").split(",")
        named = None if labels is None else tuple(label.strip() for label in labels)
        return _Head(is_arff=True, labels=named)
    words = {words[0].lower(): words[1:] for words in map(str.split, said)}
    if [word.lower() for word in words.get("@timestamps", [])] == ["true"]:
        raise unreadable_source(
            f"`{path}` has a time stamp before each number",
            help="write the numbers alone, and `@timeStamps false`",
        )
    classes = [word if i else word.lower() for i, word in enumerate(words.get("@classlabel", []))]
    named = tuple(classes[1:]) if classes[:1] == ["true"] else None
    return _Head(is_arff=False, labels=named)


def _split_line(number: int, text: str, head: _Head) -> _Line:
    if head.is_arff:
        quoted = _QUOTED.fullmatch(text)
        if quoted is not None:
            label = (quoted["label"] or "").strip().strip("'")
            return _Line(number, tuple(quoted["series"].split("\\n")), label or None)
        values, comma, label = text.rpartition(",") if head.labels is not None else (text, "", "")
        return _Line(number, (values,), label.strip().strip("'") if comma else None)
    *channels, last = text.split(":")
    if head.labels is None:
        return _Line(number, (*channels, last), None)
    return _Line(number, tuple(channels), last.strip())


def _series_of_line(line: _Line, path: Path) -> Array:
    """Return the numbers of a line, (steps, channels)."""
    channels = []
    for text in line.channels:
        numbers = [np.nan if word.strip() == "?" else word for word in text.split(",")]
        try:
            channels.append(np.array(numbers, dtype=np.float64))
        except ValueError as error:
            raise unreadable_source(f"`{path}`, line {line.number}: {error}") from error
    if len({len(channel) for channel in channels}) != 1:
        told = ", ".join(str(len(channel)) for channel in channels) or "none"
        raise unreadable_source(
            f"`{path}`, line {line.number}: its channels have {told} steps",
            help="give every channel of a series the same number of steps",
        )
    return np.stack(channels, axis=1)


def _stacked_series(series: list[Array]) -> Array:
    if len({one.shape for one in series}) == 1:
        return np.stack(series)
    column = np.empty(len(series), dtype=np.object_)
    column[:] = series
    return column


def _classes_of_archive(rows: list[_Line], labels: tuple[str, ...], path: Path) -> Array:
    for row in rows:
        if row.label not in labels:
            known = ", ".join(f"`{label}`" for label in labels[:12])
            raise unreadable_source(
                f"`{path}`, line {row.number}: {shown_value(row.label)} is none of its classes",
                help=f"its head lists {known}",
            )
    found = [row.label for row in rows]
    if all(_WHOLE.fullmatch(label) for label in labels):
        return np.array([int(label or 0) for label in found], dtype=np.int64)
    return np.array(found, dtype=np.object_)
