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
from dlspec.language.kinds import Boolean, Choice, Number, spec_key
from dlspec.language.tensors import Tensor

_SIDES = Choice(("end", "start", "both"))


@dataclass(frozen=True, slots=True)
class AudioFeature:
    """Waves, or the names of sound files; an element is `[samples]`.

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
    sample_rate: int = spec_key(POSITIVE, "Samples in a second, as the model reads them.")
    seconds: float = spec_key(
        Number(above=0), "How long an element is; times `sample_rate`, rounded, its samples."
    )
    pad: str = spec_key(_SIDES, "Where silence fills a short sound up, counted.", default="end")
    cut: str = spec_key(_SIDES, "Where a long sound is cut, counted.", default="end")
    scale: float | None = spec_key(SCALE, SCALE_DOC, default=None)
    standardize: bool = spec_key(Boolean(), STANDARDIZE_DOC, default=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that it reads."""
        return (self.audio,)

    @property
    def num_samples(self) -> int:
        """Return how many samples of a wave an element is made of."""
        return max(1, round(self.seconds * self.sample_rate))

    @property
    def element(self) -> Tensor:
        """Return shape and dtype of one element."""
        return Tensor((self.num_samples,), "float32")

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
