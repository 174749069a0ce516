"""What an epoch of training sees, as `data.sampling` has it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.engine.batches import (
    Samples,
    balanced_visit_order,
    epoch_visit_order,
)


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """The samples of one epoch, and the order in which it visits them; None as they lie."""

    samples: Samples
    visit: NDArray[np.int64] | None


class EpochDraw(Protocol):
    """Draws the epochs of a training, by (seed, epoch) alone, all of one form and length.

    A continued training then sees what the interrupted one would have seen.
    """

    def epoch(self, seed: int, epoch: int) -> Epoch:
        """Return what the epoch sees, counted from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class EachOnce:
    """Every sample once."""

    samples: Samples

    def epoch(self, seed: int, epoch: int) -> Epoch:
        """Return all samples in the order of the epoch."""
        return Epoch(self.samples, epoch_visit_order(seed, epoch, len(self.samples)))


@dataclass(frozen=True, slots=True, eq=False)
class ClassesAlike:
    """Every class as often as the others; `ids` hold the class of each sample."""

    samples: Samples
    ids: NDArray[np.int64]

    def epoch(self, seed: int, epoch: int) -> Epoch:
        """Return the samples and those of them that the epoch visits."""
        return Epoch(self.samples, balanced_visit_order(seed, epoch, self.ids))
