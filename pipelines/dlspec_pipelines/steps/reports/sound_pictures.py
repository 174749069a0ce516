"""Sounds as pictures: the outline of a wave, or mel features with time from left to right."""

from itertools import pairwise

import numpy as np

from dlspec_pipelines.steps.datasets.table import Array

# Twice as wide as high, as time is drawn; a page shows eight in a row.
_WIDTH, _HEIGHT = 112, 56


def sound_pictures(values: Array) -> Array:
    """Return elements of `audio` as grey pictures, which `picture_addresses` takes.

    Shapes:
        values: (sounds, samples), or (sounds, moments, bins)
        returns: (sounds, height, width, 1)
    """
    if values.ndim == 3:
        # The lowest bin at the foot.
        return values.transpose(0, 2, 1)[:, ::-1, :, None]
    return np.stack([_wave_outline(wave) for wave in values])[..., None]


def _wave_outline(wave: Array) -> Array:
    """Return 1 between the lowest and the highest sample of each column of pixels, else 0."""
    numbers = np.asarray(wave, dtype=np.float64)
    borders = np.linspace(0, len(numbers), min(_WIDTH, len(numbers)) + 1).astype(int)
    # Each goes on to the first sample of the next, so that the line has no gaps.
    pieces = [numbers[i : j + 1] for i, j in pairwise(borders.tolist())]
    reach = max(float(np.abs(numbers).max()), 1e-12)
    low = np.array([piece.min() for piece in pieces]) / reach
    high = np.array([piece.max() for piece in pieces]) / reach
    # Half a pixel wider than the wave, so that silence is a line.
    level = np.linspace(1, -1, _HEIGHT)[:, None]
    half = 1.0 / (_HEIGHT - 1)
    return ((level >= low - half) & (level <= high + half)).astype(np.float64)
