"""Reads `synthetic: sine`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.sources import SineSource
from dlspec_pipelines.steps.datasets.generators import VERSION
from dlspec_pipelines.steps.datasets.table import Table

# In rows; without a common divisor, so that the sum repeats only after 528 rows.
_LONG_PERIOD, _SHORT_PERIOD = 48, 11


@dataclass(frozen=True, slots=True)
class SineReader:
    """Reads `SineSource`."""

    source: SineSource

    def read_table(self) -> Table:
        """Read all columns."""
        return noisy_sine(self.source)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return f"generator {VERSION}"


def noisy_sine(source: SineSource) -> Table:
    """Return the columns `time` and `value`: a sum of two sines, and noise."""
    time = np.arange(source.samples)
    clean = np.sin(2 * np.pi * time / _LONG_PERIOD) + 0.5 * np.sin(2 * np.pi * time / _SHORT_PERIOD)
    noise = np.random.default_rng(source.seed).normal(0.0, source.noise, source.samples)
    return Table({"time": time, "value": clean + noise})
