"""The source `synthetic: two_moons`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, Number, spec_key
from dlspec.language.sources.generator_keys import SAMPLES, SEED


@dataclass(frozen=True, slots=True)
class TwoMoonsSource:
    """Two half circles that interlock; columns `x`, `y` and `moon`."""

    word: ClassVar[str] = "synthetic"
    tool: ClassVar[str] = "synthetic"
    generator: ClassVar[str | None] = "two_moons"
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    synthetic: str = spec_key(Choice(("two_moons",)), "The generator.")
    samples: int = spec_key(SAMPLES, "How many rows.", default=1000)
    noise: float = spec_key(Number(minimum=0), "Deviation of the added noise.", default=0.1)
    seed: int = spec_key(SEED, "Seed of the draw.", default=0)

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
