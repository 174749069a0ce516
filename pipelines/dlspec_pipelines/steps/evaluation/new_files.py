"""Files to predict on their own, such as pictures, in the place of a table that names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlspec.language.features import INPUT_FEATURES, AudioFeature, ImageFeature
from dlspec.language.sources import AudioFolderSource, ImageFolderSource


@dataclass(frozen=True, slots=True)
class NewFiles:
    """One folder, or some files, that become a model's only column of files.

    `skipped` is the feature by whose reader files that cannot be read are left out, where the
    model's own were; None where they are an error. `reads` is the kind of its files, `image` or
    `audio`; None where nobody says it.
    """

    column: str
    paths: tuple[Path, ...]
    skipped: str | None = None
    reads: str | None = None


def skipped_as(data: Mapping[str, Any]) -> str | None:
    """Return the feature whose unreadable files a plan's source leaves out; None if it does not.

    Args:
        data: The section of a plan, in the words of the language.
    """
    if data["source"].get("unreadable") != "skip":
        return None
    words = [kind.word for kind in INPUT_FEATURES.values() if kind.reads_files]
    found = (word for one in data["inputs"].values() for word in words if word in one)
    return next(found, None)


def kind_of_files(inputs: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return which kind of files a model reads, `image` or `audio`; None where not one alone.

    Args:
        inputs: The features of a plan's inputs, in the words of the language.
    """
    words = {word for word in FILE_ENDINGS if any(word in one for one in inputs.values())}
    return words.pop() if len(words) == 1 else None


# What the files of each kind of feature are called, and what they are.
FILE_ENDINGS = {
    ImageFeature.word: ("picture", ImageFolderSource.endings),
    AudioFeature.word: ("sound", AudioFolderSource.endings),
}


def column_of_files(inputs: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the column that a model reads files of, where it reads no other; else None.

    Args:
        inputs: The features of a plan's inputs, in the words of the language.
    """
    words = [kind.word for kind in INPUT_FEATURES.values() if kind.reads_files]
    columns = [[one[word] for word in words if word in one] for one in inputs.values()]
    named = {column for found in columns for column in found}
    return named.pop() if all(columns) and len(named) == 1 else None
