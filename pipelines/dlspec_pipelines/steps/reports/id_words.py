"""The words that ids stand for, where a vocabulary knows them: a report shows no numbers then."""

from collections.abc import Callable, Iterable, Mapping

from dlspec.language.features import TextFeature, TokensFeature
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.ids_as_text import TextOfIds, telling_ids
from dlspec_pipelines.steps.preparation.text_tokenizers import loaded_tokenizer, reserved_names

# A blank that has an id of its own, as of characters, would not be seen.
_BLANK = "\u2423"
WordOfId = Callable[[int], str]


def words_by_feature(fitted: Mapping[str, Fitted]) -> dict[str, WordOfId]:
    """Return what tells the word of an id, for each feature whose vocabulary is known."""
    told = {name: _word_of_id(one) for name, one in fitted.items()}
    return {name: word for name, word in told.items() if word is not None}


def texts_by_feature(fitted: Mapping[str, Fitted]) -> dict[str, TextOfIds]:
    """Return what tells the text of a row of ids, for each feature whose vocabulary is known."""
    ids = (TextFeature, TokensFeature)
    told = {name: telling_ids(one) for name, one in fitted.items() if isinstance(one.feature, ids)}
    return {name: text for name, text in told.items() if text is not None}


def told_ids(ids: Iterable[int], word: WordOfId | None) -> tuple[str, ...]:
    """Return the words of some ids, or the ids themselves where nobody knows their words."""
    return tuple(map(word or str, ids))


def _word_of_id(fitted: Fitted) -> WordOfId | None:
    feature = fitted.feature
    if isinstance(feature, TokensFeature) and not isinstance(feature.vocabulary, int):
        words = feature.vocabulary
        return lambda i: words[i] if 0 <= i < len(words) else str(i)
    if not isinstance(feature, TextFeature) or fitted.tokenizer is None:
        return None
    tokenizer, names = loaded_tokenizer(fitted.tokenizer), reserved_names(feature)

    def word_of_text_id(i: int) -> str:
        if 0 <= i < len(names):
            return names[i]
        # A part of a word is told as it is read, not as it is kept.
        said: str = tokenizer.decode([i], skip_special_tokens=False)
        return said.strip() or _BLANK

    return word_of_text_id
