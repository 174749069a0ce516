"""The source `synthetic: digit_strips`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Choice, Integer, spec_key
from dlspec.language.sources.generator_keys import SAMPLES, SEED


@dataclass(frozen=True, slots=True)
class DigitStripsSource:
    """Handwritten digits of scikit-learn side by side, and the text that they make.

    Columns `strip` (8 rows of pixels from 0 to 16, 12 columns for each digit that there may be),
    `digits` (1 to `most` of them, such as `407`) and `fold`, 0 to 4: no digit is in strips of two
    folds, so that `split: {column: fold, validation: [3], test: [4]}` keeps them apart.
    """

    word: ClassVar[str] = "synthetic"
    tool: ClassVar[str] = "synthetic"
    generator: ClassVar[str | None] = "digit_strips"
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    synthetic: str = spec_key(Choice(("digit_strips",)), "The generator.")
    samples: int = spec_key(SAMPLES, "How many rows.", default=2000)
    most: int = spec_key(Integer(minimum=1, maximum=64), "Most digits in a strip.", default=5)
    seed: int = spec_key(SEED, "Seed of the draw.", default=0)

    @property
    def files(self) -> tuple[str, ...]:
        """Return none: its rows are read from no file of the spec's."""
        return ()
