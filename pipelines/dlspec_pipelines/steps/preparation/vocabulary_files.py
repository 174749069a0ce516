"""The vocabularies that a spec keeps in files, as lists of words."""

from dataclasses import replace
from pathlib import Path

from dlspec.language.features import Feature, TextFeature
from dlspec.language.features.text import VocabularyFile
from dlspec.language.sections import Data
from dlspec_pipelines.steps.datasets.table import unpreparable_data, unreadable_source
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error, locate_source_file


def with_vocabulary_words(data: Data, base: Path) -> Data:
    """Return a data section in which every vocabulary file is the list of its words.

    Args:
        base: The folder of the spec, where relative paths start.

    Raises:
        StepError: If a file is not there or no UTF-8 (DL610), or repeats a word (DL613).
    """
    sides = (data.inputs, data.targets)
    inputs, targets = ({n: _with_words(f, base) for n, f in side.items()} for side in sides)
    return replace(data, inputs=inputs, targets=targets)


def _with_words(feature: Feature, base: Path) -> Feature:
    if not isinstance(feature, TextFeature) or not isinstance(feature.vocabulary, VocabularyFile):
        return feature
    written = feature.vocabulary
    words = _words_of_file(locate_source_file(written.file, base))
    if written.size is not None:
        words = words[: written.size - feature.num_reserved]
    return replace(feature, vocabulary=words)


def _words_of_file(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise unreadable_source(
            f"the vocabulary `{path}` is not UTF-8: {error}", help="save it as UTF-8"
        ) from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        word = line.removesuffix("\r")
        if word in seen:
            raise unpreparable_data(
                f"`{path}`, line {number}: `{word}` stands in line {seen[word]} too",
                help="leave one of the two out: a word has one id",
            )
        if word:
            seen[word] = number
    if not seen:
        raise unpreparable_data(f"the vocabulary `{path}` holds no word")
    return tuple(seen)
