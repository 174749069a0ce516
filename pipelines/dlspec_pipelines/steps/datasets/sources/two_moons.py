"""Reads `synthetic: two_moons`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.sources import TwoMoonsSource
from dlspec_pipelines.steps.datasets.generators import VERSION
from dlspec_pipelines.steps.datasets.table import Table


@dataclass(frozen=True, slots=True)
class TwoMoonsReader:
    """Reads `TwoMoonsSource`."""

    source: TwoMoonsSource

    def read_table(self) -> Table:
        """Read all columns."""
        return two_moons(self.source)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return f"generator {VERSION}"


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
