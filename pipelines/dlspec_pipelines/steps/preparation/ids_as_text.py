"""The text that a row of ids stands for, where a vocabulary knows it."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from dlspec.language.features import TextFeature, TokensFeature
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.text_tokenizers import (
    UNKNOWN,
    loaded_tokenizer,
    text_of_ids,
)

TextOfIds = Callable[[Sequence[int]], str]
# What stands for the unknown where characters are counted: it is one of them.
_UNKNOWN_CHARACTER = "\ufffd"


def telling_ids(target: Fitted) -> TextOfIds | None:
    """Return what makes a text of ids; None where nobody knows their words."""
    feature = target.feature
    if isinstance(feature, TextFeature):
        assert target.tokenizer is not None, "every text is fitted"
        return partial(text_of_ids, loaded_tokenizer(target.tokenizer), feature)
    assert isinstance(feature, TokensFeature), "the rules ask for ids"
    words = feature.vocabulary
    if isinstance(words, int):
        return None
    # Words of one letter are the characters of a text.
    between = " " if any(len(word) > 1 for word in words) else ""
    return lambda ids: between.join(words[i] for i in ids)


def characters_said(ids: Sequence[int], text: TextOfIds | None) -> Sequence[Hashable]:
    """Return the characters that ids stand for; the ids where nobody knows their words."""
    return ids if text is None else text(ids).replace(UNKNOWN, _UNKNOWN_CHARACTER)


def words_said(ids: Sequence[int], text: TextOfIds | None) -> Sequence[Hashable]:
    """Return the words that ids stand for; the ids where nobody knows their words."""
    return ids if text is None else text(ids).split()
