"""What the record of every kind of feature says, so that nobody else keeps a list of kinds."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from dlspec.language.tensors import Tensor

# How a target is read and measured: exclusive classes, one of two, any of several labels, a class
# for each place, ids in a row, or numbers.
# A `sequence` is `tokens` under a loss that aligns them with the steps of the output.
TargetKind = Literal["class", "binary", "labels", "mask", "tokens", "sequence", "number"]


@dataclass(frozen=True, slots=True)
class RowWindow:
    """Which rows an element spans, in the order of time, counted from the first to forecast.

    Attributes:
        first: Of its first row.
        end: Behind its last row.
        step: Rows from one that it holds to the next.
        stride: Rows from one window's start to the next; None where another series says it.
    """

    first: int
    end: int
    step: int = 1
    stride: int | None = None


class FeatureKind(Protocol):
    """A kind of feature: its keys are its fields, and these are its facts.

    Attributes:
        word: The key that a spec tells it by, which holds its columns.
        is_input: Whether it may stand under `data.inputs`.
        learned_as: What it is as a target; None where it cannot stand under `data.targets`.
        can_stratify: Whether a split can keep the shares of its values in every part.
        reads_files: Whether texts in its column are names of files.
    """

    word: ClassVar[str]
    is_input: ClassVar[bool]
    learned_as: ClassVar[TargetKind | None]
    can_stratify: ClassVar[bool]
    reads_files: ClassVar[bool]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the source that it reads."""

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element, without the batch axis.

        An extent is None when the text does not say it.
        """

    @property
    def num_ids(self) -> int | None:
        """Return how many ids there are, every one below that; None where values are no ids."""

    @property
    def num_classes(self) -> int | None:
        """Return how many classes a sample is one of; None where it is of none."""

    @property
    def window(self) -> RowWindow | None:
        """Return which rows an element spans; None where it is one row."""
