"""The feature `categories`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMNS,
    RARE,
    RARE_DOC,
    UNKNOWN_DOC,
    VOCABULARY,
    VOCABULARY_DOC,
    written_columns,
)
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class CategoriesFeature:
    """A category in each of several columns as integer ids; an element is `[n]`."""

    word: ClassVar[str] = "categories"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = None
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    categories: tuple[str, ...] = spec_key(COLUMNS, "The columns; `x0..x9` are ten.")
    vocabulary: tuple[str, ...] | int = spec_key(VOCABULARY, VOCABULARY_DOC)
    unknown: bool = spec_key(Boolean(), UNKNOWN_DOC, default=True)
    rare: str = spec_key(RARE, RARE_DOC, default="refuse")
    per_column: bool = spec_key(
        Boolean(),
        "Whether each column has ids of its own: one value in two columns is two categories. "
        "A number as `vocabulary` counts the ids of all columns, a list is that of each.",
        default=False,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return written_columns(self.categories)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((len(self.columns),), "int32")

    @property
    def num_ids(self) -> int:
        """Return how many ids there are in all columns, the unknown one included."""
        if isinstance(self.vocabulary, int):
            return self.vocabulary
        lists = len(self.columns) if self.per_column else 1
        return lists * len(self.vocabulary) + self.unknown

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
