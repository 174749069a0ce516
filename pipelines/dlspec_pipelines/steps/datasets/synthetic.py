"""Generated data for examples that need no file: the same seed gives the same rows."""

import numpy as np

from dlspec.language.data_sources import SequenceReversalSource, SineSource, TwoMoonsSource
from dlspec_pipelines.steps.datasets.table import Table

# Raised whenever a generator gives other rows: prepared data sets are found by it.
VERSION = 1
# In rows; without a common divisor, so that the sum repeats only after 528 rows.
_LONG_PERIOD, _SHORT_PERIOD = 48, 11
_START_ID, _FIRST_DRAWN_ID = 1, 2


def noisy_sine(source: SineSource) -> Table:
    """Return the columns `time` and `value`: a sum of two sines, and noise."""
    time = np.arange(source.samples)
    clean = np.sin(2 * np.pi * time / _LONG_PERIOD) + 0.5 * np.sin(2 * np.pi * time / _SHORT_PERIOD)
    noise = np.random.default_rng(source.seed).normal(0.0, source.noise, source.samples)
    return Table({"time": time, "value": clean + noise})


def sequence_reversal(source: SequenceReversalSource) -> Table:
    """Return the columns `source`, `decoder_input` and `decoder_target`, ids of `[length]`."""
    rng = np.random.default_rng(source.seed)
    shape = (source.samples, source.length)
    ids = rng.integers(_FIRST_DRAWN_ID, source.vocabulary, shape, dtype=np.int32)
    reversed_ids = ids[:, ::-1]
    start = np.full((source.samples, 1), _START_ID, dtype=np.int32)
    decoder_input = np.concatenate([start, reversed_ids[:, :-1]], axis=1)
    columns = {"source": ids, "decoder_input": decoder_input, "decoder_target": reversed_ids}
    return Table(columns)


def two_moons(source: TwoMoonsSource) -> Table:
    """Return the columns `x`, `y` and `moon`: two half circles, rows in random order."""
    rng = np.random.default_rng(source.seed)
    first = source.samples // 2
    upper = np.linspace(0, np.pi, first)
    lower = np.linspace(0, np.pi, source.samples - first)
    x = np.concatenate([np.cos(upper), 1 - np.cos(lower)])
    y = np.concatenate([np.sin(upper), 0.5 - np.sin(lower)])
    moon = np.repeat([0, 1], [first, source.samples - first])
    noise = rng.normal(0.0, source.noise, (2, source.samples))
    order = rng.permutation(source.samples)
    return Table({"x": (x + noise[0])[order], "y": (y + noise[1])[order], "moon": moon[order]})
