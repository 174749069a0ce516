"""Masks in colours: one for each class, the same on every page."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def drawn_mask(mask: NDArray[Any], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a mask in the colours of its classes; places of none are white.

    Shapes:
        mask: (height, width)
        returns: (height, width, 3)
    """
    ids = np.asarray(mask)
    drawn = np.full((*ids.shape, 3), 255, dtype=np.uint8)
    known = (ids >= 0) & (ids < len(colours))
    drawn[known] = colours[ids[known].astype(np.int64)]
    return drawn


def class_colours(classes: int) -> NDArray[np.uint8]:
    """Return a colour for each class: the first dark as a background, hues by a golden angle."""
    hues = (np.arange(classes) * 0.618034 + 0.55) % 1.0
    # A pure hue by its distance from red, green and blue.
    spread = np.abs(((hues[:, None] + np.array([0, 2 / 3, 1 / 3])) % 1.0) * 6 - 3) - 1
    colours = 60 + 180 * np.clip(spread, 0, 1)
    colours[0] = (38, 44, 54)
    return np.asarray(np.round(colours), dtype=np.uint8)
