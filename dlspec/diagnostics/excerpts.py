"""A span shown in its line: the text, clipped around it, and the marks under it."""

import unicodedata
from dataclasses import dataclass, field
from itertools import accumulate, takewhile

from dlspec.diagnostics.folding import folded_text
from dlspec.diagnostics.source import Span

# A line of a terminal in full screen; longer source lines are cut around the finding.
_COLUMNS = 120
# A label that finds less room beside its marks goes below them.
_LEAST_ROOM = 30
_TAB = "    "
# What a terminal would act on instead of showing it: controls, direction marks, separators.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Style:
    """How text is painted: ANSI codes in a terminal, nothing elsewhere."""

    color: bool = False

    def __call__(self, text: str, code: str) -> str:
        """Return `text` in the ANSI style `code`, such as "1;31" for bold red."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


FRAME = "1;34"


@dataclass(frozen=True, slots=True)
class Frame:
    """What all excerpts of one finding share.

    `digits` is the width of a line number, `columns` that of a terminal; None where there is none.
    """

    digits: int
    style: Style = field(default_factory=Style)
    columns: int | None = None


def excerpt_lines(span: Span, frame: Frame, *, mark: str, label: str, tint: str) -> list[str]:
    """Return the lines that show a span: a bar, its (first) line, and marks with the label.

    Args:
        mark: The character to underline with.
        tint: The ANSI code of marks and label.
    """
    style, digits = frame.style, frame.digits
    line = span.source.line(span.line)
    start = min(max(span.column - 1, 0), len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    text, before, under = _clipped_source_line(
        line, start, max(end, start + 1), room=(frame.columns or _COLUMNS) - digits - 3
    )
    bar = style("|", FRAME)
    number = style(str(span.line).rjust(digits), FRAME)
    margin = " " * digits
    room = None if frame.columns is None else frame.columns - digits - 3
    marks = _marked_label(mark * under, visible_text(label), before=before, room=room)
    return [
        f"{margin} {bar}",
        f"{number} {bar} {text}".rstrip(),
        *(f"{margin} {bar} {' ' * at}{style(said, tint)}" for at, said in marks),
    ]


def _marked_label(
    marks: str, label: str, *, before: int, room: int | None
) -> list[tuple[int, str]]:
    """Return marks and label as lines, each with the columns before it."""
    beside = before + len(marks) + 1
    if room is None or beside + len(label) <= room:
        return [(before, f"{marks} {label}".rstrip())]
    if room - beside >= _LEAST_ROOM:
        first, *others = folded_text(label, columns=room - beside)
        return [(before, f"{marks} {first}"), *((beside, line) for line in others)]
    at = max(0, min(before, room - 2 * _LEAST_ROOM))
    return [(before, marks), *((at, line) for line in folded_text(label, columns=room - at))]


def visible_text(text: str) -> str:
    """Return a text on one line, what a terminal would act on written as escapes."""
    if text.isprintable():
        return text
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) in _UNSHOWN else c for c in text)


def _clipped_source_line(line: str, start: int, end: int, *, room: int) -> tuple[str, int, int]:
    """Return the part of a line around `start:end`, the columns before it and those under it."""
    first, last = 0, len(line)
    if len(line) > room or _display_width(line) > room:
        first = max(0, start - room // 4)
        widths = accumulate(_display_width(character) for character in line[first : first + room])
        last = first + max(1, sum(1 for _ in takewhile(lambda width: width <= room - 6, widths)))
    head, tail = "..." if first else "", "..." if last < len(line) else ""
    before = len(head) + _display_width(line[first:start])
    under = max(1, _display_width(line[start : min(end, last)]))
    return f"{head}{''.join(map(_visible_character, line[first:last]))}{tail}", before, under


def _display_width(text: str) -> int:
    return len(text) if text.isascii() and text.isprintable() else sum(map(_display_columns, text))


def _display_columns(character: str) -> int:
    if character == "\t":
        return len(_TAB)
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _visible_character(character: str) -> str:
    if character == "\t":
        return _TAB
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _UNSHOWN else character
