"""The feature `binary`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Literal_, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class BinaryFeature:
    """A target of 0 and 1; an element is `[1]`."""

    word: ClassVar[str] = "binary"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "binary"
    can_stratify: ClassVar[bool] = True
    reads_files: ClassVar[bool] = False

    binary: str = spec_key(COLUMN, "The column.")
    positive: str | float | bool | None = spec_key(
        Literal_(), "The value that counts as 1; default: the column holds 0 and 1.", default=None
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.binary,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((1,), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: one number says which of the two it is."""
        return None

    @property
    def num_classes(self) -> int:
        """Return 2: positive or not."""
        return 2

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
