"""The source `npz`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import ListOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class NpzSource:
    """Arrays of NumPy, all of the same first extent: those of .npz archives, and .npy files.

    Its columns are the arrays, side by side; a .npy file is called as its stem. Of pairs, `x_train`
    and `x_test`, the columns are `x`, ..., and the second its test rows.
    """

    word: ClassVar[str] = "npz"
    tool: ClassVar[str] = "npz"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".npy", ".npz")
    has_test_rows: ClassVar[bool] = True

    npz: tuple[str, ...] = spec_key(ListOf(Text(), or_one=True), "Files, relative to the spec.")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        return self.npz
