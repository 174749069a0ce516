"""Strings of spoken digits: one whole run of a spec with the loss `CTC`, on recordings held out.

    DLSPEC_DATA=folder python -m benchmarks.spoken_strings [--strings 3000] [--epochs 8]

$DLSPEC_DATA holds audio/fsdd, recordings of single digits. Two to five of them, of one speaker, are
put behind each other with short pauses; the takes of the validation and of the test strings are in
no training string. The waves, their texts and the run are written to a temporary folder. Printed
are the error rates on the test strings, greedily and with a beam, and the time of the training.
"""

import argparse
import os
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import dlspec
from dlspec.language.prediction import Decoding, Prediction
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.training.progress import EpochEnd, Progress
from dlspec_pipelines.steps.training.train import train

Wave = NDArray[np.int16]

RATE = 8_000
# Longer strings are drawn again: four seconds hold nineteen of twenty strings of five.
SECONDS = 4
# Takes 0 to 19 of each digit and speaker.
TAKES = {"test": range(4), "validation": range(4, 6), "train": range(6, 20)}
# Strings for each that is trained on.
SHARES = {"train": 1.0, "validation": 0.1, "test": 0.125}
BEAM = 8
SPEC = """\
dlspec: 1
name: spoken_strings
params: {filters: 64, units: 96, epochs: 8, steps: 752}
data:
  source: {csv: strings.csv}
  inputs:
    sound:
      {audio: file, sample_rate: 8000, seconds: 4, standardize: true,
       features: {mel: 40, fft_length: 256, hop: 128, values: log}}
  targets: {digits: {text: digits, split: characters, length: 5, vocabulary: 12}}
  split: {column: part, validation: [validation], test: [test]}
model:
  graph:
    - Conv1D: [$filters, 5, {strides: 2, padding: same, activation: relu}]
    - BatchNormalization
    - Conv1D: [$filters, 5, {strides: 2, padding: same, activation: relu}]
    - BatchNormalization
    - Dropout: 0.2
    - Bidirectional: {layer: {GRU: {units: $units, return_sequences: true}}}
    - Dropout: 0.3
    - {Dense: 12, name: digits}
training:
  epochs: $epochs
  batch_size: 32
  optimizer:
    Adam:
      learning_rate: {CosineDecay: {initial_learning_rate: 3e-3, decay_steps: $steps}}
  loss: CTC
  clip: {global_norm: 5.0}
  seed: 7
evaluation:
  metrics: [character_error_rate, sequence_accuracy]
"""


def main() -> None:
    """Make the strings, train, and print the error rates."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--strings", type=int, default=3000)
    words.add_argument("--epochs", type=int, default=8)
    asked = words.parse_args()
    recordings = Path(os.environ["DLSPEC_DATA"], "audio/fsdd")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DLSPEC_HOME"] = str(folder / "home")
        write_strings(recordings, folder, strings=asked.strings)
        measure(folder, strings=asked.strings, epochs=asked.epochs)


def write_strings(recordings: Path, folder: Path, *, strings: int) -> None:
    """Write the waves of all parts, and strings.csv with their texts."""
    rng = np.random.default_rng(7)
    lines = ["file,digits,part"]
    for part, takes in TAKES.items():
        known = _recordings_of(recordings, takes)
        for number in range(round(strings * SHARES[part])):
            said, sound = _drawn_string(known, rng)
            file = folder / f"{part}_{number}.wav"
            with wave.open(str(file), "wb") as written:
                written.setnchannels(1)
                written.setsampwidth(sound.itemsize)
                written.setframerate(RATE)
                written.writeframes(sound.tobytes())
            # Quoted: a string of digits is a text.
            lines.append(f'{file.name},"{said}",{part}')
    (folder / "strings.csv").write_text("\n".join(lines) + "\n")


def _recordings_of(folder: Path, takes: range) -> dict[str, list[tuple[str, Wave]]]:
    """Return the digits of each speaker with their waves, of some takes."""
    known: dict[str, list[tuple[str, Wave]]] = {}
    for file in sorted(folder.glob("*.wav")):
        digit, speaker, take = file.stem.split("_")
        if int(take) in takes:
            with wave.open(str(file), "rb") as read:
                sound = np.frombuffer(read.readframes(read.getnframes()), dtype=np.int16)
            known.setdefault(speaker, []).append((digit, sound))
    return known


def _drawn_string(
    known: dict[str, list[tuple[str, Wave]]], rng: np.random.Generator
) -> tuple[str, Wave]:
    """Return a text of two to five digits and the wave of one speaker who says it."""
    while True:
        spoken = known[rng.choice(sorted(known))]
        drawn = [spoken[at] for at in rng.integers(0, len(spoken), rng.integers(2, 6))]
        sound = np.concatenate(list(_with_pauses([one for _, one in drawn], rng)))
        if len(sound) <= RATE * SECONDS:
            return "".join(digit for digit, _ in drawn), sound


def _with_pauses(sounds: list[Wave], rng: np.random.Generator) -> Iterator[Wave]:
    for sound in sounds:
        yield np.zeros(rng.integers(0, RATE // 5), dtype=np.int16)
        yield sound


def measure(folder: Path, *, strings: int, epochs: int) -> None:
    """Train on the strings and print what the test strings say."""
    params = {"epochs": epochs, "steps": -(-strings // 32) * epochs}
    plan = dlspec.loads(SPEC, params=params)
    assert plan.data is not None
    dataset = prepare_dataset(plan.data, base=folder)
    print(f"{dict(dataset.rows)}, {sum(_weights(plan)):,} parameters", flush=True)
    began = time.perf_counter()
    trained = train(plan, dataset, run="greedy", spec_text=SPEC, progress=_say_epoch)
    print(f"trained in {time.perf_counter() - began:.0f} s")
    for beam in (1, BEAM):
        asked = replace(plan, prediction=Prediction(decode=Decoding(beam=beam)))
        found = evaluate(asked, trained, dataset, run=f"beam{beam}", base=folder)
        figures = ", ".join(f"{name} {value:.4f}" for name, value in found.metrics.items())
        print(f"beam {beam}: {figures}", flush=True)


def _weights(plan: dlspec.Plan) -> Iterator[int]:
    for node in plan.graph.nodes:
        yield from (int(np.prod(one.shape)) for one in node.weights or ())


def _say_epoch(said: Progress) -> None:
    if isinstance(said, EpochEnd):
        told = ", ".join(f"{name} {value:.4f}" for name, value in said.figures.items())
        print(f"epoch {said.epoch}: {told}", flush=True)


if __name__ == "__main__":
    main()
