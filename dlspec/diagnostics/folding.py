"""Text folded into the columns of a terminal; where nobody says how many, lines stay whole."""

from textwrap import wrap

# Narrower than this a column of text is harder to read than a line that the terminal breaks.
_LEAST = 20


def folded_text(text: str, *, columns: int | None, first: int = 0, indent: int = 0) -> list[str]:
    """Return text as lines of at most `columns`; a word that is longer stays whole.

    Args:
        columns: None leaves it on one line.
        first: Columns that stand in front of the first line.
        indent: Spaces in front of each further line.
    """
    if columns is None or first + len(text) <= columns:
        return [text]
    width = max(columns, max(first, indent) + _LEAST)
    # A mark of the width of what stands before the first line, which is taken off again.
    lines = wrap(
        text,
        width,
        initial_indent="\0" * first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.lstrip("\0") for line in lines]
