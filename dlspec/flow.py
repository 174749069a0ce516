"""Values as YAML flow text in the layout of the examples: one entry on a line, long ones wrapped."""

import json
import math
import re
from collections.abc import Iterator, Mapping

from dlspec.scalars import HugeNumberError, core_value

WIDTH = 110
# What YAML reads as text in any place without quotes; the reader may still take it for a number.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")


def scalar_text(value: object) -> str:
    """Return a scalar as YAML 1.2 core reads it back; text that looks like another type is quoted.

    A leading `$` is not escaped: it may be an expression.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if math.isnan(value):
            return ".nan"
        case float() if math.isinf(value):
            return ".inf" if value > 0 else "-.inf"
        case int() | float():
            return repr(value)
        case _:
            text = str(value)
            return text if _is_plain(text) else json.dumps(text, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    try:
        return bool(_PLAIN.match(text)) and core_value(text) == text
    except HugeNumberError:
        return False


def flow_text(value: object, *, indent: int) -> str:
    """Return any value in flow style, broken after commas where a line would pass `WIDTH`.

    Args:
        indent: The column at which the value begins; further lines begin one column behind it.
    """
    lines, width = [""], indent
    for piece in _pieces(value):
        if lines[-1] and width + len(piece) > WIDTH and lines[-1].endswith(" "):
            lines.append("")
            width = indent + 1
        lines[-1] += piece
        width += len(piece)
    return ("\n" + " " * (indent + 1)).join(line.rstrip() for line in lines)


def _pieces(value: object) -> Iterator[str]:
    """Yield unbreakable parts; one that ends with a space may be followed by a line break."""
    if isinstance(value, Mapping):
        yield from _joined("{", [_pair(key, item) for key, item in value.items()], "}")
    elif isinstance(value, list | tuple):
        yield from _joined("[", [list(_pieces(item)) for item in value], "]")
    else:
        yield scalar_text(value)


class Bare:
    """Stands in a mapping for a key without a value: `{ReLU, name: x}`."""


BARE = Bare()


def _pair(key: object, value: object) -> list[str]:
    if isinstance(value, Bare):
        return [scalar_text(key)]
    first, *others = _pieces(value)
    return [f"{scalar_text(key)}: {first}", *others]


def _joined(start: str, items: list[list[str]], end: str) -> Iterator[str]:
    if not items:
        yield start + end
        return
    for index, pieces in enumerate(items):
        pieces[0] = (start if not index else "") + pieces[0]
        pieces[-1] += ", " if index < len(items) - 1 else end
        yield from pieces
