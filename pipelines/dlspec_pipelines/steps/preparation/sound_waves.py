"""Sounds, in files that a column names or as arrays -> waves of one sample rate and one length."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np

from dlspec.language.features import AudioFeature
from dlspec_pipelines.steps.data_memory import each_row
from dlspec_pipelines.steps.datasets.sound_files import SoundFacts, read_sound
from dlspec_pipelines.steps.datasets.table import Array, RefusedValue, Table
from dlspec_pipelines.steps.preparation.mel_spectra import mel_spectrum
from dlspec_pipelines.steps.preparation.named_files import decode_named_files, names_files
from dlspec_pipelines.steps.preparation.raw_columns import Raw, Remark
from dlspec_pipelines.steps.preparation.scratch_arrays import fill_row, scratch_array


@dataclass(frozen=True, slots=True, eq=False)
class _Elements:
    """Elements that are being made, one for each row, and what the sounds of the rows were.

    Shapes:
        values: (rows, *element)
        rates, channels, frames: (rows,)
    """

    feature: AudioFeature
    values: Array
    rates: Array
    channels: Array
    frames: Array

    def keep(self, row: int, wave: Array, facts: SoundFacts) -> None:
        """Make the element of one sound."""
        feature = self.feature
        wave = resampled_wave(wave, facts.sample_rate, feature.sample_rate)
        wave = placed_wave(wave, feature.num_samples, pad=feature.pad, cut=feature.cut)
        mel, rate = feature.mel, feature.sample_rate
        fill_row(self.values, row, wave if mel is None else mel_spectrum(mel, wave, rate))
        self.rates[row], self.channels[row] = facts.sample_rate, facts.channels
        self.frames[row] = facts.frames

    def keep_file(self, row: int, path: Path) -> None:
        """Make the element of one file."""
        sound = read_sound(path)
        self.keep(row, sound.wave, sound.facts)


def read_waves(feature: AudioFeature, table: Table) -> Raw:
    """Return the elements of a column of sounds, not yet scaled.

    Files are decoded on all cores, each into its own row: no more than one for each core waits in
    memory.

    Raises:
        StepError: If files are missing, no sounds, damaged or empty, or a row is no wave (DL613).
    """
    column, shape = table.columns[feature.audio], feature.element.shape
    assert shape is not None, "the text says how long an element is"
    extents = (extent or 0 for extent in shape)
    values = scratch_array((table.rows, *extents), np.float32, table.memory)
    facts = np.zeros((3, table.rows), dtype=np.int64)
    elements = _Elements(feature, values, *facts)
    if names_files(column):
        decode_named_files(feature.audio, table, elements.keep_file)
    else:
        for row, value in enumerate(each_row(column)):
            wave = _wave_of_value(feature, row, value)
            elements.keep(row, wave, SoundFacts(feature.sample_rate, 1, len(wave)))
    return Raw(values, remarks=tuple(_remarks_on_sounds(elements)))


def resampled_wave(wave: Array, rate: int, wanted: int) -> Array:
    """Return a wave of `rate` samples in a second as one of `wanted`.

    Shapes:
        wave: (frames,)
        returns: (ceil(frames * wanted / rate),)
    """
    if rate == wanted:
        return wave
    # Costs a second; sounds of the wanted rate have nothing to do with it.
    import scipy.signal

    common = gcd(rate, wanted)
    found = scipy.signal.resample_poly(wave.astype(np.float64), wanted // common, rate // common)
    return np.asarray(found, dtype=np.float32)


def placed_wave(wave: Array, samples: int, *, pad: str, cut: str) -> Array:
    """Return a wave of so many samples: silence fills it up at a side, or a side is cut."""
    over = len(wave) - samples
    if over >= 0:
        start = {"end": 0, "start": over, "both": over // 2}[cut]
        return wave[start : start + samples]
    start = {"end": 0, "start": -over, "both": -over // 2}[pad]
    placed = np.zeros(samples, dtype=np.float32)
    placed[start : start + len(wave)] = wave
    return placed


def _wave_of_value(feature: AudioFeature, row: int, value: object) -> Array:
    what = None
    wave = np.asarray(value) if isinstance(value, np.ndarray | list) else None
    if wave is None:
        what = "the value is missing" if value is None else "no wave: one number for a whole sound"
    elif wave.ndim != 1 or wave.dtype.kind not in "iuf" or not wave.size:
        what = f"an array of shape {wave.shape} of {wave.dtype}, not a wave of numbers"
    elif not np.isfinite(wave).all():
        what = "the wave holds values that are no finite numbers"
    if what is not None:
        raise RefusedValue(
            feature.audio, row, what, help="give each row a list of samples, or the name of a file"
        )
    assert wave is not None
    return wave.astype(np.float32)


def _remarks_on_sounds(elements: _Elements) -> Iterator[Remark]:
    """Say how many sounds were resampled, had several channels, were cut or filled up."""
    feature = elements.feature
    other = elements.rates != feature.sample_rate
    if other.any():
        rates, counts = np.unique(elements.rates[other], return_counts=True)
        told = ", ".join(f"{n} of {rate:,} Hz" for rate, n in zip(rates, counts, strict=True))
        yield Remark(
            "resampled_sounds", int(other.sum()), f"brought to {feature.sample_rate:,} Hz: {told}"
        )
    several = int((elements.channels > 1).sum())
    if several:
        yield Remark("mixed_channels", several, "of several channels, read as the mean of these")
    # A sample more or less is no more than rounding.
    lengths = elements.frames * feature.sample_rate / elements.rates
    longer = int((lengths >= feature.num_samples + 1).sum())
    if longer:
        text = f"longer than `seconds: {feature.seconds:g}`, and cut ({feature.cut})"
        yield Remark("cut_sounds", longer, text)
    shorter = int((lengths <= feature.num_samples - 1).sum())
    if shorter:
        text = (
            f"shorter than `seconds: {feature.seconds:g}`, filled up with silence ({feature.pad})"
        )
        yield Remark("filled_up_sounds", shorter, text, severity="info")
