"""Paths in what a spec takes over from a file of another folder, as its own text says them."""

import os
from pathlib import Path

from dlspec.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence

# What names a file beside a model under `models`; `weights` may name a run as well.
_FILES = ("spec", "file")


def with_moved_paths(tree: Mapping, folder: Path) -> Mapping:
    """Return a spec whose `model` names files from `folder`, wherever its parts were written."""
    entries = (
        Entry(one.key, _moved_within(one.value, folder, declared=False))
        if one.name == "model"
        else one
        for one in tree.entries
    )
    return Mapping(tuple(entries), tree.span)


def _moved_within(node: Node, folder: Path, *, declared: bool) -> Node:
    """Return a part of a model with its paths moved.

    Args:
        declared: Whether it is an entry of `models`, or says what the weights are.
    """
    match node:
        case Sequence():
            items = tuple(_moved_within(item, folder, declared=False) for item in node.items)
            return Sequence(items, node.span)
        case Mapping():
            return Mapping(
                tuple(
                    Entry(e.key, _moved_value(e, folder, declared=declared)) for e in node.entries
                ),
                node.span,
            )
        case _:
            return node


def _moved_value(entry: Entry, folder: Path, *, declared: bool) -> Node:
    value = entry.value
    if isinstance(value, Scalar):
        named = entry.name == "weights" or (declared and entry.name in _FILES)
        return _moved_path(value, folder) if named else value
    if entry.name == "models" and isinstance(value, Mapping):
        inner = (Entry(e.key, _moved_within(e.value, folder, declared=True)) for e in value.entries)
        return Mapping(tuple(inner), value.span)
    return _moved_within(value, folder, declared=entry.name == "weights")


def _moved_path(value: Scalar, folder: Path) -> Scalar:
    """Return a path as it is from `folder`; what names no file from where it stands stays."""
    if not isinstance(value.value, str):
        return value
    moved = path_from_folder(value.value, Path(value.span.source.path).parent, folder)
    return value if moved == value.value else Scalar(moved, value.span)


def path_from_folder(word: str, home: Path, folder: Path) -> str:
    """Return the path of a file that is written from `home` as one from `folder`."""
    file = home / word
    if Path(word).is_absolute() or home.absolute() == folder.absolute() or not file.is_file():
        return word
    return Path(os.path.relpath(file, folder)).as_posix()
