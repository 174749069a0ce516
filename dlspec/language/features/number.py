"""The feature `number`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMN,
    FILL,
    MISSING_DOC,
    SCALE,
    SCALE_DOC,
    STANDARDIZE_DOC,
)
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class NumberFeature:
    """One numeric column; an element is `[1]`."""

    word: ClassVar[str] = "number"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    number: str = spec_key(COLUMN, "The column.")
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    missing: str | float | None = spec_key(FILL, MISSING_DOC, default=None)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.number,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((1,), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: its values are no ids."""
        return None

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
