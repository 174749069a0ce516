"""A page of Markdown as a terminal shows it: headings, code and words in code set apart."""

import re
from collections.abc import Iterator

from dlspec.diagnostics.excerpts import Style
from dlspec.diagnostics.folding import folded_text

_BOLD, _HEADING, _CODE = "1", "1;34", "36"
_IN_CODE = re.compile(r"`([^`]+)`")
_INDENT = "    "


def page_text(page: str, *, color: bool, columns: int | None) -> str:
    """Return a page without its marks, paragraphs folded into `columns`.

    Args:
        color: Whether to write ANSI colours; without them words keep their backticks.
    """
    return "\n".join(_page_lines(page, Style(color), columns))


def _page_lines(page: str, style: Style, columns: int | None) -> Iterator[str]:
    paragraph: list[str] = []
    in_code = False
    for line in [*page.splitlines(), ""]:
        if in_code or line.startswith(("```", "#")) or not line:
            yield from _paragraph_lines(paragraph, style, columns)
            paragraph = []
        if line.startswith("```"):
            in_code = not in_code
        elif in_code:
            yield (_INDENT + style(line, _CODE)) if line else ""
        elif line.startswith("#"):
            tint = _BOLD if line.startswith("# ") else _HEADING
            yield style(line.lstrip("# "), tint)
        elif line:
            paragraph.append(line)
        else:
            yield ""


def _paragraph_lines(lines: list[str], style: Style, columns: int | None) -> Iterator[str]:
    # A list keeps its items apart.
    listed = any(line.startswith(("- ", "|", "  ")) for line in lines)
    for text in lines if listed else filter(None, [" ".join(lines)]):
        for folded in folded_text(text, columns=columns, indent=2 if listed else 0):
            yield (
                _IN_CODE.sub(lambda found: style(found[1], _CODE), folded)
                if style.color
                else (folded)
            )
