"""The feature `category`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, Either, Integer, ListOf, Literal_, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class CategoryFeature:
    """A column of categories as integer ids; an element is `[]`."""

    word: ClassVar[str] = "category"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = None
    can_stratify: ClassVar[bool] = True

    category: str = spec_key(COLUMN, "The column.")
    vocabulary: tuple[str, ...] | int = spec_key(
        Either(scalar=Integer(minimum=1), sequence=ListOf(Literal_())),
        "The categories, or how many ids there are, the unknown one included.",
    )
    unknown: bool = spec_key(
        Boolean(), "Whether id 0 stands for values not seen in training.", default=True
    )

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
