"""The feature `category`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMN,
    RARE,
    RARE_DOC,
    UNKNOWN_DOC,
    VOCABULARY,
    VOCABULARY_DOC,
)
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class CategoryFeature:
    """A column of categories as integer ids; an element is `[]`."""

    word: ClassVar[str] = "category"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = None
    can_stratify: ClassVar[bool] = True
    reads_files: ClassVar[bool] = False

    category: str = spec_key(COLUMN, "The column.")
    vocabulary: tuple[str, ...] | int = spec_key(VOCABULARY, VOCABULARY_DOC)
    unknown: bool = spec_key(Boolean(), UNKNOWN_DOC, default=True)
    rare: str = spec_key(RARE, RARE_DOC, default="refuse")

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.category,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((), "int32")

    @property
    def num_ids(self) -> int:
        """Return how many ids there are, the unknown one included."""
        listed = self.vocabulary
        return listed if isinstance(listed, int) else len(listed) + self.unknown

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
