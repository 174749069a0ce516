"""The mel scale: pitches that seem equally far apart."""

import math


def mel_of_hertz(hertz: float) -> float:
    """Return a frequency on the mel scale.

    Source: Young and others, "The HTK Book", 2006, equation 5.13; Keras's `MelSpectrogram` too.
    """
    return 1127.0 * math.log1p(hertz / 700.0)


def hertz_of_mel(mel: float) -> float:
    """Return the frequency, in hertz, of a place on the mel scale."""
    return 700.0 * math.expm1(mel / 1127.0)


def mel_edges(bins: int, lower: float, upper: float) -> list[float]:
    """Return where bins begin, peak and end, in hertz: bin i is a triangle over edges i to i + 2.

    Args:
        lower: Where the first begins, in hertz.
        upper: Where the last ends, in hertz.

    Returns:
        `bins + 2` frequencies, equally far apart on the mel scale.
    """
    first, last = mel_of_hertz(lower), mel_of_hertz(upper)
    return [hertz_of_mel(first + (last - first) * i / (bins + 1)) for i in range(bins + 2)]
