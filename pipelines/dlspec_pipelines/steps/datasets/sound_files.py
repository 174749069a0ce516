"""One sound's file -> its wave in one channel, and the facts of its header."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
from dlspec_pipelines.steps.datasets.table import Array

if TYPE_CHECKING:
    import soundfile

# libsndfile's own note of a WAV or AIFF file that holds less than its header says.
_SHORT = re.compile(r"\b(?:data|SSND) : (\d+) \(should be (\d+)\)")
# What is written to a pipe has no length yet and says the most that 32 bits hold, or nearly that.
_NO_LENGTH = 2**31 - 2**16

# Samples of all channels in memory at a time: 4 MiB for each channel.
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What the header of a sound says: samples in a second, channels, samples in each of them."""

    sample_rate: int
    channels: int
    frames: int


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One sound: its facts, and the mean of its channels from -1 to 1.

    Shapes:
        wave: (frames,), float32
    """

    facts: SoundFacts
    wave: Array


def sound_facts(path: Path) -> SoundFacts:
    """Return what the header of a file says.

    Raises:
        Undecodable: If the file is no sound.
    """
    with _opened_sound(path) as file:
        return SoundFacts(file.samplerate, file.channels, file.frames)


def read_sound(path: Path) -> Sound:
    """Return a sound, whole.

    Raises:
        Undecodable: If the file is no sound, damaged, cut off, or without a sample.
    """
    with _opened_sound(path) as file:
        facts = SoundFacts(file.samplerate, file.channels, file.frames)
        blocks = file.blocks(_BLOCK, dtype="float32", always_2d=True)
        wave = np.concatenate([np.zeros(0, np.float32), *(b.mean(axis=1) for b in blocks)])
        said = _SHORT.search(file.extra_info)
    if said and int(said[2]) < int(said[1]) < _NO_LENGTH:
        raise Undecodable(f"`{path}` is cut off: {said[2]} of {said[1]} bytes of sound are there")
    if len(wave) < facts.frames:
        raise Undecodable(f"`{path}` is cut off: {len(wave)} of {facts.frames:,} samples are there")
    if not len(wave):
        raise Undecodable(f"`{path}` holds no sample")
    if not np.isfinite(wave).all():
        raise Undecodable(f"`{path}` holds values that are no finite numbers")
    return Sound(facts, wave)


@contextmanager
def _opened_sound(path: Path) -> Iterator["soundfile.SoundFile"]:
    # Costs a tenth of a second; other files have nothing to do with it.
    import soundfile

    try:
        # By its content, whatever it is called: the name `x.raw` alone would ask for a format.
        with path.open("rb") as opened, soundfile.SoundFile(opened.fileno(), closefd=False) as file:
            yield file
    except (OSError, soundfile.SoundFileError) as error:
        why = str(error).removeprefix("Error opening").lstrip(" 0123456789:")
        raise Undecodable(f"`{path}` cannot be read as a sound: {why}") from error
