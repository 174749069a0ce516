"""Data of ten times the memory that they may take: prepared, trained on, killed, gone on with."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

# The prepared pixels have 640 MB, ten times what the spec allows.
ROWS, SIDE, ALLOWED_MB = 100_000, 40, 64
# Ten times what the longest training takes on two cores.
LONGEST_S = 1200
SPEC = """\
dlspec: 1
name: large
data:
  source: {npz: [x.npy, y.npy]}
  inputs: {x: {image: x, size: [40, 40], channels: 1, standardize: true}}
  targets: {y: {class: y, classes: 4}}
  split: {validation: 0.05, test: 0.05, seed: 3}
model:
  inputs: {x: [40, 40, 1]}
  graph:
    - Conv2D: {filters: 2, kernel_size: 4, strides: 4}
    - Flatten
    - Dropout: 0.1
    - {Dense: 4, name: y}
training:
  epochs: 2
  batch_size: 100
  optimizer: Adam
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  seed: 1
evaluation: {metrics: [accuracy]}
"""
BOUND = f"runtime: {{memory: {ALLOWED_MB}MB}}\n"
_TRAIN = """
    import re, sys
    from pathlib import Path
    from dlspec_pipelines.trainer.keras_import import import_keras

    # As the trainer does it.
    import_keras()
    import dlspec, keras
    import dlspec_pipelines.steps.training.loop as loop
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
    from dlspec_pipelines.steps.training.progress import Notice, Tick
    from dlspec_pipelines.steps.training.train import train

    # As in an epoch of hours, whose checkpoints do not wait for its end.
    loop._LONG_S = 0.05

    def say(said):
        if isinstance(said, Tick):
            print(f"tick {said.epoch} {said.done > 0.5}", flush=True)
        if isinstance(said, Notice):
            print(f"notice {said.text}", flush=True)

    print(f"backend {keras.config.backend()}", flush=True)
    spec = Path(sys.argv[1])
    plan = dlspec.load(spec)
    dataset = prepare_dataset(plan.data, base=spec.parent, memory=plan.runtime.memory)
    trained = train(plan, dataset, run=sys.argv[2], spec_text=spec.read_text(), progress=say)
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    print(f"weights {trained.weights} peak {int(peak) / 1000}", flush=True)
    """


def write_data(folder, rows, text):
    draw = np.random.default_rng(0)
    folder.mkdir()
    pixels = np.lib.format.open_memmap(folder / "x.npy", "w+", np.uint8, (rows, SIDE, SIDE))
    for start in range(0, rows, 1000):
        block = draw.integers(0, 256, (min(1000, rows - start), SIDE, SIDE), dtype=np.uint8)
        pixels[start : start + len(block)] = block
    np.save(folder / "y.npy", draw.integers(0, 4, rows))
    folder.joinpath("large.yaml").write_text(text)
    return folder / "large.yaml"


def start_training(spec, run, home):
    root = Path(__file__).parents[2]
    path = os.pathsep.join(map(str, (root, root / "pipelines")))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_TRAIN), str(spec), run],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DLSPEC_HOME": str(home), "PYTHONPATH": path},
    )


@contextmanager
def ended_at_last(child):
    """Kill a training that hangs, so that reading what it says ends."""
    timer = threading.Timer(LONGEST_S, child.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def train_whole(spec, run, home):
    """Return the digest of the weights, the peak in MB, and what was said on the way."""
    with start_training(spec, run, home) as child, ended_at_last(child):
        lines = child.stdout.read().splitlines()
    assert child.returncode == 0
    _, weights, _, peak = lines[-1].split()
    return weights, float(peak), lines


def train_until_killed(spec, run, home):
    """Kill a training in the second half of its second epoch."""
    with start_training(spec, run, home) as child, ended_at_last(child):
        for line in child.stdout:
            if line == "tick 2 True\n":
                child.send_signal(signal.SIGKILL)
                break
    assert line == "tick 2 True\n"
    assert not (home / "runs").exists()


@pytest.mark.slow
def test_ten_times_the_memory_is_trained_on_killed_and_continued(tmp_path):
    _, of_the_framework, _ = train_whole(
        write_data(tmp_path / "small", 2_000, SPEC + BOUND), "r", tmp_path / "other"
    )
    spec, home = write_data(tmp_path / "large", ROWS, SPEC + BOUND), tmp_path / "home"
    train_until_killed(spec, "killed", home)
    continued, _, lines = train_whole(spec, "killed", home)
    assert "notice continuing within epoch 2 of 2" in lines
    whole, peak, _ = train_whole(spec, "whole", home)
    prepared = sum(file.stat().st_size for file in (home / "datasets").rglob("x.npy"))
    assert prepared >= 10 * ALLOWED_MB * 10**6
    assert peak - of_the_framework <= ALLOWED_MB
    spec.write_text(SPEC)
    free, _, _ = train_whole(spec, "free", home)
    assert continued == whole == free
