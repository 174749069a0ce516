"""YAML 1.2 core scalars: what a plain word of a spec means."""

import math
import re

Value = bool | int | float | str | None

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

# Python refuses to convert longer decimal texts (sys.int_info), and no 64-bit number needs so many.
_MOST_DIGITS = 400
# int64, the widest integer of every backend.
_LARGEST_INT = 2**63 - 1


class Poison:
    """Stands where a reported mistake left no value; later stages pass over it."""

    def __repr__(self) -> str:
        """Return the same text for every poison."""
        return "POISON"


POISON = Poison()


class HugeNumberError(ValueError):
    """A number that 64 bits cannot hold; `nearest` is what they can, to go on with."""

    def __init__(self, message: str, nearest: float) -> None:
        super().__init__(message)
        self.nearest = nearest


def core_value(text: str) -> Value:
    """Return the value of a plain scalar by the YAML 1.2 core schema, or the text itself.

    Raises:
        HugeNumberError: If `text` is a number that does not fit 64 bits.

    Source: YAML 1.2.2, section 10.3.2, yaml.org/spec/1.2.2/#1032-tag-resolution.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _DECIMAL.fullmatch(text):
        return _integer_in_bounds(text, 10)
    if _BASED.fullmatch(text):
        return _integer_in_bounds(text, 0)
    if _FLOAT.fullmatch(text):
        return _float_in_bounds(text)
    return text


def _integer_in_bounds(text: str, base: int) -> int:
    nearest = -_LARGEST_INT if text.startswith("-") else _LARGEST_INT
    number = int(text, base) if len(text) <= _MOST_DIGITS else 2 * nearest
    if abs(number) > _LARGEST_INT:
        raise HugeNumberError("an integer has at most 64 bits here", nearest)
    return number


def _float_in_bounds(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise HugeNumberError("the largest number is about 1.8e308", number)
    if number == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise HugeNumberError("the smallest number above 0 is about 5e-324", number)
    return number
