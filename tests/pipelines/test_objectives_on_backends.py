"""Trainings of every kind come to the same on JAX and PyTorch as on TensorFlow."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from other_backends import OTHER_BACKENDS, environment_on

HERE = Path(__file__).parent
# As the trainer does it.
PROGRAM = """
import sys
from dlspec_pipelines.trainer.keras_import import import_keras
import_keras()
import objectives_on_one_backend
objectives_on_one_backend.main(sys.argv[1])
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what trainings on a backend come to, and the weights that they end with."""

    @cache
    def train(backend: str) -> tuple[dict, dict[str, np.ndarray]]:
        out = tmp_path_factory.mktemp(backend) / "found"
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(out)],
            env=environment_on(backend, HERE, DLSPEC_HOME=out.parent / "home"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(f"{out}.npz") as arrays:
            return json.loads(Path(f"{out}.json").read_text()), dict(arrays)

    return train


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
@pytest.mark.parametrize("kind", ["follow", "weight", "vectors", "aligned"])
def test_the_same_beginning_ends_in_the_weights_and_figures_of_tensorflow(backend, kind, found):
    (facts, arrays), (others, other_arrays) = found("tensorflow"), found(backend)
    names = [name for name in arrays if name.startswith(f"{kind}/")]
    assert others["backend"] == backend
    assert len(names) > 2
    for name in names:
        np.testing.assert_allclose(other_arrays[name], arrays[name], rtol=1e-4, atol=5e-4)
    metrics = facts["kinds"][kind]["metrics"]
    assert "loss" in metrics
    assert others["kinds"][kind]["metrics"] == pytest.approx(metrics, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
@pytest.mark.parametrize("kind", ["follow", "weight", "vectors", "aligned"])
def test_a_stopped_one_ends_bit_equal(backend, kind, found):
    told = found(backend)[0]["kinds"][kind]
    assert told["continued_from"] == 1
    assert told["weights"][0] == told["weights"][1]
    assert told["histories"][0] == told["histories"][1]


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_rows_of_an_embedding_are_those_of_the_file(backend, found):
    rows, theirs = (found(one)[0]["rows"] for one in (backend, "tensorflow"))
    assert rows == theirs
    assert rows["found"] == 18
    assert sum(row == [1, 3, 0, 0.5] for row in rows["rows"]) == 1  # `lovely`


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_a_follower_is_the_moving_average_of_what_it_follows(backend, found):
    told = found(backend)[0]["average"]
    assert told["apart"] < 1e-5
    assert told["moved"] > 1e-3


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_turns_in_half_precision_are_those_of_a_step_by_hand_and_go_on(backend, precision, found):
    told = found(backend)[0]["half"][precision]
    assert told["weights"][0] == told["weights"][1]
    assert told["histories"][0] == told["histories"][1]
    # A compiled step rounds to half of the digits at other places than one by hand does.
    assert max(told["apart"]) < 1e-3 < min(told["moved"])
    if precision == "mixed_float16":
        ours, theirs = told["scales"]
        assert ours == theirs
        (caught, _), (forged, _) = ours
        assert caught < forged == 2**15


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_a_declared_loss_trains_in_float16_as_the_one_of_keras_that_it_says(backend, found):
    of_keras, own = found(backend)[0]["own loss"]
    assert own == pytest.approx(of_keras, rel=1e-4)


@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_the_loss_of_steps_and_their_decoding_are_those_counted_by_hand(backend):
    """Every test of them in a process of the backend, masks and precisions included."""
    file = HERE.parent / "backends/test_ctc.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", file],
        env=environment_on(backend, HERE, DLSPEC_HOME=HERE),
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "8 passed" in done.stdout
