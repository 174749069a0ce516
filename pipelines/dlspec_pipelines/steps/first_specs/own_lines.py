"""Texts of one's own that stand on lines: a file for each class, or a label before each text."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dlspec.language.sources import TextLinesSource
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.first_specs.own_source import OwnSource, source_line

# What ends a label at the beginning of a line.
_MARKS = (":", "\t", "|")
_LABEL = re.compile(r"[\w+-]{1,32}\Z")
# A label stands on so many lines that a class can be learned from them.
_LINES_OF_A_LABEL = 10
# A folder of more files than these is not one of classes.
_MOST_CLASS_FILES = 50
# How people call the halves of their data.
_TRAIN, _TEST = "train", "test"
_NOT_CLASSES = re.compile(r"(?i)train|valid|\bval\b|dev|test")


def labels_before_texts(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return what ends the columns before a text, and the columns' names; None without labels."""
    for mark in _MARKS:
        parts = [line.partition(mark) for line in lines if line.strip()]
        labels = Counter(label for label, _, _ in parts)
        whole = all(found and _LABEL.match(label) for label, found, _ in parts)
        if not whole or not 1 < len(labels) <= len(parts) / _LINES_OF_A_LABEL:
            continue
        # A word that stands behind one label only is a finer label: a model would read the answer.
        finer: dict[str, set[str]] = {}
        for label, _, rest in parts:
            finer.setdefault(rest.split(" ", 1)[0], set()).add(label)
        few = len(finer) <= len(parts) / _LINES_OF_A_LABEL
        if few and sum(len(of) > 1 for of in finer.values()) <= len(finer) / 10:
            return (mark, " "), ("class", "kind", "text")
        return (mark,), ("class", "text")
    return None


def read_labelled_lines(
    path: Path, written: str, separator: tuple[str, ...], columns: tuple[str, ...], encoding: str
) -> OwnSource:
    """Read a file with a label before each text, with its test file where one is beside it.

    Args:
        written: The path as the spec writes it.

    Raises:
        StepError: If it cannot be read (DL610).
    """
    source = TextLinesSource(path.name, separator=separator, columns=columns, encoding=encoding)
    said: dict[str, object] = {"separator": separator[0] if len(separator) == 1 else [*separator]}
    if columns != ("class", "text"):
        said["columns"] = [*columns]
    said |= _said_encoding(encoding)
    lines = [source_line({TextLinesSource.word: written, **said})]
    reasons = [f"a label before `{separator[0]}` on each line".replace("\t", "\\t")]
    beside = path.with_name(path.name.replace(_TRAIN, _TEST))
    has_test = beside != path and beside.is_file()
    if has_test:
        there = written.removesuffix(path.name) + beside.name
        lines.append(source_line({TextLinesSource.word: there}, key="test"))
        reasons.append("the test rows stand in a file beside it")
    table = read_source_table(source, path.parent)
    if "kind" in columns:
        reasons.append("`kind` is a finer label, which would give the answer away")
        told = {name: column for name, column in table.columns.items() if name != "kind"}
        table = replace(table, columns=told)
    return OwnSource(path.name, tuple(lines), tuple(reasons), table, has_test)


def class_of_each_file(files: Sequence[Path]) -> Mapping[str, Path] | None:
    """Return the files of a folder by the class that each one's name says; None if they say none.

    A name says it by its ending, where all begin alike, or else by what it is without ending.
    """
    if not 1 < len(files) <= _MOST_CLASS_FILES or any(_is_binary(file) for file in files):
        return None
    by_ending = len({file.stem for file in files}) == 1
    names = [file.suffix.lstrip(".") if by_ending else file.stem for file in files]
    if len(set(names)) < len(names) or any(_NOT_CLASSES.search(name) for name in names):
        return None
    return dict(zip(names, files, strict=True)) if all(map(_LABEL.match, names)) else None


def _is_binary(file: Path) -> bool:
    with file.open("rb") as opened:
        return b"\0" in opened.read(4096)


def read_class_files(files: Mapping[str, Path], written: Mapping[str, str]) -> OwnSource:
    """Read files with a text on each line, each of one class.

    Args:
        written: The paths as the spec writes them, by class.

    Raises:
        StepError: If they cannot be read (DL610).
    """
    folder = next(iter(files.values())).parent
    source = TextLinesSource({name: file.name for name, file in files.items()})
    encoding = "utf-8" if all(map(_is_utf8, files.values())) else "cp1252"
    table: Table = read_source_table(replace(source, encoding=encoding), folder)
    said = {TextLinesSource.word: dict(written), **_said_encoding(encoding)}
    reasons = ("a text on each line, a file for each class",)
    return OwnSource(folder.name, (source_line(said),), reasons, table, has_test_rows=False)


def _is_utf8(file: Path) -> bool:
    try:
        file.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _said_encoding(encoding: str) -> dict[str, object]:
    return {} if encoding == "utf-8" else {"encoding": encoding}
