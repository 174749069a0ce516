"""What the files of a folder are called: a pattern such as `{class}_{take}`, and its columns."""

import re
from collections.abc import Sequence

_COLUMN = re.compile(r"\{([^{}]*)\}")
_BRACES = re.compile(r"[{}]")


def pattern_columns(pattern: str) -> tuple[str, ...]:
    """Return the columns that a pattern of names makes, in its order.

    Raises:
        ValueError: If it makes none, or could be read in two ways; the text says why.
    """
    columns = _COLUMN.findall(pattern)
    texts = _COLUMN.sub("\0", pattern).split("\0")
    if not columns:
        raise ValueError("it makes no column, as `{class}` would")
    if any(_BRACES.search(text) for text in texts):
        raise ValueError("a brace stands alone in it")
    odd = [name for name in columns if not name.isidentifier() or name in ("file", "text")]
    if odd:
        raise ValueError(f"`{{{odd[0]}}}` is no name for a column of its own")
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise ValueError(f"`{{{twice[0]}}}` stands in it twice")
    if "" in texts[1:-1]:
        raise ValueError("nothing stands between two of its columns")
    return tuple(columns)


def pattern_expression(pattern: str) -> re.Pattern[str]:
    """Return what matches the names, without endings, that a pattern describes, in one way only.

    A column holds neither the character that the pattern has behind it nor a separator before it.

    Raises:
        ValueError: As `pattern_columns` does.
    """
    columns = pattern_columns(pattern)
    texts = _COLUMN.sub("\0", pattern).split("\0")
    parts = [re.escape(texts[0])]
    for place, name in enumerate(columns):
        without = _excluded_characters(texts[place : place + 2])
        parts.append(f"(?P<{name}>[^{re.escape(without)}]+){re.escape(texts[place + 1])}")
    return re.compile("".join(parts))


def _excluded_characters(around: Sequence[str]) -> str:
    before, behind = around[0][-1:], around[1][:1]
    return "/" + ("" if before.isalnum() else before) + behind
