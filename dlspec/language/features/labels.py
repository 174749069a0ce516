"""The feature `labels`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import COLUMNS, written_columns
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Choice, Either, Integer, ListOf, Literal_, Text, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class LabelsFeature:
    """A target of any number of labels at once; an element is `[classes]`, 1 where a label holds.

    The labels are several columns of 0 and 1, or one column of lists, of texts such as `red|round`,
    or of vectors of 0 and 1.
    """

    word: ClassVar[str] = "labels"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "labels"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    labels: tuple[str, ...] = spec_key(
        COLUMNS, "The columns of 0 and 1 (`x0..x9` are ten), or one column that holds the labels."
    )
    classes: int | tuple[str, ...] | None = spec_key(
        Either(scalar=Integer(minimum=2), sequence=ListOf(Literal_())),
        "How many labels, or their values in the order of their ids; several columns say it.",
        default=None,
    )
    separator: str = spec_key(Text(), "What stands between the labels of a text.", default="|")
    missing: str = spec_key(
        Choice(("refuse", "none")),
        "Whether a missing value is refused, or says that no label holds.",
        default="refuse",
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return written_columns(self.labels)

    @property
    def names(self) -> tuple[object, ...] | None:
        """Return the labels in the order of their ids; None where nothing names them."""
        if isinstance(self.classes, tuple):
            return self.classes
        return self.columns if len(self.columns) > 1 else None

    @property
    def num_labels(self) -> int | None:
        """Return how many labels there are; None where the text does not say it."""
        if len(self.columns) > 1:
            return len(self.columns)
        return len(self.classes) if isinstance(self.classes, tuple) else self.classes

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.num_labels,), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: its values are no ids."""
        return None

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no single class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
