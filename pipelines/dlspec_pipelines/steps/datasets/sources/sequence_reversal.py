"""Reads `synthetic: sequence_reversal`."""

from dataclasses import dataclass

import numpy as np

from dlspec.language.sources import SequenceReversalSource
from dlspec_pipelines.steps.datasets.generators import VERSION
from dlspec_pipelines.steps.datasets.table import Table

# After 0, the padding.
_START_ID, _FIRST_DRAWN_ID = 1, 2


@dataclass(frozen=True, slots=True)
class SequenceReversalReader:
    """Reads `SequenceReversalSource`."""

    source: SequenceReversalSource

    def read_table(self) -> Table:
        """Read all columns."""
        return sequence_reversal(self.source)

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return f"generator {VERSION}"


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
