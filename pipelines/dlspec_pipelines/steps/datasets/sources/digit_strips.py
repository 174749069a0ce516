"""Reads `synthetic: digit_strips`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.sources import DigitStripsSource
from dlspec_pipelines.steps.datasets.generators import VERSION
from dlspec_pipelines.steps.datasets.sources.sklearn import sklearn_table
from dlspec_pipelines.steps.datasets.table import Table

# As `DigitStripsSource` says: the share of each is that of a usual test part.
_FOLDS = 5
# scikit-learn's digits have 8 columns of pixels.
_SIDE = 8
# Up to 4 are left empty before each.
_ROOM = _SIDE + 4


@dataclass(frozen=True, slots=True)
class DigitStripsReader:
    """Reads `DigitStripsSource`."""

    source: DigitStripsSource

    def read_table(self) -> Table:
        """Read all columns."""
        return digit_strips(self.source)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return f"generator {VERSION}"


def digit_strips(source: DigitStripsSource) -> Table:
    """Return the columns `strip`, `digits` and `fold`; the pictures of each fold are its own."""
    rng = np.random.default_rng(source.seed)
    known = sklearn_table("digits").columns
    images, classes = known["images"], known["target"]
    of_fold = [np.arange(fold, len(images), _FOLDS) for fold in range(_FOLDS)]
    strips = np.zeros((source.samples, _SIDE, _ROOM * source.most), dtype=np.float32)
    texts = np.empty(source.samples, dtype=np.object_)
    folds = rng.integers(0, _FOLDS, source.samples)
    for row, fold in enumerate(folds):
        drawn = rng.choice(of_fold[fold], rng.integers(1, source.most + 1))
        at = 0
        for picture in images[drawn]:
            at += int(rng.integers(0, _ROOM - _SIDE + 1))
            strips[row, :, at : at + _SIDE] = picture
            at += _SIDE
        texts[row] = "".join(map(str, classes[drawn]))
    return Table({"strip": strips, "digits": texts, "fold": folds})
