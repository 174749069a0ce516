"""The feature `class`; the underscore is Python's, whose word `class` is."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMN
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, Either, Integer, ListOf, Literal_, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class ClassFeature:
    """A target of classes; an element is `[]`, or `[classes]` one-hot."""

    word: ClassVar[str] = "class"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "class"
    can_stratify: ClassVar[bool] = True
    reads_files: ClassVar[bool] = False

    class_: str = spec_key(COLUMN, "The column.")
    classes: int | tuple[str, ...] = spec_key(
        Either(scalar=Integer(minimum=2), sequence=ListOf(Literal_())),
        "How many classes, or their values in the order of their ids.",
    )
    one_hot: bool = spec_key(Boolean(), "Give vectors instead of ids.", default=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.class_,)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        shape = (self.num_classes,) if self.one_hot else ()
        return Tensor(shape, "float32" if self.one_hot else "int32")

    @property
    def num_ids(self) -> int:
        """Return how many classes there are: each is an id."""
        return self.num_classes

    @property
    def num_classes(self) -> int:
        """Return how many classes there are."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
