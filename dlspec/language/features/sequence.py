"""The feature `sequence`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMN,
    POSITIVE,
    SCALE,
    SCALE_DOC,
    STANDARDIZE_DOC,
)
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, Choice, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class SequenceFeature:
    """One array per sample; an element is `[length, features]`."""

    word: ClassVar[str] = "sequence"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = None
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    sequence: str = spec_key(COLUMN, "The column.")
    length: int = spec_key(POSITIVE, "Steps per sample.")
    features: int = spec_key(POSITIVE, "Numbers per step.")
    pad: str = spec_key(
        Choice(("end", "start")), "Where zeros fill a short sample up.", default="end"
    )
    cut: str | None = spec_key(
        Choice(("end", "start")),
        "Where a long sample is cut; default: where short ones are filled up.",
        default=None,
    )
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.sequence,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.length, self.features), "float32")

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
