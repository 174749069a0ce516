"""Prepares `text`."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from dlspec.language.features import TextFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    RefusedValue,
    Rows,
    Table,
    refused_value,
    unpreparable_data,
)
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids import Ids
from dlspec_pipelines.steps.preparation.raw_columns import Raw
from dlspec_pipelines.steps.preparation.text_tokenizers import (
    START,
    ids_of_texts,
    loaded_tokenizer,
    reserved_names,
    trained_tokenizer,
)


@dataclass(frozen=True, slots=True)
class TextPreparer:
    """Prepares `TextFeature`."""

    feature: TextFeature

    def raw_values(self, table: Table) -> Raw:
        """Return what the feature reads, one entry per row."""
        return Raw(text_column(self.feature.text, table.columns[self.feature.text]))

    def fit_rows(self, raw: Raw, train: Rows) -> Fitted:
        """Fit on the training rows."""
        feature = self.feature
        written = trained_tokenizer(feature, raw.values[train])
        tokenizer = loaded_tokenizer(written)
        if isinstance(feature.vocabulary, tuple):
            _require_words_as_split(feature, feature.vocabulary, tokenizer)
        elif tokenizer.get_vocab_size() == len(reserved_names(feature)):
            raise unpreparable_data(
                f"no training row of column `{feature.text}` holds a word",
                help=f"its texts are nothing but what `standardize: {feature.standardize}` drops",
            )
        return Fitted(feature, tokenizer=written)

    def model_values(self, fitted: Fitted, raw: Raw, at: Rows, *, rows: Rows) -> Array:
        """Return the values of some samples."""
        assert fitted.tokenizer is not None, "every text is fitted"
        texts = raw.values[at].tolist()
        found = ids_of_texts(loaded_tokenizer(fitted.tokenizer), texts)
        return padded_text_ids(self.feature, found, samples=len(texts))


def text_column(name: str, column: Array) -> Array:
    """Return a column of texts.

    Raises:
        StepError: If it holds something else, or a text is missing or blank (DL613).
    """
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.dtype.kind == "U":
        column = column.astype(np.object_)
    if column.ndim != 1 or column.dtype != np.object_:
        what = f"arrays of shape {column.shape[1:]}" if column.ndim > 1 else "numbers"
        raise unpreparable_data(
            f"column `{name}` holds {what if column.dtype.kind != 'M' else 'moments'}, not texts",
            help="take it as what it is, such as a `number`, a `category` or `tokens`",
        )
    for row, value in enumerate(column):
        if not isinstance(value, str) or not value.strip():
            raise _no_text(name, row, value)
    return column


def _no_text(name: str, row: int, value: object) -> Exception:
    if value is None or value != value:  # noqa: PLR0124 - so a nan is told without its type
        return refused_value(name, row, None, "is no text", help="leave these rows out")
    if isinstance(value, str):
        return RefusedValue(name, row, "the text is empty", help="leave these rows out")
    return refused_value(
        name, row, value, "is no text", help='write every value as text, such as `"7"`'
    )


def _require_words_as_split(
    feature: TextFeature, words: tuple[str, ...], tokenizer: Tokenizer
) -> None:
    """Check that a text can hold each listed word as it stands in the list."""
    first = len(reserved_names(feature))
    for place, ids in enumerate(ids_of_texts(tokenizer, words)):
        if ids != [first + place]:
            became = tokenizer.encode(words[place], add_special_tokens=False).tokens
            raise unpreparable_data(
                f"no text can hold `{words[place]}`, which `vocabulary` of column "
                f"`{feature.text}` lists: it is read as {_words_told(feature, became, words)}",
                help=f"list {feature.split} as `standardize: {feature.standardize}` leaves them",
            )


def _words_told(feature: TextFeature, became: list[str], words: tuple[str, ...]) -> str:
    if not became:
        return "nothing"
    if len(became) > 1:
        return f"{len(became)} {feature.split}"
    return f"`{became[0]}`" if became[0] in words else "another one"


def padded_text_ids(feature: TextFeature, found: Iterable[list[int]], *, samples: int) -> Ids:
    """Return the ids of texts between start and end, shifted, filled up or cut to `length`.

    What `shift` leaves out moves all else forward, so that a place tells what follows the same
    place of a feature without it.
    """
    names, length = reserved_names(feature), feature.length
    before = [names.index(START)] if feature.start else []
    behind = [len(names) - 1] if feature.end else []
    out = np.zeros((samples, length), dtype=np.int32)
    for row, ids in enumerate(found):
        whole = before + ids + behind
        over = len(whole) - length
        said = whole[feature.shift :]
        if over > 0 and feature.cut == "start":
            said = said[over:]
        first = -over if over < 0 and feature.pad == "start" else 0
        said = said[: length - first]
        out[row, first : first + len(said)] = said
    return out


def is_text_cut(feature: TextFeature, words: int) -> bool:
    """Return whether a text of so many words is longer than the feature has places."""
    whole = words + feature.start + feature.end
    return whole - (feature.shift if feature.cut == "end" else 0) > feature.length
