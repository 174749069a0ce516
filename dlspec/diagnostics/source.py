"""Where text came from: a source and a span inside it."""

import re
from dataclasses import dataclass, field

# What PyYAML counts as a line break; other line counts would point beside the place.
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One text and the path people know it by; `-` and `<text>` stand for text without a file.

    A packaged text came with dlspec: a reader can look at it, and not write into it. A taken one is
    that of another spec, whose model the one that is compiled takes.
    """

    path: str
    text: str
    packaged: bool = False
    taken: bool = False
    # Where each line begins, as far as was asked for: the first line of a huge text is cheap.
    _starts: list[int] = field(default_factory=lambda: [0], init=False, repr=False)

    def __post_init__(self) -> None:
        """Drop a byte order mark, which is no part of the first line."""
        object.__setattr__(self, "text", self.text.removeprefix("\ufeff"))

    def line(self, number: int) -> str:
        """Return line `number`, counted from 1, without its line break; "" past the end."""
        start, end = self.start(number), self.start(number + 1)
        return self.text[start:end].rstrip("\n\r\x85\u2028\u2029")

    def start(self, number: int) -> int:
        """Return the offset at which line `number` begins; the length of the text past the end."""
        starts = self._starts
        while len(starts) < number:
            found = _LINE_BREAK.search(self.text, starts[-1])
            if found is None:
                return len(self.text)
            starts.append(found.end())
        return starts[number - 1]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, both from 1, of the character at `offset`."""
        line, start = 1, 0
        for found in _LINE_BREAK.finditer(self.text, 0, max(offset, 0)):
            line, start = line + 1, found.end()
        return line, offset - start + 1


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a source. Lines and columns count from 1 in characters; the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    def inside(self, offset: int, length: int) -> "Span":
        """Return the part of a one-line span that starts `offset` characters into it."""
        column = self.column + offset
        return Span(self.source, self.line, column, self.line, column + max(length, 1))

    @property
    def text(self) -> str:
        """Return what stands in a span of one line; "" for several lines."""
        if self.line != self.end_line:
            return ""
        start = self.source.start(self.line)
        return self.source.text[start + self.column - 1 : start + self.end_column - 1]

    def extended_to(self, last: "Span") -> "Span":
        """Return the span from the start of this one to the end of `last`."""
        return Span(self.source, self.line, self.column, last.end_line, last.end_column)


def span_at_offset(source: Source, offset: int, *, length: int = 1) -> Span:
    """Return the span of `length` characters of one line that starts at `offset`."""
    line, column = source.place(offset)
    return Span(source, line, column, line, column + length)
