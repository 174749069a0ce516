"""The trainer process: started early, ended with its parent, stopped with a checkpoint."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from chain_specs import write_tiny
from terminal import PATHS

from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.trainer.backend_choice import require_backend
from dlspec_pipelines.trainer.process import TrainerGone, TrainerProcess, Trainers

ROOT = Path(__file__).parents[2]
# Epochs that no test waits for.
ENDLESS = "epochs=1000000"


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path))
    process = TrainerProcess("tensorflow", label="test")
    yield process
    process.close(keep_log=True)


def wait(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def trainer_of(pid):
    """Return the trainer that process `pid` has started, or None."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text().split() if children.exists() else []:
        if "dlspec_pipelines.trainer.server" in Path(f"/proc/{child}/cmdline").read_text():
            return int(child)
    return None


class Run:
    """One `dlspec run` in a process of its own, read while it goes on."""

    def __init__(self, folder, *arguments):
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dlspec_pipelines.cli", "run", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": PATHS, "DLSPEC_HOME": str(folder / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, text):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if text in line:
                return
        raise AssertionError("\n".join(self.lines))

    def rest(self):
        self.lines += self.process.stdout.read().splitlines()
        self.process.stdout.close()
        return self.process.wait(60)


@pytest.fixture
def project(tmp_path):
    write_tiny(tmp_path / "specs")
    return tmp_path


def test_a_trainer_says_when_keras_is_there_and_ends_with_its_input(trainer):
    ready = trainer.receive_message(timeout_s=120)
    assert ready["ready"] > 0
    trainer.close()
    assert not is_running(trainer.pid)


def test_what_keras_needs_only_later_is_not_imported_at_the_start(tmp_path):
    program = (
        "import sys\n"
        "from dlspec_pipelines.trainer.keras_import import import_keras\n"
        "import_keras()\n"
        "print([name for name in ('matplotlib', 'pandas', 'sklearn') if name in sys.modules])\n"
        "import pandas, sklearn\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        check=True,
    )
    assert run.stdout == "[]\n"


def test_a_killed_trainer_is_named_with_its_status(trainer):
    os.kill(trainer.pid, signal.SIGKILL)
    with pytest.raises(TrainerGone) as caught:
        wait(lambda: trainer.receive_message(timeout_s=10) and False)
    assert caught.value.message.startswith("the trainer process ended with status -9")
    assert "memory" in caught.value.message


def test_an_unknown_backend_is_refused():
    with pytest.raises(StepError) as caught:
        require_backend("theano")
    assert str(caught.value) == (
        "error: dlspec does not train on `theano`\n"
        "  = help: name one of `tensorflow`, `jax`, `torch`"
    )


@pytest.mark.skipif(find_spec("jax") is not None, reason="needs an environment without jax")
def test_a_missing_backend_names_the_extra_that_brings_it():
    with pytest.raises(StepError) as caught:
        Trainers("test").get("jax")
    assert str(caught.value) == (
        "error: the backend `jax` is not installed\n  = help: in a clone of dlspec, "
        "`.venv/bin/pip install -e '.[jax]'` brings it"
    )


def test_ctrl_c_ends_with_a_checkpoint_and_the_next_run_goes_on(project):
    run = Run(project, "tiny", "--set", ENDLESS)
    run.until("epoch      20/")
    trainer = trainer_of(run.process.pid)
    run.process.send_signal(signal.SIGINT)
    assert run.rest() == 130
    assert any(line.startswith("training stopped in epoch") for line in run.lines)
    assert run.lines[-1] == "run it again: it goes on from here"
    assert not is_running(trainer)
    assert not (project / "home" / "runs").exists()

    again = Run(project, "tiny", "--set", ENDLESS)
    again.until("continuing after epoch")
    again.process.send_signal(signal.SIGINT)
    assert again.rest() == 130


def test_a_killed_run_leaves_no_trainer_and_nothing_half_written(project):
    run = Run(project, "tiny", "--set", ENDLESS)
    run.until("epoch      20/")
    trainer = trainer_of(run.process.pid)
    run.process.kill()
    run.rest()
    wait(lambda: not is_running(trainer), seconds=40)
    assert not (project / "home" / "runs").exists()

    again = Run(project, "tiny", "--set", ENDLESS)
    again.until("continuing after epoch")
    again.process.send_signal(signal.SIGINT)
    again.rest()


def test_two_runs_of_one_spec_at_once_end_in_a_sentence(project):
    first = Run(project, "tiny", "--set", ENDLESS)
    first.until("epoch       1/")
    second = Run(project, "tiny", "--set", ENDLESS)
    assert second.rest() == 1
    assert any("is in use by process" in line for line in second.lines)
    first.process.send_signal(signal.SIGINT)
    first.rest()
