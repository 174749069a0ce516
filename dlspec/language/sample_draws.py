"""What an epoch of training draws from the training rows: the forms of `data.sampling`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features import BinaryFeature, Feature
from dlspec.language.kinds import Integer, Text, spec_key


@dataclass(frozen=True, slots=True)
class BalancedDraw:
    """Every class as often as the others; as many samples in all as there are training rows."""

    balanced: str = spec_key(
        Text(),
        "A target of classes, or of 0 and 1: of a rare class samples come again, of a frequent one "
        "every epoch draws others.",
    )


@dataclass(frozen=True, slots=True)
class PairsDraw:
    """Pairs of rows, half of them of one class: inputs `left` and `right`, the target `same`.

    In each pair `left` is the next of all rows in a drawn order and `right` another one, of its
    class in every second pair, of any other class in the rest. The pairs of validation and test
    are drawn once: as many as the part has rows, each row once as `left`.
    """

    word: ClassVar[str] = "pairs"
    input_names: ClassVar[tuple[str, ...]] = ("left", "right")
    learned: ClassVar[Mapping[str, Feature]] = {"same": BinaryFeature("same")}

    pairs: str = spec_key(
        Text(),
        "The only target, of classes or of 0 and 1: `same` is 1 where it agrees.",
    )
    per_epoch: int | None = spec_key(
        Integer(minimum=2),
        "Pairs in an epoch of training; default: as many as there are training rows.",
        default=None,
    )
    seed: int = spec_key(
        Integer(minimum=0),
        "Seed of the pairs of validation and test; those of training follow from `training.seed` "
        "and the epoch.",
        default=0,
    )

    @property
    def classes_of(self) -> str:
        """Return the target whose classes tell which rows go together."""
        return self.pairs


RowDraw = PairsDraw
"""A draw whose samples are several rows each, under names of their own."""
SampleDraw = BalancedDraw | PairsDraw
DRAWS_BY_WORD = {"balanced": BalancedDraw, "pairs": PairsDraw}
