"""The source `parquet`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import ListOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """One or more Parquet files."""

    word: ClassVar[str] = "parquet"
    tool: ClassVar[str] = "parquet"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".parquet",)
    has_test_rows: ClassVar[bool] = False

    parquet: tuple[str, ...] = spec_key(ListOf(Text(), or_one=True), "Files, relative to the spec.")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        return self.parquet
