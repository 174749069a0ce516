"""What of texts a model does not see: words without an id, cut texts, texts without a word."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.features import TextFeature
from dlspec_pipelines.steps.datasets.hygiene import Finding
from dlspec_pipelines.steps.datasets.table import Array, Table, shown_value
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.features.text import is_text_cut, text_column
from dlspec_pipelines.steps.preparation.prepared_arrays import Part
from dlspec_pipelines.steps.preparation.text_tokenizers import (
    UNKNOWN_ID,
    encodings_of_texts,
    loaded_tokenizer,
)

# The most frequent ones; the count says how many there are.
_SHOWN_WORDS = 3


@dataclass(slots=True)
class _Counted:
    """What was counted in the texts of one part."""

    words: int = 0
    cut: int = 0
    empty: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


def odd_texts(
    table: Table, fitted: Mapping[str, Fitted], parts: Mapping[str, Part]
) -> Iterator[Finding]:
    """Find the words of each part that have no id, and the texts that are cut or hold no word."""
    for name, one in fitted.items():
        feature = one.feature
        if not isinstance(feature, TextFeature):
            continue
        column = text_column(feature.text, table.columns[feature.text])
        for part, arrays in parts.items():
            found = _count_words(one, feature, column[np.asarray(arrays.rows)])
            yield from _part_findings(name, part, feature, found)


def _count_words(fitted: Fitted, feature: TextFeature, texts: Array) -> _Counted:
    assert fitted.tokenizer is not None, "every text is fitted"
    found = _Counted()
    for text, encoding in encodings_of_texts(loaded_tokenizer(fitted.tokenizer), texts.tolist()):
        ids = encoding.ids
        found.words += len(ids)
        found.cut += is_text_cut(feature, len(ids))
        found.empty += not ids
        if UNKNOWN_ID in ids:
            spans = zip(ids, encoding.offsets, strict=True)
            found.unknown.update(text[a:b] for i, (a, b) in spans if i == UNKNOWN_ID)
    return found


def _part_findings(
    name: str, part: str, feature: TextFeature, found: _Counted
) -> Iterator[Finding]:
    key, unknown = f"{name}/{part}", found.unknown.total()
    if unknown:
        what = "parts of words" if feature.split == "bpe" else feature.split
        text = (
            f"{unknown} of {found.words} {what} in the {part} samples of `{name}` "
            f"{agreed(unknown, 'have')} no id: "
            + ", ".join(_told_word(*pair) for pair in found.unknown.most_common(_SHOWN_WORDS))
        )
        yield Finding("unknown_words", key, unknown, text)
    if found.cut:
        text = (
            f"{counted(found.cut, part + ' sample')} of `{name}` {agreed(found.cut, 'are')} longer"
        )
        text += f" than its `length` and {agreed(found.cut, 'are')} cut"
        yield Finding("cut_samples", key, found.cut, text)
    if found.empty:
        text = (
            f"{counted(found.empty, part + ' sample')} of `{name}` {agreed(found.empty, 'hold')} no"
        )
        yield Finding("empty_texts", key, found.empty, f"{text} word: all is padding")


def _told_word(word: str, count: int) -> str:
    return f"{shown_value(word)} ({count})"
