"""The source `synthetic: sine`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, Number, spec_key
from dlspec.language.sources.generator_keys import SAMPLES, SEED


@dataclass(frozen=True, slots=True)
class SineSource:
    """A noisy sum of two sines over time; columns `time` and `value`."""

    word: ClassVar[str] = "synthetic"
    tool: ClassVar[str] = "synthetic"
    generator: ClassVar[str | None] = "sine"
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    synthetic: str = spec_key(Choice(("sine",)), "The generator.")
    samples: int = spec_key(SAMPLES, "How many rows.", default=2000)
    noise: float = spec_key(Number(minimum=0), "Deviation of the added noise.", default=0.05)
    seed: int = spec_key(SEED, "Seed of the noise.", default=0)

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
