"""The feature `text`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN, POSITIVE
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, Choice, Either, Integer, ListOf, Record, Text, spec_key
from dlspec.language.tensors import Tensor

# Id 0 fills a short text up, id 1 is a word that the vocabulary does not hold.
_PADDING_AND_UNKNOWN = 2
# What a feature with `like` takes from the other one.
SHARED_KEYS = ("vocabulary", "split", "standardize", "start", "end")


@dataclass(frozen=True, slots=True)
class VocabularyFile:
    """A file of words, one a line, the most frequent first."""

    file: str = spec_key(Text(), "The file, relative to the spec; UTF-8.")
    size: int | None = spec_key(
        POSITIVE,
        "How many ids there are, the reserved ones included; further lines are left out.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class TextFeature:
    """A column of texts as the ids of their words; an element is `[length]`."""

    word: ClassVar[str] = "text"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "tokens"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    text: str = spec_key(COLUMN, "The column.")
    length: int = spec_key(POSITIVE, "Ids per sample.")
    vocabulary: tuple[str, ...] | int | VocabularyFile | None = spec_key(
        Either(scalar=POSITIVE, sequence=ListOf(Text()), mapping=Record(VocabularyFile)),
        "How many ids there are, the reserved ones included: the most frequent words of the "
        "training rows have one. Or the words, as a list or in a file.",
        default=None,
    )
    split: str = spec_key(
        Choice(("words", "characters", "bpe")),
        "What has an id: a word, a character, or a part of a word (byte pair encoding, learned "
        "from the training rows).",
        default="words",
    )
    standardize: str = spec_key(
        Choice(("lower_and_strip_punctuation", "lower", "strip_punctuation", "none")),
        "What is done to a text before it is split, as Keras's `TextVectorization` does it.",
        default="lower_and_strip_punctuation",
    )
    start: bool = spec_key(Boolean(), "Put an id of its own, 2, before every text.", default=False)
    end: bool = spec_key(
        Boolean(),
        "Put an id of its own behind every text: 3, or 2 without `start`.",
        default=False,
    )
    shift: int = spec_key(
        Integer(minimum=0),
        "Ids to leave out at the beginning: with 1, a target is told the next word at each place.",
        default=0,
    )
    like: str | None = spec_key(
        Text(),
        "Another `text` feature whose vocabulary, `split`, `standardize`, `start` and `end` this "
        "one has too.",
        default=None,
    )
    pad: str = spec_key(
        Choice(("end", "start")), "Where zeros fill a short text up.", default="end"
    )
    cut: str = spec_key(Choice(("end", "start")), "Where a long text is cut.", default="end")

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.text,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.length,), "int32")

    @property
    def num_reserved(self) -> int:
        """Return how many ids stand for no word: padding, unknown, start and end."""
        return _PADDING_AND_UNKNOWN + self.start + self.end

    @property
    def num_ids(self) -> int | None:
        """Return how many ids there are; None where only a file tells."""
        match self.vocabulary:
            case int():
                return self.vocabulary
            case VocabularyFile():
                return self.vocabulary.size
            case None:
                return None
            case _:
                return self.num_reserved + len(self.vocabulary)

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
