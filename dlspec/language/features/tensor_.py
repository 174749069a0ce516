"""The feature `tensor`; the underscore tells it from the file of the compiler's tensors."""

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
from dlspec.language.kinds import Boolean, Choice, ListOf, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class TensorFeature:
    """An array per sample, of any rank: video, volume, points; an element is of `shape`."""

    word: ClassVar[str] = "tensor"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    tensor: str = spec_key(COLUMN, "The column.")
    shape: tuple[int, ...] = spec_key(ListOf(POSITIVE), "The shape of each sample's array.")
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    standardize: bool = spec_key(
        Boolean(),
        "At each place of the last axis: " + STANDARDIZE_DOC[0].lower() + STANDARDIZE_DOC[1:],
        default=False,
    )
    pad: str | None = spec_key(
        Choice(("end", "start")),
        "Where zeros fill up an array that is shorter along its first axis. Default: all have the "
        "shape.",
        default=None,
    )
    cut: str | None = spec_key(
        Choice(("end", "start")),
        "Where an array that is longer along its first axis is cut, beside `pad`; default: where "
        "short ones are filled up.",
        default=None,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.tensor,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor(self.shape, "float32")

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
