"""TensorFlow, JAX and PyTorch compute the same from the same layers, weights and inputs.

Each case is lowered by `on_one_backend.py` in a process for each backend; here their outputs are
compared. `DLSPEC_BACKEND_CASES=20` takes so many cases of each layer.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from other_backends import OTHER_BACKENDS, environment_on

HERE = Path(__file__).parent
SCRIPT = HERE / "on_one_backend.py"
CASES = int(os.environ.get("DLSPEC_BACKEND_CASES", "1"))
# As far apart as the dtype can tell; whole numbers agree exactly.
TOLERANCE = {"float32": 1e-5, "float16": 2e-2, "bfloat16": 8e-2}
FAMILIES = (
    *("core", "einsum", "reshaping", "convolution", "pooling", "recurrent", "wrappers"),
    *("recurrent convolution", "normalization", "attention", "merging", "preprocessing"),
    *("augmentation", "private"),
)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Return what a backend makes of what the script is asked for."""
    folder = tmp_path_factory.mktemp("backends")

    @cache
    def judge(backend: str, what: str, *arguments: str) -> tuple[dict, dict[str, np.ndarray]]:
        out = folder / f"{backend}-{what}"
        done = subprocess.run(
            [sys.executable, str(SCRIPT), what, str(out), *arguments],
            cwd=HERE.parents[1],
            env=environment_on(backend, HERE),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(f"{out}.npz") as arrays:
            return json.loads(Path(f"{out}.json").read_text()), dict(arrays)

    return judge


def difference(facts: dict, others: dict, arrays: tuple[dict, dict], key: str) -> str | None:
    """Return how a backend's outputs differ from TensorFlow's, or None."""
    if "refused" in others:
        return str(others["refused"])
    if others["weights"] != facts["weights"]:
        return f"weights {facts['weights']} {others['weights']}"
    if others["dtypes"] != facts["dtypes"]:
        return f"dtypes {facts['dtypes']} {others['dtypes']}"
    found = (
        _apart(arrays[0][f"{key}/{i}"], arrays[1][f"{key}/{i}"], TOLERANCE.get(dtype, 0.0))
        for i, dtype in enumerate(facts["dtypes"])
    )
    return next(filter(None, found), None)


def _apart(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> str | None:
    """Compare by the largest difference over the largest magnitude."""
    if ours.shape != theirs.shape:
        return f"shapes {ours.shape} {theirs.shape}"
    finite = np.isfinite(ours)
    if not np.array_equal(finite, np.isfinite(theirs)):
        return "nan or infinite in different places"
    wide = np.complex128 if ours.dtype.kind == "c" else np.float64
    a, b = ours[finite].astype(wide), theirs[finite].astype(wide)
    off = np.abs(a - b).max(initial=0.0) / max(np.abs(a).max(initial=0.0), 1e-30)
    return f"off by {off:.2g}" if off > tolerance else None


def disagreements(judged, backend: str, what: str, *arguments: str) -> tuple[Counter, list[str]]:
    """Return how many cases of each kind agree, and those that do not."""
    facts, arrays = judged("tensorflow", what, *arguments)
    others, other_arrays = judged(backend, what, *arguments)
    agree: Counter = Counter()
    differ = []
    for key, ours in facts.items():
        found = others[key]
        assert found["case"] == ours["case"]
        # What TensorFlow refuses is mostly whole numbers and float16, for want of a kernel.
        if "refused" in ours or "limit" in found:
            continue
        apart = difference(ours, found, (arrays, other_arrays), key)
        if apart is None:
            agree[ours["kind"]] += 1
        else:
            differ.append(f"{ours['kind']} {key}: {apart}\n    {ours['case'][:600]}")
    return agree, differ


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_layers_give_the_outputs_of_tensorflow(backend, judged):
    agree, differ = disagreements(judged, backend, "layers", str(CASES), *FAMILIES)
    assert differ == []
    assert len(agree) > 80


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_specs_and_the_zoo_give_the_outputs_of_tensorflow_before_and_after_training(
    backend, judged
):
    agree, differ = disagreements(judged, backend, "models", str(HERE.parents[1] / "specs"))
    assert differ == []
    assert {"digits_lenet5", "reversal_seq2seq", "zoo resnet", "zoo vgg"} <= set(agree)
