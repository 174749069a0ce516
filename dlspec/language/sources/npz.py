"""The source `npz`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Text, spec_key


@dataclass(frozen=True, slots=True)
class NpzSource:
    """One .npz archive; its columns are the arrays, all of the same first extent.

    Of pairs, `x_train` and `x_test`, the columns are `x`, ..., and the second its test rows.
    """

    word: ClassVar[str] = "npz"
    tool: ClassVar[str] = "npz"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".npz",)
    has_test_rows: ClassVar[bool] = True

    npz: str = spec_key(Text(), "The file, relative to the spec.")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its file."""
        return (self.npz,)
