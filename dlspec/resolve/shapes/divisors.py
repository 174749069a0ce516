"""What divides what: groups of channels and heads, and which number to write instead."""

from math import isqrt

# A search of so many steps takes 10 ms; past it a smaller divisor is named than the nearest.
_MOST_TRIED = 100_000


def is_divisor(part: int, whole: int) -> bool:
    """Return whether `part` is a positive divisor of `whole`."""
    return 0 < part <= whole and whole % part == 0


def divisor_help(name: str, asked: int, whole: int, *, shared: int | None = None) -> str:
    """Return what to write for an argument that must divide `whole`, near to what was asked.

    Args:
        shared: What the argument must divide besides, as a common divisor with `whole`.
    """
    both = whole if shared is None else shared
    low = [n for n in range(1, min(isqrt(both), _MOST_TRIED) + 1) if both % n == 0]
    near = max((n for d in low for n in (d, both // d) if n <= asked), default=1)
    return f"use a divisor of {whole}, such as `{name}: {near}`"
