"""Trainings of drawn samples that are killed: the next one sees what the first would have seen."""

import csv
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sampled_specs import two_topics

_TRAINED = """
    import os, signal, sys
    killed, spec, home = sys.argv[-3:]
    sys.path[:0] = sys.argv[1:-3]
    os.environ["DLSPEC_HOME"] = home
    import sampled_specs
    from pathlib import Path
    import dlspec
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
    from dlspec_pipelines.steps.training.progress import Notice, Tick
    from dlspec_pipelines.steps.training.train import train

    heard = []

    def hear(said):
        heard.append(said)
        # The first calls are of one batch each: this is in the middle of an epoch.
        if isinstance(said, Tick) and 0 < said.done < 1 and len(heard) > 2:
            if killed == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if killed == "stopped":
                os.kill(os.getpid(), signal.SIGTERM)

    plan = dlspec.loads(getattr(sampled_specs, spec), params={"epochs": 4})
    dataset = prepare_dataset(plan.data, base=Path(home).parent)
    weights = train(plan, dataset, run=killed, spec_text="", progress=hear).weights
    print(*(said.text for said in heard if isinstance(said, Notice)), weights, sep="\\n")
    """


def _trained_apart(how: str, spec: str, home: Path) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    folders = [str(here), str(here.parents[1]), str(here.parents[1] / "pipelines")]
    command = [sys.executable, "-c", textwrap.dedent(_TRAINED), *folders, how, spec, str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["TWINS", "WORDS"])
def test_a_killed_training_of_drawn_samples_ends_bit_equal(spec, tmp_path):
    with (tmp_path / "lines.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["said"], *([line] for line in two_topics())])
    whole = _trained_apart("whole", spec, tmp_path / "first")
    assert whole.returncode == 0, whole.stderr
    again = tmp_path / "second"
    stopped = _trained_apart("stopped", spec, again)
    assert "training stopped in epoch 1 of 4" in stopped.stderr
    assert _trained_apart("killed", spec, again).returncode == -signal.SIGKILL
    done = _trained_apart("done", spec, again)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["continuing within epoch 1 of 4", whole.stdout.strip()]
