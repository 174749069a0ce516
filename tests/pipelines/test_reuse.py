"""`dlspec run` makes what is not there yet; a project that was moved keeps all that is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from chain_specs import write_table

ROOT = Path(__file__).parents[2]
GATES = """\
evaluation:
  metrics: [accuracy]
  gates: {accuracy: ">= 0.0"}
  champion: {metric: accuracy, test: mcnemar}
"""


def dlspec(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'pipelines'}"}
    for name in ("DLSPEC_HOME", "DAGSTER_HOME", "DLSPEC_DATA"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "dlspec_pipelines.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def lines(done):
    """Return what became of each step."""
    said = [line for line in done.stderr.splitlines() if line.strip()]
    # Reversed: the table at the end has a line for the champion, too.
    return {line.split()[0]: line for line in reversed(said)}


def runs(folder):
    found = (folder / ".dlspec" / "runs" / "points").iterdir()
    return {json.loads((path / "run.json").read_text())["run"] for path in found}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a project with one trained model."""
    folder = tmp_path_factory.mktemp("made") / "project"
    spec = write_table(folder / "specs", "points")
    text, _, rest = spec.read_text().partition("evaluation:")
    spec.write_text(text + rest.partition("\n")[2] + GATES)
    (folder / "workspace.yaml").write_text("load_from: []\n")
    first = dlspec(folder, "run", "points")
    assert first.returncode == 0, first.stderr
    return folder


@pytest.fixture
def project(made, tmp_path):
    return shutil.copytree(made, tmp_path / "another place", symlinks=True)


@pytest.mark.slow
def test_a_moved_project_keeps_its_runs_its_champion_and_its_lineage(project):
    (run,) = runs(project)
    again = dlspec(project, "run", "points")
    assert again.returncode == 0, again.stderr
    assert f"already trained: run {run}; --again trains anew" in lines(again)["model"]
    assert f"already evaluated: run {run}" in lines(again)["evaluation"]
    assert again.stdout.startswith(str(project))
    assert runs(project) == {run}
    rows = dlspec(project, "predict", "points", "data/points.csv")
    assert rows.returncode == 0, rows.stderr
    assert f"using run `{run}` of `points`: the champion since" in rows.stderr
    changed = dlspec(project, "run", "points", "--set", "training.epochs=1")
    assert changed.returncode == 0, changed.stderr
    assert run in lines(changed)["champion"]


@pytest.mark.slow
def test_a_changed_gate_is_judged_without_training(project):
    spec = project / "specs" / "points.yaml"
    spec.write_text(spec.read_text().replace(">= 0.0", ">= 1.01") + "# a comment\n")
    judged = dlspec(project, "run", "points")
    assert judged.returncode == 1
    assert "already trained" in lines(judged)["model"]
    assert "already" not in lines(judged)["evaluation"]
    assert "required >= 1.01" in judged.stderr


@pytest.mark.slow
def test_again_and_a_damaged_model_train_anew(project):
    (before,) = runs(project)
    assert "already" not in dlspec(project, "run", "points", "--again").stderr
    assert len(runs(project)) == 2
    for model in (project / ".dlspec" / "runs" / "points").glob("*/model.keras"):
        model.write_bytes(model.read_bytes()[:-100])
    healed = dlspec(project, "run", "points")
    assert "already" not in lines(healed)["model"]
    assert len(runs(project)) == 3
    assert before in runs(project)


@pytest.mark.slow
def test_other_data_train_anew_and_a_changed_contract_does_not(project):
    spec = project / "specs" / "points.yaml"
    spec.write_text(spec.read_text().replace("in_range: [-1, 1]", "in_range: [-2, 2]"))
    assert "already trained" in lines(dlspec(project, "run", "points"))["model"]
    data = project / "data" / "points.csv"
    data.write_text(data.read_text() + "0.5,0.5,1\n")
    assert "already" not in lines(dlspec(project, "run", "points"))["model"]


@pytest.mark.slow
def test_verify_reads_again_what_looks_unchanged(project):
    data = project / "data" / "points.csv"
    os.utime(data, ns=(10**18, 10**18))
    dataset = lines(dlspec(project, "run", "points"))["dataset"]
    assert "read again" not in dataset
    data.write_text(data.read_text().replace("0.0,-0.0,0", "0.0,-0.1,0"))
    os.utime(data, ns=(10**18, 10**18))
    assert "already trained" in lines(dlspec(project, "run", "points"))["model"]
    done = lines(dlspec(project, "run", "points", "--verify"))
    assert "; 1 file read again, another content in 1" in done["dataset"]
    assert "already" not in done["model"]
