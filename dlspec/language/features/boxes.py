"""The feature `boxes`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN, POSITIVE
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Choice, Either, Integer, ListOf, Literal_, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class BoxesFeature:
    """A target of up to `most` boxes with a class; an element is `[most, 5]`, float32.

    Each is x and y of the corner at the upper left, width and height, in shares of the picture from
    0 to 1, and the class; -1 fills up.
    """

    word: ClassVar[str] = "boxes"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    boxes: str = spec_key(
        COLUMN, "The column of lists of boxes: four numbers and the class of each."
    )
    most: int = spec_key(POSITIVE, "How many boxes a sample has at most.")
    classes: int | tuple[str, ...] = spec_key(
        Either(scalar=Integer(minimum=1), sequence=ListOf(Literal_())),
        "How many classes, or their values in the order of their ids.",
    )
    format: str = spec_key(
        Choice(("xywh", "xyxy", "center_xywh")),
        "What the four numbers are: a corner or the centre with width and height, or two corners.",
    )
    class_column: str | None = spec_key(
        COLUMN,
        "The column of lists of classes, where boxes are four numbers; default: the fifth number.",
        default=None,
    )
    size: tuple[int, ...] | None = spec_key(
        ListOf(POSITIVE, length=2),
        "Height and width of the pictures that the numbers are pixels of; default: shares.",
        default=None,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.boxes,) if self.class_column is None else (self.boxes, self.class_column)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.most, 5), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: its values are numbers, but for the class of each box."""
        return None

    @property
    def num_classes(self) -> None:
        """Return None: a sample as a whole is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
