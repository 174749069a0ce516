"""What `dlspec new` knows of data: sets that are there or can be fetched, and how they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Task = Literal[
    "classes", "numbers", "text", "itself", "pixels", "terms", "letters", "spelling", "mel"
]
Reading = Literal[
    "image",
    "enlarged",
    "vector",
    "sequence",
    "series",
    "tokens",
    "pair",
    "letters",
    "spoken",
    "written",
]
# What five halvings of an image leave a pixel of.
_ENLARGED = 32


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a data set: the feature as a spec writes it, and the shape of an element.

    `answers` are targets of tasks that the reading alone makes possible, `beside` further inputs.
    """

    feature: str
    shape: tuple[int, ...]
    about: str
    vocabulary: int = 0
    pixel_classes: int = 0
    answers: Mapping[Task, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataPreset:
    """A data set, how it is read, what is learned, and what a sound model reaches on it."""

    about: str
    source: str
    views: "Views"
    target: str
    answer: str
    units: int
    split: str
    gates: str
    epochs: int
    batch_size: int
    task: Task = "classes"


Views = Mapping[Reading, View]

_STRATIFIED = "{validation: 0.15, test: 0.15, stratify: %s, seed: 7}"
_GIVEN = "{test: given, validation: 0.1, stratify: %s, seed: 7}"


def _pixel_views(column: str, height: int, *, channels: int, largest: int) -> Views:
    scale = f"scale: $1/{largest}"
    pixels = f"{{image: {column}, size: [{height}, {height}], channels: {channels}, {scale}}}"
    image = View(pixels, (height, height, channels), "", answers={"itself": pixels})
    if channels > 1:
        return {"image": image}
    larger = f"size: [{_ENLARGED}, {_ENLARGED}], resize: stretch, channels: {channels}"
    shades = f"{{mask: {column}, size: [{_ENLARGED}, {_ENLARGED}], classes: {largest + 1}}}"
    enlarged = View(
        f"{{image: {column}, {larger}, {scale}}}",
        (_ENLARGED, _ENLARGED, channels),
        f", enlarged to {_ENLARGED}x{_ENLARGED}",
        pixel_classes=largest + 1,
        answers={"pixels": shades, "terms": ""},
    )
    rows = View(
        f"{{sequence: {column}, length: {height}, features: {height}, {scale}}}",
        (height, height),
        ", read row by row",
    )
    return {"image": image, "enlarged": enlarged, "sequence": rows}


def _table_views(column: str, width: int) -> Views:
    feature = f"{{vector: {column}, length: {width}, standardize: true}}"
    return {"vector": View(feature, (width,), "")}


_MOONS: Views = {"vector": View("{vector: [x, y]}", (2,), "")}
_WAVE: Views = {
    "series": View(
        "{series: value, length: 32, standardize: true}",
        (32, 1),
        "",
        answers={"itself": "{series: value, window: input, standardize: true}"},
    )
}
_REVERSED: Views = {
    "pair": View(
        "{tokens: source, length: 6, vocabulary: 10}",
        (6,),
        "",
        vocabulary=10,
        beside={"candidate": "{tokens: decoder_target, length: 6, vocabulary: 10}"},
    )
}
_CHARACTERS = "text: text, split: characters, standardize: none"
_MEL = "{mel: 32, fft_length: 256, hop: 128, values: log}"
_SPOKEN = f"{{audio: sound, sample_rate: 8000, seconds: 0.6, features: {_MEL}, standardize: true}}"
_WORDS: Views = {
    "letters": View(
        f"{{{_CHARACTERS}, vocabulary: 11, length: 6, start: true}}",
        (6,),
        "",
        vocabulary=11,
        answers={"letters": "{text: text, length: 6, like: previous, shift: 1}"},
    ),
    "spoken": View(
        _SPOKEN,
        (38, 32),
        "",
        vocabulary=12,
        answers={"spelling": "{text: text, length: 7, like: said, shift: 1}"},
        beside={"said": f"{{{_CHARACTERS}, vocabulary: 12, length: 7, start: true, end: true}}"},
    ),
    "written": View(
        f"{{{_CHARACTERS}, vocabulary: 10, length: 6}}",
        (38, 32),
        "",
        vocabulary=10,
        answers={"mel": _SPOKEN},
    ),
}
_REVIEWS: Views = {
    "tokens": View("{tokens: x, length: 200, vocabulary: 88587}", (200,), "", vocabulary=88_587)
}

# A height of 32 leaves the rows that `crnn` needs.
_STRIPS: Views = {
    "image": View(
        "{image: strip, size: [32, 60], channels: 1, resize: stretch, scale: $1/16}",
        (32, 60, 1),
        "",
    )
}

DATA: Mapping[str, DataPreset] = {
    "digits": DataPreset(
        "the 8x8 handwritten digits that ship with scikit-learn",
        "{sklearn: digits}",
        _pixel_views("images", 8, channels=1, largest=16),
        "digit", "{class: target, classes: 10}", 10,
        _STRATIFIED % "digit", '{accuracy: ">= 0.90"}', 40, 32,
    ),
    "mnist": DataPreset(
        "the 28x28 handwritten digits of MNIST",
        "{keras: mnist}",
        _pixel_views("x", 28, channels=1, largest=255),
        "digit", "{class: y, classes: 10}", 10,
        _GIVEN % "digit", '{accuracy: ">= 0.95"}', 10, 128,
    ),
    "fashion_mnist": DataPreset(
        "the 28x28 clothes of Fashion-MNIST",
        "{keras: fashion_mnist}",
        _pixel_views("x", 28, channels=1, largest=255),
        "garment", "{class: y, classes: 10}", 10,
        _GIVEN % "garment", '{accuracy: ">= 0.80"}', 15, 128,
    ),
    "cifar10": DataPreset(
        "the 32x32 colour photographs of CIFAR-10",
        "{keras: cifar10}",
        _pixel_views("x", 32, channels=3, largest=255),
        "label", "{class: y, classes: 10}", 10,
        _GIVEN % "label", '{accuracy: ">= 0.40"}', 30, 128,
    ),
    "iris": DataPreset(
        "three species of iris by the size of their leaves",
        "{sklearn: iris}",
        _table_views("data", 4),
        "species", "{class: target, classes: 3}", 3,
        _STRATIFIED % "species", '{accuracy: ">= 0.80"}', 200, 16,
    ),
    "wine": DataPreset(
        "three growers of wine by chemical analysis",
        "{sklearn: wine}",
        _table_views("data", 13),
        "grower", "{class: target, classes: 3}", 3,
        _STRATIFIED % "grower", '{accuracy: ">= 0.80"}', 100, 16,
    ),
    "breast_cancer": DataPreset(
        "benign and malignant tumours by the shape of cell nuclei",
        "{sklearn: breast_cancer}",
        _table_views("data", 30),
        "diagnosis", "{class: target, classes: 2}", 2,
        _STRATIFIED % "diagnosis", '{accuracy: ">= 0.85"}', 100, 32,
    ),
    "two_moons": DataPreset(
        "two half circles that interlock, generated",
        "{synthetic: two_moons, samples: 1000, noise: 0.1, seed: 7}",
        _MOONS,
        "half", "{class: moon, classes: 2}", 2,
        _STRATIFIED % "half", '{accuracy: ">= 0.95"}', 100, 32,
    ),
    "imdb": DataPreset(
        "reviews of films, as ids of words, good or bad",
        "{keras: imdb}",
        _REVIEWS,
        "opinion", "{class: y, classes: 2}", 2,
        _GIVEN % "opinion", '{accuracy: ">= 0.80"}', 5, 64,
    ),
    "diabetes": DataPreset(
        "the progression of diabetes within a year",
        "{sklearn: diabetes}",
        _table_views("data", 10),
        "progression", "{number: target, standardize: true}", 1,
        "{validation: 0.15, test: 0.15, seed: 7}", '{r2: ">= 0.2"}', 100, 32,
        task="numbers",
    ),
    "sine": DataPreset(
        "the next 8 values of a noisy sum of two sines, generated",
        "{synthetic: sine, samples: 1500, noise: 0.05, seed: 3}",
        _WAVE,
        "future", "{series: value, horizon: 8, standardize: true}", 8,
        "{time: time, validation: 0.15, test: 0.15}", '{r2: ">= 0.8"}', 20, 32,
        task="numbers",
    ),
    "reversal": DataPreset(
        "rows of ids and the same rows reversed, generated",
        "{synthetic: sequence_reversal, samples: 3000, length: 6, vocabulary: 10, seed: 7}",
        _REVERSED,
        "", "", 10,
        "{validation: 0.15, test: 0.15, seed: 7}", "", 30, 64,
        task="terms",
    ),
    "tones": DataPreset(
        "words whose letters are tones, generated",
        "{synthetic: tones, samples: 3000, length: 6, letters: 8, seed: 7}",
        _WORDS,
        "", "", 12,
        "{validation: 0.15, test: 0.15, seed: 7}", "", 30, 64,
        task="letters",
    ),
    "digit_strips": DataPreset(
        "strips of one to five handwritten digits of scikit-learn",
        "{synthetic: digit_strips, samples: 3000, seed: 3}",
        _STRIPS,
        "digits", "{text: digits, split: characters, length: 5, vocabulary: 12}", 12,
        "{column: fold, validation: [3], test: [4]}", '{character_error_rate: "<= 0.2"}', 20, 32,
        task="text",
    ),
}  # fmt: skip
