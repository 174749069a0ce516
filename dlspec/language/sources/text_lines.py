"""The source `text_lines`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Boolean, Either, ListOf, MapOf, Text, spec_key


@dataclass(frozen=True, slots=True)
class TextLinesSource:
    """Files with a text on each line; columns `text`, and `class` where one is told."""

    word: ClassVar[str] = "text_lines"
    tool: ClassVar[str] = "txt"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".lines",)
    has_test_rows: ClassVar[bool] = False

    text_lines: str | tuple[str, ...] | Mapping[str, str] = spec_key(
        Either(scalar=Text(), sequence=ListOf(Text()), mapping=MapOf(Text())),
        "Files, relative to the spec; or a file for each class, such as "
        "`{negative: neg.txt, positive: pos.txt}`. One whose name ends in `.gz` is unpacked.",
    )
    aligned: bool = spec_key(
        Boolean(),
        "Whether equal lines of the files belong together, as of `{en: train.en, fr: train.fr}`: "
        "each name is then a column.",
        default=False,
    )
    separator: tuple[str, ...] = spec_key(
        ListOf(Text(blank=True), or_one=True),
        "What ends each column but the last, where it first stands in the line.",
        default=(),
    )
    columns: tuple[str, ...] | None = spec_key(
        ListOf(Text()),
        "What the separators divide; `class` and `text` around a single one.",
        default=None,
    )
    encoding: str = spec_key(Text(), "Text encoding of the files.", default="utf-8")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its files."""
        if isinstance(self.text_lines, str):
            return (self.text_lines,)
        if isinstance(self.text_lines, Mapping):
            return tuple(self.text_lines.values())
        return self.text_lines

    @property
    def line_columns(self) -> tuple[str, ...]:
        """Return the columns that a line is divided into."""
        if self.columns is not None:
            return self.columns
        return ("class", "text") if self.separator else ("text",)
