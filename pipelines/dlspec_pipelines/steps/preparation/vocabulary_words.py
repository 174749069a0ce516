"""The words of a fitted vocabulary, each with its id."""

from collections.abc import Mapping

from dlspec.language.features import CategoryFeature, TextFeature, TokensFeature
from dlspec_pipelines.steps.preparation.features.preparer import Fitted
from dlspec_pipelines.steps.preparation.text_tokenizers import loaded_tokenizer, reserved_names


def ids_of_words(fitted: Fitted) -> Mapping[str, int]:
    """Return the id of each word that a feature's vocabulary holds; reserved ids have none."""
    feature = fitted.feature
    match feature:
        case TextFeature():
            assert fitted.tokenizer is not None, "every text is fitted"
            reserved = set(reserved_names(feature))
            known: dict[str, int] = loaded_tokenizer(fitted.tokenizer).get_vocab()
            return {word: i for word, i in known.items() if word not in reserved}
        case TokensFeature():
            assert not isinstance(feature.vocabulary, int), "a rule asks for the words"
            return {word: i for i, word in enumerate(feature.vocabulary)}
        case CategoryFeature():
            first = int(feature.unknown)
            words = fitted.vocabulary or ()
            return {str(word): i for i, word in enumerate(words, start=first)}
        case _:
            raise AssertionError(f"a rule refuses the words of {feature.word}")
