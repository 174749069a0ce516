"""The feature `vector`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMNS,
    FILL,
    MISSING_DOC,
    POSITIVE,
    SCALE,
    SCALE_DOC,
    STANDARDIZE_DOC,
    written_columns,
)
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class VectorFeature:
    """Several numeric columns, or one column that holds vectors; an element is `[n]`."""

    word: ClassVar[str] = "vector"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    vector: tuple[str, ...] = spec_key(
        COLUMNS, "The columns (`x0..x9` are ten), or one column of vectors."
    )
    length: int | None = spec_key(
        POSITIVE, "Width of the vectors in a single column; several columns say it.", default=None
    )
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    missing: str | float | None = spec_key(FILL, MISSING_DOC, default=None)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return written_columns(self.vector)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        columns = len(self.columns)
        return Tensor((self.length or (columns if columns > 1 else None),), "float32")

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
