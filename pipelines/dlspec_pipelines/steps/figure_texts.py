"""Numbers as a reader of a report wants them."""

import math
from collections.abc import Sequence
from itertools import pairwise

# From here on a duration is told in minutes, then in hours.
_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_NO_BREAK = "\N{NO-BREAK SPACE}"


def figure_text(value: float | int | None) -> str:
    """Return a number in at most four significant digits, whole ones in full; None as a dash."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if value == 0 or abs(value) >= 1e-3:
        return f"{value:.4f}" if abs(value) <= 1 else f"{value:.4g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def percent_text(share: float) -> str:
    """Return a share as a percentage that keeps on one line: 98.5 %, 100 %, 0.04 %."""
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f}{_NO_BREAK}%"
    digits = 1 if 0.1 <= value <= 99.9 else 2
    return f"{value:.{digits}f}{_NO_BREAK}%"


def duration_text(seconds: float) -> str:
    """Return a time in the units people say it in: 820 ms, 12.3 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


def proportion_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a proportion; `trials` is at least 1.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    z = 1.959964
    share = successes / trials
    scale = 1 + z * z / trials
    center = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(center - half, 0.0), min(center + half, 1.0)


# Six digits and a comma are wider than the room beside an axis, so prices are told in k and M.
_LEAST_SHORTENED = 1e5
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
# Above the largest unit nothing shorter than an exponent is left.
_LARGEST_TOLD = 1e12


def round_ticks(low: float, high: float, *, about: int = 5) -> tuple[float, ...]:
    """Return round numbers from below `low` to above `high`, about as many as asked for."""
    if high <= low:
        spread = abs(low) or 1.0
        low, high = low - spread / 2, high + spread / 2
    raw = (high - low) / about
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(f * magnitude for f in (1, 2, 2.5, 5, 10) if raw <= f * magnitude * 1.0001)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(i * step, 12) for i in range(first, last + 1))


def tick_labels(values: Sequence[float]) -> tuple[str, ...]:
    """Return the ticks of one axis, all in one unit and with the same number of decimals."""
    step = min((b - a for a, b in pairwise(values)), default=1.0)
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= _LARGEST_TOLD or step < 1e-5:
        return tuple(f"{value:.3g}" for value in values)
    scale, unit = _unit_of_axis(largest)
    step /= scale
    decimals = next(d for d in range(8) if abs(step * 10**d - round(step * 10**d)) < 1e-6)
    return tuple(f"{v / scale:,.{decimals}f}{unit}" if v or not unit else "0" for v in values)


def _unit_of_axis(largest: float) -> tuple[float, str]:
    if largest < _LEAST_SHORTENED:
        return 1.0, ""
    return next((scale, unit) for scale, unit in _UNITS if largest >= scale)
