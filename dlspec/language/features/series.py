"""The feature `series`: a window as an input, what follows it as a target."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMNS,
    POSITIVE,
    STANDARDIZE_DOC,
    written_columns,
)
from dlspec.language.features.feature_kind import RowWindow, TargetKind
from dlspec.language.kinds import Boolean, spec_key
from dlspec.language.tensors import Tensor


@dataclass(frozen=True, slots=True)
class SeriesFeature:
    """Windows over time-ordered rows, for an input; an element is `[length, columns]`."""

    word: ClassVar[str] = "series"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = None
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    series: tuple[str, ...] = spec_key(COLUMNS, "The columns; `x0..x9` are ten.")
    length: int = spec_key(POSITIVE, "Rows per window.")
    stride: int = spec_key(POSITIVE, "Rows from one window's start to the next.", default=1)
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return written_columns(self.series)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.length, len(self.columns)), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: its values are no ids."""
        return None

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> RowWindow:
        """Return the rows before the first to forecast."""
        return RowWindow(-self.length, 0, self.stride)


@dataclass(frozen=True, slots=True)
class SeriesTarget:
    """The rows after the input's window; an element is `[horizon]` or `[horizon, columns]`."""

    word: ClassVar[str] = "series"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    series: tuple[str, ...] = spec_key(COLUMNS, "The columns; `x0..x9` are ten.")
    horizon: int = spec_key(POSITIVE, "Rows to forecast.")
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return written_columns(self.series)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        columns = () if len(self.columns) == 1 else (len(self.columns),)
        return Tensor((self.horizon, *columns), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: its values are no ids."""
        return None

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> RowWindow:
        """Return the rows to forecast."""
        return RowWindow(0, self.horizon)
