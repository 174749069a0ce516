"""What an epoch of training draws from the training rows: the forms of `data.sampling`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features import (
    BinaryFeature,
    CategoryFeature,
    Feature,
    TextFeature,
    TokensFeature,
)
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
    def named(self) -> str:
        """Return the target whose classes tell which rows go together."""
        return self.pairs

    def model_input(self, feature: Feature) -> Feature:
        """Return what each input is, of the only input of the data: an element of that."""
        return feature


@dataclass(frozen=True, slots=True)
class TripletsDraw:
    """Three rows, two of one class and one of another: inputs `anchor`, `positive`, `negative`.

    `anchor` is the next of all rows in a drawn order, those left out that are alone in their class;
    `positive` is another row of its class, `negative` one of any other. There is no target. The
    triplets of validation and test are drawn once, each such row once as `anchor`.
    """

    word: ClassVar[str] = "triplets"
    input_names: ClassVar[tuple[str, ...]] = ("anchor", "positive", "negative")
    learned: ClassVar[Mapping[str, Feature]] = {}

    triplets: str = spec_key(Text(), "The only target, of classes or of 0 and 1.")
    per_epoch: int | None = spec_key(
        Integer(minimum=1),
        "Triplets in an epoch of training; default: as many as there are rows to be `anchor`.",
        default=None,
    )
    seed: int = spec_key(
        Integer(minimum=0),
        "Seed of the triplets of validation and test; those of training follow from "
        "`training.seed` and the epoch.",
        default=0,
    )

    @property
    def named(self) -> str:
        """Return the target whose classes tell which rows go together."""
        return self.triplets

    def model_input(self, feature: Feature) -> Feature:
        """Return what each input is, of the only input of the data: an element of that."""
        return feature


@dataclass(frozen=True, slots=True)
class ContextsDraw:
    """Words and what stands near them: inputs `target` and `context`, the target `label`.

    Two words of a row are a sample with the label 1 where at most `window` words lie from one to
    the other, in both directions. With each come `negatives` samples of the same `target` with the
    label 0, whose `context` is drawn from all words of the training rows but the true one, each as
    often as its count to the power of 0.75 (Mikolov et al. 2013, Distributed representations of
    words and phrases). Ids that stand for no word are in no sample: padding, unknown, start and
    end. An epoch sees every pair once, with negatives of its own; those of validation and test are
    drawn once.
    """

    word: ClassVar[str] = "contexts"
    input_names: ClassVar[tuple[str, ...]] = ("target", "context")
    learned: ClassVar[Mapping[str, Feature]] = {"label": BinaryFeature("label")}

    contexts: str = spec_key(Text(), "The only input, a `text` or `tokens`.")
    window: int = spec_key(
        Integer(minimum=1), "How far from a word its contexts reach, on each side.", default=5
    )
    negatives: int = spec_key(Integer(minimum=1), "Drawn words for each true context.", default=5)
    seed: int = spec_key(
        Integer(minimum=0),
        "Seed of the negatives of validation and test; those of training follow from "
        "`training.seed` and the epoch.",
        default=0,
    )

    @property
    def named(self) -> str:
        """Return the input whose words are drawn."""
        return self.contexts

    def model_input(self, feature: Feature) -> Feature:
        """Return what each input is, of the only input of the data: one of its ids."""
        assert feature.num_ids is not None, "a rule asks for it"
        return CategoryFeature(self.contexts, feature.num_ids)


def silent_ids(feature: TextFeature | TokensFeature) -> tuple[int, ...]:
    """Return the ids that stand for no word: padding, and what a feature calls unknown and so on.

    Of ids already made only padding and, with `above`, the unknown one are known.
    """
    if isinstance(feature, TextFeature):
        return tuple(range(feature.num_reserved))
    return (0,) if feature.unknown_id is None else (0, feature.unknown_id)


RowDraw = PairsDraw | TripletsDraw
"""A draw whose samples are several rows each."""
JoiningDraw = RowDraw | ContextsDraw
"""A draw that gives a model inputs and targets other than those of the data."""
SampleDraw = BalancedDraw | JoiningDraw
DRAWS_BY_WORD = {
    "balanced": BalancedDraw,
    "pairs": PairsDraw,
    "triplets": TripletsDraw,
    "contexts": ContextsDraw,
}
