"""What rules must know of a class beyond its arguments; the overlay says what each word means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MaskTrait = Literal[
    "all",
    "any",
    "drops",
    "held",
    "keeps",
    "makes",
    "mask_zero",
    "sequence",
    "unknown",
    "uses",
]
SightTrait = Literal[
    "all",
    "both_ways",
    "crop",
    "join",
    "last_axis",
    "order",
    "pad",
    "position",
    "query",
    "unknown",
    "window",
]
ActivationTrait = Literal["argument", "hides", "passes", "softmax"]
AugmentTrait = Literal["blends", "disturbs", "mixes", "moves", "repaints"]
PixelTrait = Literal["keeps", "scales", "unknown"]
TruthTrait = Literal["ids", "labels", "numbers", "one_hot"]
ReadsTrait = Literal["decisions", "numbers", "order", "probabilities"]
BetterTrait = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Traits:
    """What rules must know of a class's behaviour.

    Of a layer of the project nothing is known: rules then neither report nor look through it.
    `augments` is None of a layer that varies no samples of a training.
    """

    mask: MaskTrait = "unknown"
    sight: SightTrait = "unknown"
    activation: ActivationTrait = "hides"
    pixels: PixelTrait = "unknown"
    outputs: tuple[str, ...] = ()
    recurrent: bool = False
    fitted: tuple[str, ...] = ()
    takes_strings: bool = False
    only_on: str | None = None
    not_on: str | None = None
    penalizes: bool = False
    files: tuple[str, ...] = ()
    formatted: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    sets_rate: bool = False
    needs_average: bool = False
    augments: AugmentTrait | None = None


NO_TRAITS = Traits()


@dataclass(frozen=True, slots=True)
class MetricTraits:
    """What a metric compares: with which truth, how it reads the output, and over what.

    `better` is None where neither more nor less of it is better.
    """

    truth: TruthTrait
    reads: ReadsTrait
    flat: bool = False
    along_axis: bool = False
    instead: Mapping[str, str] = field(default_factory=dict)
    better: BetterTrait | None = None
