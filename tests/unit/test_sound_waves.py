"""Waves in arrays and files: brought to one rate and one length, told, and as mel features."""

import math

import numpy as np
import pytest
import soundfile
from refusals import objects

from dlspec.language.features import AudioFeature, MelSpectrum
from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
from dlspec_pipelines.steps.datasets.sound_files import SoundFacts, read_sound, sound_facts
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.mel_spectra import mel_spectrum
from dlspec_pipelines.steps.preparation.preparers import preparer_of
from dlspec_pipelines.steps.preparation.scratch_arrays import scratch_array
from dlspec_pipelines.steps.preparation.sound_waves import placed_wave, read_waves, resampled_wave
from dlspec_pipelines.steps.step_errors import StepError


def tone(hertz, samples, rate):
    return np.sin(2 * np.pi * hertz * np.arange(samples) / rate).astype(np.float32)


# -- files ---------------------------------------------------------------------------------------


def test_a_file_says_its_rate_its_channels_and_its_length(tmp_path):
    path = tmp_path / "two.wav"
    sides = np.stack([tone(40, 300, 1000), np.zeros(300, np.float32)], axis=1)
    soundfile.write(path, sides, 1000, subtype="FLOAT")
    assert sound_facts(path) == SoundFacts(1000, 2, 300)
    sound = read_sound(path)
    assert sound.facts == SoundFacts(1000, 2, 300)
    assert sound.wave.dtype == np.float32
    np.testing.assert_allclose(sound.wave, sides.mean(axis=1), atol=1e-7)


def test_a_long_file_is_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("dlspec_pipelines.steps.datasets.sound_files._BLOCK", 64)
    wave = tone(40, 301, 1000)
    soundfile.write(tmp_path / "long.wav", wave, 1000, subtype="FLOAT")
    np.testing.assert_array_equal(read_sound(tmp_path / "long.wav").wave, wave)


def _why(path):
    with pytest.raises(Undecodable) as caught:
        read_sound(path)
    return str(caught.value)


