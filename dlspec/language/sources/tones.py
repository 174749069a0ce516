"""The source `synthetic: tones`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, Integer, Number, spec_key
from dlspec.language.sources.generator_keys import SAMPLES, SEED


@dataclass(frozen=True, slots=True)
class TonesSource:
    """Words and how they sound; columns `sound` and `text`.

    A word has letters from `a` on. Each sounds for a tenth of a second, 800 samples at 8000 hertz,
    at a pitch of its own. Seven times in ten a letter is followed by the next one of the alphabet.
    """

    word: ClassVar[str] = "synthetic"
    tool: ClassVar[str] = "synthetic"
    generator: ClassVar[str | None] = "tones"
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    synthetic: str = spec_key(Choice(("tones",)), "The generator.")
    samples: int = spec_key(SAMPLES, "How many rows.", default=1000)
    length: int = spec_key(Integer(minimum=1, maximum=100), "Letters of a word.", default=6)
    letters: int = spec_key(
        Integer(minimum=2, maximum=26), "How many letters there are.", default=8
    )
    noise: float = spec_key(Number(minimum=0), "Deviation of the added noise.", default=0.1)
    seed: int = spec_key(SEED, "Seed of the draw.", default=0)

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
