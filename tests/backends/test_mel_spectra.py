"""Mel features are the numbers that Keras's `MelSpectrogram` gives."""

import keras
import numpy as np
import pytest

from dlspec.language.features import AudioFeature, MelSpectrum
from dlspec.rules.mel_bins import count_empty_bins
from dlspec_pipelines.steps.preparation.mel_spectra import mel_spectrum, mel_weights

RANDOM = np.random.default_rng(0)


def sound(samples, rate):
    """Return a rising tone with some noise that falls silent."""
    at = np.arange(samples) / rate
    loud = np.sin(2 * np.pi * (200 + 400 * at) * at) * np.exp(-4 * at)
    return (0.5 * loud + 0.01 * RANDOM.normal(size=samples)).astype(np.float32)


CASES = [
    # samples, rate, features
    (16_000, 16_000, MelSpectrum(128)),
    (8_000, 8_000, MelSpectrum(64, fft_length=512, hop=128)),
    (4_321, 8_000, MelSpectrum(40, fft_length=256, hop=100, lower=0.0, upper=3_500.0)),
    (22_050, 22_050, MelSpectrum(80, fft_length=1_024, hop=256, values="power")),
    (1_024, 11_025, MelSpectrum(20, fft_length=1_024, hop=1_000, lower=100.5, values="log")),
    (511, 8_000, MelSpectrum(13, fft_length=200, hop=73, lower=300.0, upper=400.0 * 9)),
]


@pytest.mark.parametrize(("samples", "rate", "mel"), CASES)
def test_features_are_what_keras_computes(samples, rate, mel):
    layer = keras.layers.MelSpectrogram(
        fft_length=mel.fft_length,
        sequence_stride=mel.hop,
        sampling_rate=rate,
        num_mel_bins=mel.mel,
        min_freq=mel.lower,
        max_freq=mel.upper,
        power_to_db=mel.values == "db",
    )
    wave = sound(samples, rate)
    expected = np.asarray(layer(wave[None]))[0].T
    if mel.values == "log":
        expected = np.log(np.maximum(expected, 1e-10))
    found = mel_spectrum(mel, wave, rate)
    # Keras computes in float32, in which a quiet bin beside a loud one is less exact.
    tolerance = {"db": 0.02, "log": 0.01, "power": 1e-3 * float(expected.max())}[mel.values]
    np.testing.assert_allclose(found, expected, atol=tolerance)
    feature = AudioFeature("file", rate, samples / rate, features=mel)
    assert feature.element.shape == expected.shape


def test_features_that_say_nothing_are_those_of_the_layer_as_it_stands():
    wave, feature = sound(16_000, 16_000), AudioFeature("file", 16_000, 1.0, features="mel")
    expected = np.asarray(keras.layers.MelSpectrogram()(wave[None]))[0].T
    np.testing.assert_allclose(mel_spectrum(feature.mel, wave, 16_000), expected, atol=0.02)


def test_weights_are_those_of_keras():
    layer = keras.layers.MelSpectrogram()
    expected = layer.linear_to_mel_weight_matrix(40, 257, 8_000, 60.0, 3_800.0)
    mel = MelSpectrum(40, fft_length=512, lower=60.0, upper=3_800.0)
    np.testing.assert_allclose(mel_weights(mel, 8_000), np.asarray(expected), atol=1e-4)


@pytest.mark.parametrize(("bins", "fft_length"), [(128, 256), (72, 256), (90, 512), (300, 512)])
def test_bins_without_a_frequency_are_those_whose_weights_are_all_zero(bins, fft_length):
    mel = MelSpectrum(bins, fft_length=fft_length)
    weights = mel_weights(mel, 8_000)
    assert count_empty_bins(mel, bins, fft_length, 8_000) == (weights.max(axis=0) == 0).sum()
