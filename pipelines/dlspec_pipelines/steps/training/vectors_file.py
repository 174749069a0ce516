"""Files of word vectors as text: GloVe's, a word and its numbers a line, and word2vec's."""

import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from dlspec.diagnostics.counts import counted
from dlspec_pipelines.steps.datasets.table import Array
from dlspec_pipelines.steps.datasets.text_files import BROKEN_GZIP
from dlspec_pipelines.steps.step_errors import StepError


def vectors_of_words(path: Path, words: Sequence[str], dimension: int) -> Mapping[str, Array]:
    """Return the vectors of those words that a file has, as float32.

    A word is looked for as it stands, and where the file lacks it, in lower case; of two lines
    with one word the first counts. word2vec's first line, `count dimension`, is known.

    Args:
        path: A file of UTF-8 text, packed where its name ends in `.gz`.
        dimension: How many numbers a vector must have.

    Raises:
        StepError: If the file is not such a file, or its vectors have another length (DL616).
    """
    wanted = _Wanted(set(words))
    for word in words:
        wanted.by_lower[word.lower()].append(word)
    with _open_text(path) as lines:
        for number, line in enumerate(lines, start=1):
            parts = line.rstrip("\r\n\t ").replace("\t", " ").split(" ")
            if number == 1:
                if _is_header(parts):
                    _require_dimension(path, number, int(parts[1]), dimension)
                    continue
                _require_dimension(path, number, len(parts) - 1, dimension)
            _take_line(_Line(path, number, parts, dimension), wanted)
    return wanted.lowered | wanted.exact


@dataclass(slots=True)
class _Wanted:
    """The words that are looked for, and what has been found: as they stand, and in lower case."""

    words: set[str]
    by_lower: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    exact: dict[str, Array] = field(default_factory=dict)
    lowered: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    path: Path
    number: int
    parts: list[str]
    dimension: int

    @property
    def word(self) -> str:
        """Return the word, which may hold blanks itself."""
        return " ".join(self.parts[: max(1, len(self.parts) - self.dimension)])

    def vector(self) -> Array:
        """Return the numbers.

        Raises:
            StepError: If they are too few, or are none.
        """
        said = self.parts[max(1, len(self.parts) - self.dimension) :]
        _require_dimension(self.path, self.number, len(said), self.dimension)
        try:
            found = np.array(said, dtype=np.float32)
        except ValueError as error:
            raise _refused_line(self.path, self.number, str(error)) from error
        if not np.isfinite(found).all():
            raise _refused_line(self.path, self.number, "a number that is not finite")
        return found


def _take_line(line: _Line, wanted: _Wanted) -> None:
    word = line.word
    if word in wanted.words and word not in wanted.exact:
        wanted.exact[word] = line.vector()
    others = [w for w in wanted.by_lower.get(word, ()) if w != word and w not in wanted.lowered]
    if others:
        vector = line.vector()
        wanted.lowered.update(dict.fromkeys(others, vector))


def _is_header(parts: Sequence[str]) -> bool:
    """Tell word2vec's first line, two whole numbers, from the vector of a word."""
    return len(parts) == 2 and all(part.isdecimal() for part in parts)


def _require_dimension(path: Path, number: int, found: int, wanted: int) -> None:
    if not found:
        raise _refused_line(path, number, "no number stands behind a word")
    if found != wanted:
        raise StepError(
            f"`{path}`, line {number}: a vector of {counted(found, 'number')}, and the embedding "
            f"has {wanted}",
            code="DL616",
            help=f"write {found} as its `output_dim`, or take a file of that length"
            if number == 1
            else "take a file whose vectors are all of one length",
        )


def _refused_line(path: Path, number: int, what: str) -> StepError:
    return StepError(
        f"`{path}`, line {number} holds no vector: {what}",
        code="DL616",
        help="write a word and its numbers, with a blank between, in each line",
    )


@contextmanager
def _open_text(path: Path) -> Iterator[IO[str]]:
    """Open a file of text; what keeps it from being read to its end becomes a finding."""
    try:
        # Other ends of a line may stand within a word.
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="\n")
            if path.suffix.lower() == ".gz"
            else path.open(encoding="utf-8-sig", newline="\n")
        ) as lines:
            yield lines
    except UnicodeDecodeError as error:
        raise StepError(
            f"`{path}` is no text in UTF-8: {error}",
            code="DL616",
            help="take the text form of the vectors; word2vec's binary form is not read",
        ) from error
    except BROKEN_GZIP as error:
        raise StepError(f"`{path}` cannot be unpacked: {error}", code="DL616") from error
    except OSError as error:
        raise StepError(
            f"the vectors `{path}` cannot be read: {error.strerror or error}", code="DL616"
        ) from error
