"""Rows in aligned columns, folded where a terminal is narrower than they are."""

import re
from collections.abc import Collection, Iterator, Sequence

_GAP = "  "
# A folded column stays wide enough for `(None, 8` or `conv2d_1`: a layer table then fits 80.
_LEAST = 8
# Where a cell may be broken: behind what ends a word, a part of a path or an element of a shape.
_PIECE = re.compile(r"[^ ,._/]*[ ,._/]*")

# A row that is drawn as a rule across all columns.
RULE: tuple[str, ...] = ()


def aligned_table(
    rows: Sequence[Sequence[str]], *, right: Collection[int] = (), columns: int | None = None
) -> str:
    """Return rows as lines, two spaces between columns.

    Args:
        right: The columns of numbers, set to the right and never folded.
        columns: The most a line may take; None leaves every cell on one line.
    """
    cells = [row for row in rows if row]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    if columns is not None:
        widths = _fitted_widths(widths, right, columns)
    lines: list[str] = []
    for row in rows:
        if not row:
            lines.append(_GAP.join("-" * width for width in widths))
            continue
        lines.extend(_row_lines(row, widths, right))
    return "\n".join(lines)


def _fitted_widths(widths: list[int], right: Collection[int], columns: int) -> list[int]:
    """Return widths that fit, taken from the widest of the columns that may be folded."""
    fitted = list(widths)
    over = sum(fitted) + len(_GAP) * (len(fitted) - 1) - columns
    while over > 0:
        widest = max(
            (i for i in range(len(fitted)) if i not in right), key=fitted.__getitem__, default=None
        )
        if widest is None or fitted[widest] <= _LEAST:
            break
        fitted[widest] -= 1
        over -= 1
    return fitted


def _row_lines(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> Iterator[str]:
    folded = [
        [cell] if i in right else list(_cell_lines(cell, width))
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    for k in range(max(map(len, folded))):
        parts = [lines[k] if k < len(lines) else "" for lines in folded]
        placed = (
            part.rjust(width) if i in right else part.ljust(width)
            for i, (part, width) in enumerate(zip(parts, widths, strict=True))
        )
        yield _GAP.join(placed).rstrip()


def _cell_lines(cell: str, width: int) -> Iterator[str]:
    """Yield a cell in pieces that fit; further ones are indented as the first, and by two more."""
    inner = len(cell) - len(cell.lstrip(" "))
    line, margin = "", ""
    for piece in _PIECE.findall(cell):
        if line.strip() and len((line + piece).rstrip()) > width:
            yield line.rstrip()
            margin = " " * min(inner + 2, width // 2)
            line = margin
        line += piece
        while len(line.rstrip()) > width:
            yield line[:width]
            line = margin + line[width:]
    yield line.rstrip()
