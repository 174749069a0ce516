"""Texts to ids and back, by Hugging Face tokenizers that are kept as their own JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tokenizers import Encoding, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.trainers import BpeTrainer, WordLevelTrainer

from dlspec.language.features import TextFeature

# A blank inside: no word, character or part of a word that a text is split into is called so.
PADDING, START, END = "[no text]", "[start of text]", "[end of text]"
UNKNOWN = "[unknown]"
# The second of the reserved names, after the padding.
UNKNOWN_ID = 1
# As Keras's `TextVectorization` strips it.
_PUNCTUATION = r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']"""
# What the parts of words have in the place of a blank.
_BLANK = "\u2581"
# Encodings hold offsets and more: some hundred bytes for each word.
_TEXTS_AT_A_TIME = 4096

TokenizerJson = Mapping[str, object]


def trained_tokenizer(feature: TextFeature, texts: Iterable[str]) -> TokenizerJson:
    """Return a tokenizer whose vocabulary is listed, or learned from some texts."""
    reserved = reserved_names(feature)
    tokenizer = _untrained_tokenizer(feature)
    if isinstance(feature.vocabulary, int):
        _train_tokenizer(tokenizer, feature.vocabulary, reserved, texts)
    else:
        assert isinstance(feature.vocabulary, tuple), "a file has been read before"
        words = (*reserved, *feature.vocabulary)
        tokenizer.model = models.WordLevel({word: i for i, word in enumerate(words)}, UNKNOWN)
    # A reserved name in a text is a text: as an added token it would become the reserved id.
    written: dict[str, object] = json.loads(tokenizer.to_str())
    return written | {"added_tokens": []}


def _untrained_tokenizer(feature: TextFeature) -> Tokenizer:
    match feature.split:
        case "words":
            tokenizer = Tokenizer(models.WordLevel({UNKNOWN: 0}, UNKNOWN))
            tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        case "characters":
            tokenizer = Tokenizer(models.WordLevel({UNKNOWN: 0}, UNKNOWN))
            tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
            tokenizer.decoder = decoders.Fuse()
        case "bpe":
            tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
            tokenizer.decoder = decoders.Metaspace()
        case other:
            raise AssertionError(f"no text is split into {other}")
    tokenizer.normalizer = normalizers.Sequence(list(_normalizers(feature)))
    return tokenizer


def _normalizers(feature: TextFeature) -> Iterator[normalizers.Normalizer]:
    if feature.standardize in ("lower_and_strip_punctuation", "lower"):
        yield normalizers.Lowercase()
    if feature.standardize in ("lower_and_strip_punctuation", "strip_punctuation"):
        yield normalizers.Replace(Regex(_PUNCTUATION), "")
    if feature.split == "bpe":
        # The parts of a word know a blank before it, and not how many or which.
        yield normalizers.Replace(Regex(r"\s+"), " ")
        yield normalizers.Strip()


def _train_tokenizer(
    tokenizer: Tokenizer, size: int, reserved: Sequence[str], texts: Iterable[str]
) -> None:
    trainer: BpeTrainer | WordLevelTrainer
    if isinstance(tokenizer.model, models.BPE):
        room = size - len(reserved)
        trainer = BpeTrainer(
            vocab_size=size,
            special_tokens=list(reserved),
            # Without a limit the letters alone would go past the size; which of equally rare ones
            # it keeps, the trainer draws anew each time.
            limit_alphabet=room,
            initial_alphabet=_most_frequent_letters(tokenizer, texts, room),
            show_progress=False,
        )
    else:
        trainer = WordLevelTrainer(
            vocab_size=size, special_tokens=list(reserved), min_frequency=1, show_progress=False
        )
    tokenizer.train_from_iterator(texts, trainer)


def _most_frequent_letters(tokenizer: Tokenizer, texts: Iterable[str], most: int) -> list[str]:
    """Return the letters that have an id, the blank first, of equally frequent ones the lower."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenizer.normalizer.normalize_str(text))
    del counts[" "]
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [_BLANK, *(letter for letter, _ in ordered if letter != _BLANK)][:most]


def reserved_names(feature: TextFeature) -> tuple[str, ...]:
    """Return the names of the ids that stand for no word, in the order of the ids."""
    asked = {PADDING: True, UNKNOWN: True, START: feature.start, END: feature.end}
    return tuple(name for name, wanted in asked.items() if wanted)


def loaded_tokenizer(written: TokenizerJson) -> Tokenizer:
    """Return the tokenizer that was kept as JSON."""
    return Tokenizer.from_str(json.dumps(written))


def ids_of_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the ids of each text, without start and end."""
    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        some = list(texts[start : start + _TEXTS_AT_A_TIME])
        for encoding in tokenizer.encode_batch_fast(some, add_special_tokens=False):
            yield encoding.ids


def encodings_of_texts(
    tokenizer: Tokenizer, texts: Sequence[str]
) -> Iterator[tuple[str, Encoding]]:
    """Yield each text with its encoding, which knows where in the text a word stands."""
    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        some = list(texts[start : start + _TEXTS_AT_A_TIME])
        yield from zip(some, tokenizer.encode_batch(some, add_special_tokens=False), strict=True)


def text_of_ids(tokenizer: Tokenizer, feature: TextFeature, ids: Iterable[int]) -> str:
    """Return the text that some ids stand for; start, end and padding stand for none."""
    names = reserved_names(feature)
    silent = {i for i, name in enumerate(names) if name != UNKNOWN}
    said: str = tokenizer.decode([i for i in ids if i not in silent], skip_special_tokens=False)
    return said
