"""The feature `mask`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN, POSITIVE
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Either, Integer, ListOf, Literal_, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class MaskFeature:
    """A target with a class for each pixel, step or point: elements of `shape` or `size`, int32."""

    word: ClassVar[str] = "mask"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "mask"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = True
    one_hot: ClassVar[bool] = False

    mask: str = spec_key(COLUMN, "The column of arrays, or of grey or palette pictures' files.")
    classes: int | tuple[str, ...] = spec_key(
        Either(scalar=Integer(minimum=2), sequence=ListOf(Literal_())),
        "How many classes, or their values in the order of their ids.",
    )
    shape: tuple[int, ...] | None = spec_key(
        ListOf(POSITIVE),
        "Places of each sample: `[height, width]` of pixels, `[length]` of steps; or `size`.",
        default=None,
    )
    size: tuple[int, int] | None = spec_key(
        ListOf(POSITIVE, length=2),
        "`[height, width]` that masks of any size are brought to, each pixel from the nearest one; "
        "it lies over a picture with `resize: stretch`.",
        default=None,
    )
    ignore: int | None = spec_key(
        Integer(minimum=0),
        "The value of places that are of no class; the loss says it as `ignore_class`. With it, "
        "shorter samples are filled up at the end and longer ones cut.",
        default=None,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.mask,)

    @property
    def extents(self) -> tuple[int, ...]:
        """Return the places of each sample; none where the text says neither shape nor size."""
        return self.size or self.shape or ()

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor(self.extents or None, "int32")

    @property
    def num_ids(self) -> int:
        """Return how many classes there are: each is an id."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)

    @property
    def num_classes(self) -> None:
        """Return None: a sample as a whole is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
