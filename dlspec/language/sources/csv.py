"""The source `csv`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Boolean, Choice, ListOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class CsvSource:
    """One or more delimited text files with the same columns."""

    word: ClassVar[str] = "csv"
    tool: ClassVar[str] = "csv"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".csv", ".data", ".tsv", ".txt")
    has_test_rows: ClassVar[bool] = False

    csv: tuple[str, ...] = spec_key(ListOf(Text(), or_one=True), "Files, relative to the spec.")
    separator: str | None = spec_key(
        Text(characters=1),
        'What stands between two fields; `"\\t"` is a tab. Where it is left out: a tab in a '
        "`.tsv`, else a comma.",
        default=None,
    )
    columns: tuple[str, ...] | None = spec_key(
        ListOf(Text()), "The names, for files without a header.", default=None
    )
    missing: tuple[str, ...] = spec_key(
        ListOf(Text(blank=True), or_one=True),
        "Texts that stand for a missing value, as an empty field does; no other text does.",
        default=(),
    )
    encoding: str = spec_key(Text(), "Text encoding of the files.", default="utf-8")
    decimal: str = spec_key(
        Choice((".", ",")), "What stands before the decimals of a number.", default="."
    )
    quoting: str = spec_key(
        Choice(("double", "none")),
        'Whether `"` holds a field together, or is a character like any other.',
        default="double",
    )
    strip: bool = spec_key(
        Boolean(),
        "Leave out the blanks around names and values; else they are part of them.",
        default=False,
    )
    text: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True),
        "Columns whose values stay text, though they look like numbers, such as `007`.",
        default=(),
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        return self.csv
