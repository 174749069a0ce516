"""The feature `image`."""

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
from dlspec.language.kinds import Boolean, Choice, Integer, ListOf, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class ImageFeature:
    """Pixels, or the names of picture files; an element is `[height, width, channels]`."""

    word: ClassVar[str] = "image"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = True

    image: str = spec_key(
        COLUMN, "The column of pixel arrays, or of files (.png, .jpg, ...) relative to the table."
    )
    size: tuple[int, ...] = spec_key(ListOf(POSITIVE, length=2), "Height and width in pixels.")
    channels: int = spec_key(Integer(minimum=1, maximum=4), "1 grey, 3 RGB, 4 RGBA.")
    resize: str | None = spec_key(
        Choice(("stretch", "crop", "pad")),
        "How pictures of another size come to `size`: stretched, with the middle cut out, or whole "
        "between black bars; without it they are refused.",
        default=None,
    )
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    standardize: bool = spec_key(
        Boolean(),
        "Per channel: " + STANDARDIZE_DOC[0].lower() + STANDARDIZE_DOC[1:],
        default=False,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.image,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((*self.size, self.channels), "float32")

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
