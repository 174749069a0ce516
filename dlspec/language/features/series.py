"""The feature `series`: a window as an input, what follows it or the window itself as a target."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMNS,
    POSITIVE,
    STANDARDIZE_DOC,
    written_columns,
)
from dlspec.language.features.feature_kind import RowWindow, TargetKind
from dlspec.language.kinds import Boolean, Choice, Integer, Text, spec_key
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
    length: int = spec_key(POSITIVE, "Rows that a window holds.")
    stride: int = spec_key(POSITIVE, "Rows from one window's start to the next.", default=1)
    step: int = spec_key(
        POSITIVE,
        "Rows from one that the window holds to the next: of a row every 10 minutes, `step: 6` "
        "takes one an hour.",
        default=1,
    )
    group: str | None = spec_key(
        Text(),
        "A column that tells several series of one table apart, such as a station: no window "
        "holds rows of two of its values. Said of one feature, it holds for all.",
        default=None,
    )
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)
    missing: str | float | None = spec_key(
        Choice(("mean", "median", "previous", "drop"), or_number=True),
        "What stands for a missing value: mean, median, a number, or the one before it in its "
        "series. With `drop`, windows that hold one are left out and counted.",
        default=None,
    )

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
        return RowWindow(-(self.length - 1) * self.step - 1, 0, self.step, self.stride)


@dataclass(frozen=True, slots=True)
class SeriesTarget:
    """The rows after the input's window, an element is `[horizon]` or `[horizon, columns]`.

    With `window: input` it is the window itself, `[length, columns]`, as autoencoders learn it.
    """

    word: ClassVar[str] = "series"
    is_input: ClassVar[bool] = False
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = False

    series: tuple[str, ...] = spec_key(COLUMNS, "The columns; `x0..x9` are ten.")
    horizon: int | None = spec_key(
        POSITIVE, "Rows to forecast; required without `window`.", default=None
    )
    gap: int = spec_key(
        Integer(minimum=0),
        "Rows between the end of the input's window and the first to forecast.",
        default=0,
    )
    step: int | None = spec_key(
        POSITIVE,
        "Rows from one that is forecast to the next; default: 1, and with `window` that of the "
        "input.",
        default=None,
    )
    window_: str | None = spec_key(
        Choice(("input",)), "With `input`, the target is the input's window itself.", default=None
    )
    length: int | None = spec_key(
        POSITIVE,
        "Rows of the window, beside `window`; default: those of the input, where all inputs have "
        "one window.",
        default=None,
    )
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)
    missing: str | None = spec_key(
        Choice(("drop",)),
        "With `drop`, windows of which a value to forecast is missing are left out and counted; "
        "default: it is an error.",
        default=None,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return written_columns(self.series)

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        columns = len(self.columns)
        if self.window_ is not None:
            return Tensor((self.length, columns), "float32")
        return Tensor((self.horizon, *(() if columns == 1 else (columns,))), "float32")

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
        """Return the rows to forecast, or those of the input."""
        step = self.step or 1
        if self.window_ is not None:
            assert self.length is not None, "the decoder takes it from the input"
            return RowWindow(-(self.length - 1) * step - 1, 0, step)
        assert self.horizon is not None, "the decoder asks for it"
        return RowWindow(self.gap, self.gap + (self.horizon - 1) * step + 1, step)
