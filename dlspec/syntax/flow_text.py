"""Values as YAML flow text in the layout of the examples: long ones wrapped after commas."""

import json
import math
import re
from collections.abc import Mapping

from dlspec.syntax.scalars import HugeNumberError, core_value

# Two graphs side by side on a wide screen; a flow longer than that is broken.
WIDTH = 110
# What YAML reads as text in any place without quotes; the reader may still take it for a number.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
# An expression without what YAML takes for a mark of its own.
_EXPRESSION = re.compile(r"\$[A-Za-z_]\w*( (\*|//|\+|-) \w+)*\Z")


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
            return text if _is_plain_scalar_text(text) else json.dumps(text, ensure_ascii=False)


def _is_plain_scalar_text(text: str) -> bool:
    try:
        plain = _PLAIN.match(text) or _EXPRESSION.match(text)
        return plain is not None and core_value(text) == text
    except HugeNumberError:
        return False


def flow_text(value: object, *, indent: int, width: int = WIDTH) -> str:
    """Return any value in flow style, broken after commas where a line would pass `width`.

    An item that fits on one line stays whole.

    Args:
        indent: The column at which the value begins; further lines begin one column behind it.
        width: The last column that a line should reach.
    """
    lines, column = [""], indent
    for item in _flow_items(value):
        whole = indent + 1 + len("".join(item)) <= width
        for piece in ["".join(item)] if whole else item:
            if lines[-1] and column + len(piece.rstrip()) > width:
                lines.append("")
                column = indent + 1
            lines[-1] += piece
            column += len(piece)
    return ("\n" + " " * (indent + 1)).join(line.rstrip() for line in lines)


def _flow_items(value: object) -> list[list[str]]:
    """Return the items of a value as parts that a line may end behind, brackets and commas in."""
    if isinstance(value, Mapping):
        return _bracketed_flow_items(
            "{", [_flow_pair(key, item) for key, item in value.items()], "}"
        )
    if isinstance(value, list | tuple):
        return _bracketed_flow_items("[", [_flow_parts(item) for item in value], "]")
    return [[scalar_text(value)]]


def _flow_parts(value: object) -> list[str]:
    return [part for item in _flow_items(value) for part in item]


class Bare:
    """Stands in a mapping for a key without a value: `{ReLU, name: x}`."""


BARE = Bare()


def _flow_pair(key: object, value: object) -> list[str]:
    if isinstance(value, Bare):
        return [scalar_text(key)]
    first, *others = _flow_parts(value)
    return [f"{scalar_text(key)}: {first}", *others]


def _bracketed_flow_items(start: str, items: list[list[str]], end: str) -> list[list[str]]:
    if not items:
        return [[start + end]]
    for item in items:
        item[-1] += ", "
    items[0][0] = start + items[0][0]
    items[-1][-1] = items[-1][-1].removesuffix(", ") + end
    return items
