"""Waves -> mel features, the numbers that Keras's `MelSpectrogram` gives."""

from functools import cache

import numpy as np

from dlspec.language.features import MelSpectrum
from dlspec.language.mel_scale import mel_of_hertz
from dlspec_pipelines.steps.datasets.table import Array

# What counts as the least power, and how far below the loudest decibels go: Keras's `min_power`
# and `top_db`.
_LEAST_POWER, _MOST_DECIBELS = 1e-10, 80.0


def mel_spectrum(mel: MelSpectrum, wave: Array, sample_rate: int) -> Array:
    """Return the mel features of one wave: a Hann window about each moment, mirrored at the ends.

    Shapes:
        wave: (samples,), of at least half a window and one
        returns: (moments, bins), float64
    """
    half = mel.fft_length // 2
    around = np.pad(wave.astype(np.float64), half, mode="reflect")
    moments = np.lib.stride_tricks.sliding_window_view(around, mel.fft_length)[:: mel.hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(mel.fft_length) / mel.fft_length)
    spectrum = np.fft.rfft(moments * window)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)) @ mel_weights(mel, sample_rate)
    if mel.values == "power":
        return np.asarray(power)
    floored = np.maximum(power, _LEAST_POWER)
    if mel.values == "log":
        return np.asarray(np.log(floored))
    decibels = 10.0 * np.log10(floored)
    return np.asarray(np.maximum(decibels, decibels.max() - _MOST_DECIBELS))


@cache
def mel_weights(mel: MelSpectrum, sample_rate: int) -> Array:
    """Return how much of each frequency goes into each bin: triangles on the mel scale, 1 at most.

    Shapes:
        returns: (fft_length / 2 + 1, bins)
    """
    upper = sample_rate / 2 if mel.upper is None else mel.upper
    edges = np.linspace(mel_of_hertz(mel.lower), mel_of_hertz(upper), mel.mel + 2)
    frequencies = np.linspace(0.0, sample_rate / 2, mel.fft_length // 2 + 1)
    at = np.array([mel_of_hertz(hertz) for hertz in frequencies.tolist()])[:, None]
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    weights: Array = np.maximum(
        0.0, np.minimum((at - low) / (peak - low), (high - at) / (high - peak))
    )
    # What is constant is no sound.
    weights[0] = 0.0
    return weights
