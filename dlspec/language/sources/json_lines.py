"""The source `json_lines`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import ListOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class JsonLinesSource:
    """One or more files with a JSON object on each line, or with one array of objects."""

    word: ClassVar[str] = "json_lines"
    tool: ClassVar[str] = "json_lines"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".json", ".jsonl")
    has_test_rows: ClassVar[bool] = False

    json_lines: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True), "Files, relative to the spec."
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        return self.json_lines
