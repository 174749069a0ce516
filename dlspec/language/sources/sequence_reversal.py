"""The source `synthetic: sequence_reversal`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, Integer, spec_key
from dlspec.language.sources.generator_keys import SAMPLES, SEED


@dataclass(frozen=True, slots=True)
class SequenceReversalSource:
    """Random ids and the same ids reversed.

    Columns `source`, `decoder_input` (the reversed ids after a start id) and `decoder_target`.
    Id 0 is padding and id 1 the start; the others are drawn.
    """

    word: ClassVar[str] = "synthetic"
    tool: ClassVar[str] = "synthetic"
    generator: ClassVar[str | None] = "sequence_reversal"
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    synthetic: str = spec_key(Choice(("sequence_reversal",)), "The generator.")
    samples: int = spec_key(SAMPLES, "How many rows.", default=2000)
    length: int = spec_key(Integer(minimum=2), "Ids per sequence.", default=6)
    vocabulary: int = spec_key(
        Integer(minimum=4), "How many ids, padding and start included.", default=10
    )
    seed: int = spec_key(SEED, "Seed of the draw.", default=0)

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
