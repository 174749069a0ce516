"""What mel features of a sound owe its length and its sample rate."""

import math

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.features import AudioFeature, MelSpectrum
from dlspec.language.mel_scale import mel_edges
from dlspec.rules.subject import Checked

# Longer windows hold minutes; the search for one that fits ends here.
_LONGEST_WINDOW = 2**20


def report_mel_spectra(checked: Checked) -> None:
    """Report windows longer than the sound, bins beyond its frequencies, and bins of nothing."""
    if checked.data is None:
        return
    sides = {"inputs": checked.data.inputs, "targets": checked.data.targets}
    for side, features in sides.items():
        for name, feature in features.items():
            if isinstance(feature, AudioFeature) and feature.mel is not None:
                _check_mel(checked, f"data.{side}.{name}.features", feature, feature.mel)


def _check_mel(checked: Checked, path: str, feature: AudioFeature, mel: MelSpectrum) -> None:
    places, half = checked.spec.places, feature.sample_rate / 2
    upper = half if mel.upper is None else mel.upper

    def report(code: Code, key: str, message: str, label: str, help_: str) -> None:
        place = places.value(f"{path}.{key}")
        checked.reporter.error(code, place, message, label=label, help=help_)

    if mel.fft_length % 2:
        report(
            Code.OUT_OF_RANGE, "fft_length", "`fft_length` must be an even number",
            f"{mel.fft_length} is odd", f"write `fft_length: {mel.fft_length + 1}`",
        )  # fmt: skip
    elif mel.fft_length > feature.num_samples:
        report(
            Code.CONFLICT, "fft_length",
            f"a window of {counted(mel.fft_length, 'sample')} does not fit a sound of "
            f"{feature.num_samples:,}",
            f"{feature.seconds:g} seconds of {feature.sample_rate:,} samples are that many",
            _shorter_window(mel, feature),
        )  # fmt: skip
    elif upper > half:
        report(
            Code.CONFLICT, "upper", f"no sound of this rate has a frequency above {half:,g} hertz",
            f"{feature.sample_rate:,} samples a second hold half as many hertz",
            f"write `upper: {half:g}`, or leave `upper` out",
        )  # fmt: skip
    elif mel.lower >= upper:
        report(
            Code.CONFLICT, "lower", "the lowest bin begins where the highest ends, or above",
            f"the highest ends at {upper:g} hertz", "write a smaller `lower`",
        )  # fmt: skip
    else:
        empty = count_empty_bins(mel, mel.mel, mel.fft_length, feature.sample_rate)
        if empty:
            report(
                Code.CONFLICT, "mel",
                f"{empty} of the {counted(mel.mel, 'bin')} would hold nothing",
                f"no frequency of a window of {counted(mel.fft_length, 'sample')} lies in them",
                _fewer_bins(mel, feature),
            )  # fmt: skip


def count_empty_bins(mel: MelSpectrum, bins: int, fft_length: int, sample_rate: int) -> int:
    """Return in how many bins none of the frequencies lies that a window tells apart."""
    edges = mel_edges(bins, mel.lower, sample_rate / 2 if mel.upper is None else mel.upper)
    step = sample_rate / fft_length
    return sum(
        # The first multiple of the step above the lower edge; that of 0 hertz counts nowhere.
        max(math.floor(low / step) + 1, 1) * step >= high
        for low, high in zip(edges, edges[2:], strict=False)
    )


def _shorter_window(mel: MelSpectrum, feature: AudioFeature) -> str:
    longest = 2 ** (feature.num_samples.bit_length() - 1)
    bins = _most_bins(mel, longest, feature.sample_rate)
    if longest < 2 or not bins:
        return "write more `seconds`"
    if feature.features == "mel":
        return f"write `features: {{mel: {bins}, fft_length: {longest}}}`, or more `seconds`"
    fewer = f" and `mel: {bins}`" if bins < mel.mel else ""
    return f"write `fft_length: {longest}`{fewer}, or more `seconds`"


def _fewer_bins(mel: MelSpectrum, feature: AudioFeature) -> str:
    bins = _most_bins(mel, mel.fft_length, feature.sample_rate)
    ways = [f"`mel: {bins}`"] if bins else []
    longer = mel.fft_length
    while longer < _LONGEST_WINDOW and count_empty_bins(mel, mel.mel, longer, feature.sample_rate):
        longer *= 2
    if longer <= min(feature.num_samples, _LONGEST_WINDOW):
        ways.append(f"`fft_length: {longer}`")
    return "write " + (" or ".join(ways) or "a smaller `lower` and a larger `upper`")


def _most_bins(mel: MelSpectrum, fft_length: int, sample_rate: int) -> int:
    """Return about as many bins as a window fills, of those asked for; 0 where it fills none."""
    bins = mel.mel
    while bins and count_empty_bins(mel, bins, fft_length, sample_rate):
        bins = bins * 3 // 4
    return bins
