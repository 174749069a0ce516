"""The backends besides TensorFlow, and what a program needs to run on one of them."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OTHER_BACKENDS = [
    pytest.param(
        backend,
        marks=pytest.mark.skipif(
            find_spec(backend) is None, reason=f"the `{backend}` extra is not installed"
        ),
    )
    for backend in ("jax", "torch")
]


def environment_on(backend: str, *more: Path, **variables: object) -> dict[str, str]:
    """Return an environment in which this tree, and what lies in `more`, runs on a backend."""
    paths = os.pathsep.join(map(str, [ROOT, ROOT / "pipelines", ROOT / "tests", *more]))
    own = {"KERAS_BACKEND": backend, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **own, **{name: str(value) for name, value in variables.items()}}
