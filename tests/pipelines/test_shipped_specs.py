"""Every spec under specs/ trains end to end through the same definitions as the UI."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dlspec
from dlspec.language.sections import Gate

ROOT = Path(__file__).parents[2]
# The one that `make demo` runs; the others take half a minute each.
QUICK = "digits_lenet5"
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
EXPECTED = {
    "digits_cnn_gru",
    "digits_lenet5",
    "digits_rows_lstm",
    "reversal_seq2seq",
    "sine_forecast",
}
RUN_FILES = {
    "files.json",
    "history.csv",
    "metrics.json",
    "model.keras",
    "plan.json",
    "predictions.parquet",
    "preparation.json",
    "report.html",
    "report.md",
    "run.json",
    "spec.yaml",
}


def test_the_specs_that_ship_are_there() -> None:
    assert {path.stem for path in SPECS} >= EXPECTED


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=() if path.stem == QUICK else pytest.mark.slow)
        for path in SPECS
    ],
)
def test_a_shipped_spec_trains_passes_its_gates_and_is_reported(path: Path, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    shutil.copy(path, tmp_path / "specs")
    shutil.copy(ROOT / "workspace.yaml", tmp_path)

    done = _run(["run", path.stem], tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    report = Path(done.stdout.strip())
    assert report.name == "report.html"
    assert {file.name for file in report.parent.iterdir()} >= RUN_FILES
    plan = dlspec.load(path)
    assert plan.evaluation is not None
    metrics = json.loads((report.parent / "metrics.json").read_text())
    assert set(plan.evaluation.metrics) <= set(metrics)
    assert [gate.metric for gate in plan.evaluation.gates if not _passes(gate, metrics)] == []
    champion = json.loads((tmp_path / f".dlspec/champions/{path.stem}.json").read_text())
    assert champion["run"] == report.parent.name


def _passes(gate: Gate, metrics: dict[str, float]) -> bool:
    return gate.metric not in metrics or gate.is_met_by(metrics[gate.metric])


def _run(arguments: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in ("DAGSTER_HOME", "DLSPEC_HOME", "KERAS_BACKEND"):
        environment.pop(name, None)
    return subprocess.run(
        [str(Path(sys.executable).parent / "dlspec"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
