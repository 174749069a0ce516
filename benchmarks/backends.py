"""Epochs of our training beside those of `model.fit`, on each backend that is installed.

python -m benchmarks.backends [BACKEND ...]

Both train the same spec on the same arrays, each in a process of its own, in turn. The ratio is
that of the median epochs, validation included, without the first one, which compiles.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
BACKENDS = ("tensorflow", "jax", "torch")
SPECS = ("digits_lenet5", "digits_rows_lstm")
RUNS = 3
_HEAD = ("backend", "spec", "ours, epoch", "fit, epoch", "ratio", "ours, all", "fit, all")
_ROW = "{:10}  {:16}  {:>11}  {:>11}  {:>5}  {:>9}  {:>8}"
# Ours as the trainer starts, fit as a script does.
_PROGRAMS = {
    "ours": "from dlspec_pipelines.trainer.keras_import import import_keras; import_keras()\n",
    "fit": "import keras\n",
}
_MAIN = "import sys; from benchmarks.one_backend import measure; measure(*sys.argv[1:])\n"

# Median epoch and whole training, in seconds.
Times = tuple[float, float]


def main(backends: Sequence[str]) -> None:
    """Print a row for each backend and spec."""
    print(_ROW.format(*_HEAD))
    with tempfile.TemporaryDirectory() as folder:
        for backend in backends or BACKENDS:
            if find_spec(backend) is None:
                print(f"{backend:10}  not installed")
                continue
            for spec in SPECS:
                pairs = [
                    (_timed("ours", backend, spec, folder), _timed("fit", backend, spec, folder))
                    for _ in range(RUNS)
                ]
                print(_ROW.format(backend, spec, *_figures(pairs)), flush=True)


def _figures(pairs: Sequence[tuple[Times, Times]]) -> list[str]:
    ours, fit = zip(*pairs, strict=True)
    ratio = statistics.median(one[0] / other[0] for one, other in pairs)
    epochs = [f"{statistics.median(t[0] for t in times) * 1e3:.1f} ms" for times in (ours, fit)]
    wholes = [f"{statistics.median(t[1] for t in times):.2f} s" for times in (ours, fit)]
    return [*epochs, f"{ratio:.2f}", *wholes]


def _timed(what: str, backend: str, spec: str, folder: str) -> Times:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAMS[what] + _MAIN, what, str(ROOT / f"specs/{spec}.yaml")],
        cwd=ROOT,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "DLSPEC_HOME": f"{folder}/{time.monotonic_ns()}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{what} {backend} {spec} exited with {done.returncode}\n{done.stderr}")
    epochs, whole_s = json.loads(done.stdout.splitlines()[-1])
    return statistics.median(epochs[1:]), whole_s


if __name__ == "__main__":
    main(sys.argv[1:])
