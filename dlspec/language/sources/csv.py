"""The source `csv`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, ListOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class CsvSource:
    """One or more delimited text files with the same columns."""

    word: ClassVar[str] = "csv"
    tool: ClassVar[str] = "csv"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".csv", ".data", ".tsv", ".txt")
    has_test_rows: ClassVar[bool] = False

    csv: tuple[str, ...] = spec_key(ListOf(Text(), or_one=True), "Files, relative to the spec.")
    separator: str = spec_key(
        Text(characters=1), 'What stands between two fields; `"\\t"` is a tab.', default=","
    )
    columns: tuple[str, ...] | None = spec_key(
        ListOf(Text()), "The names, for files without a header.", default=None
    )
    missing: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True), "Texts that stand for a missing value.", default=()
    )
    encoding: str = spec_key(Text(), "Text encoding of the files.", default="utf-8")
    decimal: str = spec_key(
        Choice((".", ",")), "What stands before the decimals of a number.", default="."
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        return self.csv
