"""Reads `text_lines`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec.language.sources import TextLinesSource
from dlspec_pipelines.steps.datasets.table import Array, LineFinder, Table, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import (
    hash_of_files,
    paths_of,
    stacked_file_table,
)
from dlspec_pipelines.steps.datasets.text_files import text_of_file


@dataclass(frozen=True, slots=True)
class TextLinesReader:
    """Reads `TextLinesSource`; relative paths start in `base`."""

    source: TextLinesSource
    base: Path

    def read_table(self) -> Table:
        """Read all columns."""
        source, paths = self.source, paths_of(self.source, self.base)
        lines = [_lines_of_file(path, source.encoding) for path in paths]
        if not isinstance(source.text_lines, Mapping):
            parts = zip(paths, lines, strict=True)
            divided = {path: _divided_lines(source, path, rows) for path, rows in parts}
            return stacked_file_table(divided, lines=_every_line(paths, lines))
        names = tuple(source.text_lines)
        if source.aligned:
            return _aligned_table(names, paths, lines)
        return stacked_file_table(
            {
                path: {"text": _text_array(rows), "class": _text_array([name] * len(rows))}
                for name, path, rows in zip(names, paths, lines, strict=True)
            },
            lines=_every_line(paths, lines),
        )

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return hash_of_files(self.source, self.base)


def _lines_of_file(path: Path, encoding: str) -> list[str]:
    """Return the lines of a file, without those at its end that are empty."""
    text = text_of_file(path, encoding)
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise unreadable_source(f"`{path}` is empty")
    return lines


def _aligned_table(
    names: Sequence[str], paths: Sequence[Path], lines: Sequence[list[str]]
) -> Table:
    for path, rows in zip(paths, lines, strict=True):
        if len(rows) != len(lines[0]):
            raise unreadable_source(
                f"`{path}` has {counted(len(rows), 'line')}, and `{paths[0]}` has {len(lines[0])}",
                help="give files whose equal lines belong together",
            )
    columns = {name: _text_array(rows) for name, rows in zip(names, lines, strict=True)}
    found = _every_line(paths[:1], lines[:1])
    return Table(columns, files=((paths[0], len(lines[0])),), lines=found)


def _every_line(paths: Sequence[Path], lines: Sequence[list[str]]) -> dict[Path, LineFinder]:
    """Return what finds each row in its line: every line is one."""
    return {
        path: partial(np.arange, 1, len(rows) + 1) for path, rows in zip(paths, lines, strict=True)
    }


def _divided_lines(source: TextLinesSource, path: Path, lines: list[str]) -> dict[str, Array]:
    names = source.line_columns
    pieces: list[list[str]] = [[] for _ in names]
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        raise unreadable_source(
            f"`{path}`, line {blank[0]}: the line is blank"
            + (f", and {counted(len(blank) - 1, 'more line')}" if len(blank) > 1 else ""),
            help="take lines without a text out of the file; those at its end are no rows",
        )
    for number, line in enumerate(lines, start=1):
        rest = line
        for column, separator in zip(pieces, source.separator, strict=False):
            piece, found, rest = rest.partition(separator)
            if not found:
                other = '" "' if separator == "\t" else '"\\t"'
                raise unreadable_source(
                    f"`{path}`, line {number}: there is no {_shown_separator(separator)}",
                    help="write one into that line, or the `separator` that every line has, such "
                    f"as `separator: {other}`",
                )
            column.append(piece)
        pieces[-1].append(rest)
    return {name: _text_array(column) for name, column in zip(names, pieces, strict=True)}


def _shown_separator(separator: str) -> str:
    return {"\t": "tab", " ": "blank"}.get(separator, f"`{separator}`")


def _text_array(texts: list[str]) -> Array:
    column = np.empty(len(texts), dtype=np.object_)
    column[:] = texts
    return column
