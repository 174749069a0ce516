"""The feature `tokens`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN, POSITIVE
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Choice, Either, ListOf, Text, spec_key
from dlspec.language.tensors import Tensor

# What `text` has, too: 0 fills a sample up.
_UNKNOWN_ID = 1


@dataclass(frozen=True, slots=True)
class TokensFeature:
    """Ids already made, one array per sample; an element is `[length]`."""

    word: ClassVar[str] = "tokens"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "tokens"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    tokens: str = spec_key(COLUMN, "The column.")
    length: int = spec_key(POSITIVE, "Ids per sample.")
    vocabulary: tuple[str, ...] | int = spec_key(
        Either(scalar=POSITIVE, sequence=ListOf(Text())),
        "How many ids there are, padding and unknown included, or the word of each id from 0 on.",
    )
    pad: str = spec_key(
        Choice(("end", "start")), "Where zeros fill a short sample up.", default="end"
    )
    cut: str = spec_key(Choice(("end", "start")), "Where a long sample is cut.", default="end")
    above: str | None = spec_key(
        Choice(("unknown",)),
        "What becomes of ids past the vocabulary: with `unknown` the id of that name, counted; "
        "default: they are an error.",
        default=None,
    )
    unknown: int | None = spec_key(
        POSITIVE,
        "The id of what the vocabulary does not hold, beside `above`; default: 1, as of a `text`. "
        "Keras's IMDB and Reuters have 2.",
        default=None,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.tokens,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.length,), "int32")

    @property
    def unknown_id(self) -> int | None:
        """Return the id that stands for those past the vocabulary; None where they are an error."""
        if self.above is None:
            return None
        return _UNKNOWN_ID if self.unknown is None else self.unknown

    @property
    def num_ids(self) -> int:
        """Return how many ids there are; every id is below that."""
        return self.vocabulary if isinstance(self.vocabulary, int) else len(self.vocabulary)

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
