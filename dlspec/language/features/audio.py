"""The feature `audio`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.features.feature_keys import (
    COLUMN,
    POSITIVE,
    SCALE,
    SCALE_DOC,
    STANDARDIZE_DOC,
)
from dlspec.language.features.feature_kind import TargetKind
from dlspec.language.kinds import Boolean, Choice, Either, Integer, Number, Tagged, spec_key
from dlspec.language.tensors import Tensor

_SIDES = Choice(("end", "start", "both"))
# Keras's `MelSpectrogram` has as many where nothing is said; ears tell hardly more apart.
_USUAL_BINS, _MOST_BINS = 128, 1024
# Ultrasound is recorded with a tenth of it; nothing but a slip is longer than a day.
_HIGHEST_RATE, _LONGEST = 10_000_000, 86_400


@dataclass(frozen=True, slots=True)
class MelSpectrum:
    """The power of a sound at moments and in bins of the mel scale, as Keras's `MelSpectrogram`."""

    mel: int = spec_key(Integer(minimum=1, maximum=_MOST_BINS), "How many bins.")
    fft_length: int = spec_key(
        Integer(minimum=2), "Samples that a moment is made of, an even number.", default=2048
    )
    hop: int = spec_key(POSITIVE, "Samples from one moment to the next.", default=512)
    lower: float = spec_key(
        Number(minimum=0), "Where the lowest bin begins, in hertz.", default=20.0
    )
    upper: float | None = spec_key(
        Number(above=0),
        "Where the highest ends, in hertz; default: half of `sample_rate`.",
        default=None,
    )
    values: str = spec_key(
        Choice(("db", "log", "power")),
        "Decibels, down to 80 below the loudest of the sound; the natural logarithm; or the power "
        "itself.",
        default="db",
    )

    def num_moments(self, samples: int) -> int:
        """Return how many moments a wave of so many samples has, the first about its begin."""
        return 1 + samples // self.hop


@dataclass(frozen=True, slots=True)
class AudioFeature:
    """Waves, or the names of sound files; an element is `[samples]`, of mel features `[n, bins]`.

    The channels of a sound become their mean; another sample rate is brought to the one said here,
    and counted.
    """

    word: ClassVar[str] = "audio"
    is_input: ClassVar[bool] = True
    learned_as: ClassVar[TargetKind | None] = "number"
    can_stratify: ClassVar[bool] = False
    reads_files: ClassVar[bool] = True

    audio: str = spec_key(
        COLUMN, "The column of waves, or of files (.wav, .flac, ...) relative to the table."
    )
    sample_rate: int = spec_key(
        Integer(minimum=1, maximum=_HIGHEST_RATE), "Samples in a second, as the model reads them."
    )
    seconds: float = spec_key(
        Number(above=0, maximum=_LONGEST),
        "How long an element is; times `sample_rate`, rounded, its samples.",
    )
    pad: str = spec_key(_SIDES, "Where silence fills a short sound up, counted.", default="end")
    cut: str = spec_key(_SIDES, "Where a long sound is cut, counted.", default="end")
    features: str | MelSpectrum = spec_key(
        Either(
            scalar=Choice(("wave", "mel")),
            mapping=Tagged("kind of features", {"mel": MelSpectrum}),
        ),
        "The `wave` itself; `mel`, as Keras's `MelSpectrogram` makes it where nothing is said; or "
        "`{mel: 64, fft_length: 512, hop: 128}` and so on.",
        default="wave",
    )
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    standardize: bool = spec_key(
        Boolean(),
        STANDARDIZE_DOC.rstrip(".") + "; of mel features for each bin, else over all samples.",
        default=False,
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.audio,)

    @property
    def num_samples(self) -> int:
        """Return how many samples of a wave an element is made of."""
        return max(1, round(self.seconds * self.sample_rate))

    @property
    def mel(self) -> MelSpectrum | None:
        """Return how mel features are made; None of a wave."""
        if isinstance(self.features, MelSpectrum):
            return self.features
        return MelSpectrum(_USUAL_BINS) if self.features == "mel" else None

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        if self.mel is None:
            return Tensor((self.num_samples,), "float32")
        return Tensor((self.mel.num_moments(self.num_samples), self.mel.mel), "float32")

    @property
    def num_ids(self) -> None:
        """Return None: its values are no ids."""
        return None

    @property
    def num_classes(self) -> None:
        """Return None: a sample is of no class."""
        return None

    @property
    def window(self) -> None:
        """Return None: an element is one row."""
        return None
