import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import turn_specs
from training_specs import AUGMENTED, DRAWN, MOONS, STRIPS, TERMS

_TRAIN = """
    import os, sys
    sys.path[:0] = sys.argv[3:]
    import training_specs, turn_specs
    from training_specs import prepared
    from dlspec_pipelines.steps.training.progress import EpochEnd, Notice
    from dlspec_pipelines.steps.training.train import train

    def say(said):
        if isinstance(said, EpochEnd):
            print(f"epoch {said.epoch}", flush=True)
        if isinstance(said, Notice):
            print(f"notice {said.text}", flush=True)

    for home in sys.argv[1].split(os.pathsep):
        os.environ["DLSPEC_HOME"] = home
        here = turn_specs if hasattr(turn_specs, sys.argv[2]) else training_specs
        text = getattr(here, sys.argv[2])
        for few in (2, 3):
            text = text.replace(f"epochs: {few}\\n", "epochs: 40\\n")
        plan, dataset = prepared(text, **({"epochs": 40} if "$epochs" in text else {}))
        trained = train(plan, dataset, run="r1", spec_text=text, progress=say)
        print(f"weights {trained.weights} {trained.epochs}", flush=True)
    """


def _train(*homes: Path, spec: str = "MOONS") -> "subprocess.Popen[str]":
    here = Path(__file__).parent
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(_TRAIN),
            os.pathsep.join(map(str, homes)),
            spec,
            str(here),
            str(here.parents[1]),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.slow
def test_a_killed_training_continues_to_the_weights_of_one_never_killed(tmp_path):
    """The model has Dropout, BatchNormalization, EarlyStopping and ReduceLROnPlateau."""
    for layer in ("Dropout", "BatchNormalization", "EarlyStopping", "ReduceLROnPlateau"):
        assert layer in MOONS
    _kill_and_continue(tmp_path, "MOONS", run="moons", latest=20)


@pytest.mark.slow
def test_a_killed_training_with_a_declared_loss_continues_bit_for_bit(tmp_path):
    _kill_and_continue(tmp_path, "OWN_FOCAL", run="moons", latest=20)


@pytest.mark.slow
def test_a_killed_training_on_terms_continues_bit_for_bit(tmp_path):
    """Its noise is drawn anew in every step."""
    assert "GaussianNoise" in TERMS
    _kill_and_continue(tmp_path, "TERMS", run="coded", latest=5)


@pytest.mark.slow
def test_a_killed_training_with_penalties_continues_bit_for_bit(tmp_path):
    _kill_and_continue(tmp_path, "PENALIZED", run="digits_small", latest=5)


@pytest.mark.slow
def test_a_killed_training_that_aligns_steps_with_ids_continues_bit_for_bit(tmp_path):
    assert "loss: CTC" in STRIPS
    assert "Masking" in STRIPS
    _kill_and_continue(tmp_path, "STRIPS", run="strips", latest=5)


@pytest.mark.slow
def test_a_killed_training_on_weighed_samples_continues_bit_for_bit(tmp_path):
    _kill_and_continue(tmp_path, "WEIGHED", run="digits_small", latest=5)


@pytest.mark.slow
def test_a_killed_training_on_varied_batches_continues_bit_for_bit(tmp_path):
    assert "MixUp" in AUGMENTED
    _kill_and_continue(tmp_path, "AUGMENTED", run="digits_small", latest=5)


@pytest.mark.slow
def test_a_killed_training_that_draws_continues_bit_for_bit(tmp_path):
    assert "ops.random.normal" in DRAWN
    assert "ops.random.randint" in DRAWN
    _kill_and_continue(tmp_path, "DRAWN", run="drawn", latest=5)


@pytest.mark.slow
def test_a_killed_training_in_turns_continues_bit_for_bit(tmp_path):
    assert "turns:" in turn_specs.FORGED
    _kill_and_continue(tmp_path, "FORGED", run="forged", latest=20)


@pytest.mark.slow
def test_a_killed_training_with_a_follower_continues_bit_for_bit(tmp_path):
    """What predicts is the follower."""
    assert "outputs: code" in turn_specs.FOLLOWED
    assert "{use: teacher, name: code" in turn_specs.FOLLOWED
    _kill_and_continue(tmp_path, "FOLLOWED", run="followed", latest=20)


def _kill_and_continue(tmp_path: Path, spec: str, *, run: str, latest: int) -> None:
    """Kill a training in one of its first epochs; it ends as one that was never killed."""
    moment = random.SystemRandom()
    epoch, share = moment.randint(3, latest), moment.uniform(0, 1)
    killed, never = tmp_path / "killed", tmp_path / "never"
    with _train(killed, spec=spec) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line == "epoch 2\n":
                begun = time.monotonic()
            if line == f"epoch {epoch}\n":
                break
        # Within the epoch that follows, however fast they are.
        delay = share * (time.monotonic() - begun) / (epoch - 2)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert not (killed / "runs").exists()
    with _train(killed, never, spec=spec) as child:
        assert child.stdout is not None
        said = child.stdout.read().splitlines()
    first = int(said[0].removeprefix("notice continuing after epoch ").removesuffix(" of 40"))
    assert 1 <= first < 40, (epoch, delay)
    weights = [line for line in said if line.startswith("weights")]
    assert weights[0] == weights[1], (epoch, delay)
    facts = json.loads((killed / "runs" / run / "r1" / "run.json").read_text())
    assert facts["continued_from_epoch"] == first
