"""Reads `synthetic: tones`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlspec.language.sources import TonesSource
from dlspec_pipelines.steps.datasets.generators import VERSION
from dlspec_pipelines.steps.datasets.table import Table

# Hertz: twice what the highest letter needs, and some; and a tenth of a second of it.
_SAMPLE_RATE, _SAMPLES_OF_A_LETTER = 8000, 800
# Hertz of `a`, and how many letters make an octave: 26 of them end below 3,000.
_LOWEST, _LETTERS_PER_OCTAVE = 250.0, 7.5
# How often a letter is followed by the next one of the alphabet.
_IN_ORDER = 0.7


@dataclass(frozen=True, slots=True)
class TonesReader:
    """Reads `TonesSource`."""

    source: TonesSource

    def read_table(self) -> Table:
        """Read all columns."""
        return sounding_words(self.source)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return f"generator {VERSION}"


def sounding_words(source: TonesSource) -> Table:
    """Return the columns `sound`, waves of 800 samples a letter, and `text`, the words."""
    rng = np.random.default_rng(source.seed)
    ids = _drawn_letters(source, rng)
    pitches = _LOWEST * 2 ** (ids / _LETTERS_PER_OCTAVE)
    seconds = np.arange(_SAMPLES_OF_A_LETTER) / _SAMPLE_RATE
    waves = np.sin(2 * np.pi * pitches[:, :, None] * seconds).reshape(source.samples, -1)
    waves += rng.normal(0.0, source.noise, waves.shape)
    words = ["".join(chr(ord("a") + letter) for letter in row) for row in ids.tolist()]
    return Table({"sound": waves.astype(np.float32), "text": np.array(words, dtype=object)})


def _drawn_letters(source: TonesSource, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the letters of each word as ids from 0 on."""
    ids = rng.integers(0, source.letters, (source.samples, source.length))
    in_order = rng.random(ids.shape) < _IN_ORDER
    for place in range(1, source.length):
        following = (ids[:, place - 1] + 1) % source.letters
        ids[:, place] = np.where(in_order[:, place], following, ids[:, place])
    return ids