def test_what_is_wrong_with_a_file_is_told(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(40, 200, 1000), 1000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert _why(path) == f"`{path}` is cut off: 300 of 400 bytes of sound are there"
    # Of what was written to a pipe the header says no length.
    for said, there in ((0xFFFFFFFF, 200), (2**31 - 2**16, 200)):
        start = whole.index(b"data") + 4
        path.write_bytes(whole[:start] + said.to_bytes(4, "little") + whole[start + 4 :])
        assert len(read_sound(path).wave) == there
    path.write_bytes(whole[:start] + (2**31 - 2**16 - 2).to_bytes(4, "little") + whole[start + 4 :])
    assert _why(path) == f"`{path}` is cut off: 400 of 2147418110 bytes of sound are there"
    soundfile.write(path, np.zeros(0), 1000)
    assert _why(path) == f"`{path}` holds no sample"
    soundfile.write(path, np.array([0.0, np.inf]), 1000, subtype="FLOAT")
    assert _why(path) == f"`{path}` holds values that are no finite numbers"
    path.write_text("no sound")
    assert _why(path) == f"`{path}` cannot be read as a sound: Format not recognised."
    gone = tmp_path / "gone.wav"
    assert _why(gone).startswith(f"`{gone}` cannot be read as a sound: [Errno 2]")


# -- waves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "wanted"), [(4000, 1000), (1000, 4000), (11025, 1000)])
def test_a_wave_of_another_rate_is_the_same_sound(rate, wanted):
    wave = resampled_wave(tone(40, rate // 2, rate), rate, wanted)
    assert wave.dtype == np.float32
    assert len(wave) == math.ceil(rate // 2 * wanted / rate)
    # A filter rings at both ends.
    inner = slice(wanted // 20, -wanted // 20)
    np.testing.assert_allclose(wave[inner], tone(40, len(wave), wanted)[inner], atol=0.01)


def test_a_wave_of_the_wanted_rate_stays_as_it_is():
    wave = tone(40, 100, 1000)
    assert resampled_wave(wave, 1000, 1000) is wave


@pytest.mark.parametrize(
    ("side", "filled", "cut"),
    [
        ("end", [1, 2, 3, 0, 0, 0], [1, 2]),
        ("start", [0, 0, 0, 1, 2, 3], [2, 3]),
        ("both", [0, 1, 2, 3, 0, 0], [1, 2]),
    ],
)
def test_a_wave_is_filled_up_or_cut_at_a_side(side, filled, cut):
    wave = np.array([1, 2, 3], dtype=np.float32)
    longer = placed_wave(wave, 6, pad=side, cut="end")
    assert longer.dtype == np.float32
    # Three more samples do not fall into halves: the smaller one is in front.
    assert longer.tolist() == filled
    assert placed_wave(wave, 2, pad="end", cut=side).tolist() == cut
    assert placed_wave(wave, 3, pad=side, cut=side).tolist() == [1, 2, 3]


WAVE = AudioFeature("v", 10, 0.4)


def test_arrays_become_waves_of_one_length():
    raw = read_waves(WAVE, Table({"v": objects([1, 2], np.arange(6.0), (np.ones(4) * 3))}))
    assert raw.values.dtype == np.float32
    assert raw.values.tolist() == [[1, 2, 0, 0], [0, 1, 2, 3], [3, 3, 3, 3]]
    told = [(one.kind, one.count, one.what, one.severity) for one in raw.remarks]
    assert told == [
        ("cut_sounds", 1, "longer than `seconds: 0.4`, and cut (end)", "warn"),
        (
            "filled_up_sounds",
            1,
            "shorter than `seconds: 0.4`, filled up with silence (end)",
            "info",
        ),
    ]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "the value is missing"),
        (3.0, "no wave: one number for a whole sound"),
        ([], "an array of shape (0,) of float64, not a wave of numbers"),
        ([[1.0]], "an array of shape (1, 1) of float64, not a wave of numbers"),
        ([True], "an array of shape (1,) of bool, not a wave of numbers"),
        ([1.0, np.nan], "the wave holds values that are no finite numbers"),
    ],
)
def test_a_row_that_is_no_wave_is_refused(value, what):
    with pytest.raises(StepError) as caught:
        read_waves(WAVE, Table({"v": objects([1.0], value)}))
    assert (caught.value.message, caught.value.help) == (
        f"column `v`, row 1: {what}",
        "give each row a list of samples, or the name of a file",
    )


def test_rows_of_files_are_told_by_rate_channels_and_length(tmp_path):
    def write(name, hertz, samples, rate, channels=1):
        wave = np.stack([tone(hertz, samples, rate)] * channels, axis=1)
        soundfile.write(tmp_path / name, wave, rate, subtype="FLOAT")

    write("a.wav", 40, 200, 1000)
    write("b.wav", 40, 800, 4000)
    write("c.wav", 40, 801, 4000, channels=2)
    write("d.wav", 40, 201, 1000)
    write("e.wav", 40, 199, 1000)
    write("f.wav", 40, 2205, 11025)
    files = objects(*(f"{name}.wav" for name in "abcdef"))
    table = Table({"v": files}, files=((tmp_path, 6),))
    feature = AudioFeature("v", 1000, 0.2, pad="start", cut="both")
    raw = read_waves(feature, table)
    np.testing.assert_allclose(raw.values[0], tone(40, 200, 1000), atol=1e-6)
    assert raw.values.shape == (6, 200)
    told = {one.kind: (one.count, one.what) for one in raw.remarks}
    assert told == {
        "resampled_sounds": (3, "brought to 1,000 Hz: 2 of 4,000 Hz, 1 of 11,025 Hz"),
        "mixed_channels": (1, "of several channels, read as the mean of these"),
        "cut_sounds": (1, "longer than `seconds: 0.2`, and cut (both)"),
        "filled_up_sounds": (1, "shorter than `seconds: 0.2`, filled up with silence (start)"),
    }


def test_elements_lie_in_a_file_where_they_are_large(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    small = scratch_array((4, 2), np.float32, None)
    assert (type(small), small.shape, small.dtype) == (np.ndarray, (4, 2), np.float32)
    assert not (tmp_path / "home").exists()
    large = scratch_array((3, 3), np.float32, 1)
    assert (type(large), large.shape, large.dtype) == (np.memmap, (3, 3), np.float32)
    large[:] = 7
    assert large.sum() == 63
    assert list((tmp_path / "home/work").iterdir()) == []
    # A second one finds its folder there.
    assert scratch_array((9, 9), np.int8, 1).shape == (9, 9)


# -- mel features --------------------------------------------------------------------------------


def test_a_tone_is_loudest_in_the_bin_of_its_frequency():
    mel = MelSpectrum(20, fft_length=256, hop=128, lower=0.0, values="power")
    # By hand: `2595 log10(1 + f / 700)`, the bins evenly apart from 0 to half the rate.
    highest = 2595 * math.log10(1 + 2000 / 700)
    for hertz in (300, 700, 1500):
        found = mel_spectrum(mel, tone(hertz, 1024, 4000), 4000)
        assert found.shape == (9, 20)
        place = 2595 * math.log10(1 + hertz / 700) / highest * 21 - 1
        assert abs(found[4].argmax() - place) <= 1


def test_decibels_and_logarithms_are_those_of_the_power():
    wave = tone(300, 1024, 4000) + np.linspace(0, 1e-3, 1024, dtype=np.float32)
    power, log, db = (
        mel_spectrum(MelSpectrum(20, fft_length=256, hop=128, values=values), wave, 4000)
        for values in ("power", "log", "db")
    )
    np.testing.assert_allclose(log, np.log(np.maximum(power, 1e-10)))
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    np.testing.assert_allclose(db, np.maximum(decibels, decibels.max() - 80))
    silent = np.zeros(1024, dtype=np.float32)
    assert np.unique(mel_spectrum(MelSpectrum(5, values="db", fft_length=256), silent, 4000)) == [
        pytest.approx(-100)
    ]


@pytest.mark.parametrize("features", ["wave", MelSpectrum(4, fft_length=16, hop=8, values="log")])
def test_sounds_are_standardised_over_all_samples_or_for_each_bin(features):
    feature = AudioFeature("v", 100, 0.4, features=features, standardize=True, scale=2.0)
    waves = np.random.default_rng(1).normal(3, 2, (6, 40)).astype(np.float32)
    preparer = preparer_of(feature)
    raw = preparer.raw_values(Table({"v": waves}))
    train = np.arange(4)
    fitted = preparer.fit_rows(raw, train)
    made = preparer.model_values(fitted, raw, np.arange(6), rows=np.arange(6))
    axes = None if features == "wave" else (0, 1)
    seen = raw.values[:4].astype(np.float64)
    expected = (raw.values - seen.mean(axis=axes)) / seen.std(axis=axes)
    np.testing.assert_allclose(made, expected, atol=1e-4)
