"""Every file that a run leaves, cut, emptied, with a flipped bit, gone: a sentence or a repair."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chain_specs import write_table

import dlspec
from dlspec_pipelines.predict import predict
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.promotion.promote import current_champion, promote
from dlspec_pipelines.steps.records import read_record, record_to_json
from dlspec_pipelines.steps.reports.report_inputs import read_data, read_run
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import champion_file, records_folder, write_whole
from dlspec_pipelines.steps.training.checkpoint import CorruptError, _read_checkpoint_file
from dlspec_pipelines.steps.training.train import train

ROOT = Path(__file__).parents[2]
DAMAGES = ("truncated", "emptied", "flipped", "missing")
# For each file of a run, what reads it.
RUN_FILES = {
    "run.json": "predict",
    "plan.json": "predict",
    "preparation.json": "predict",
    "model.keras": "predict",
    "files.json": "predict",
    "spec.yaml": "report",
    "history.csv": "report",
    "predictions.parquet": "report",
}
DATASET_FILES = (
    "preparation.json",
    "contract.json",
    "files.json",
    "train/inputs/point.npy",
    "train/rows.npy",
    "test/targets/side.npy",
)


def damage(path, how):
    content = path.read_bytes()
    place = len(content) // 2
    match how:
        case "truncated":
            path.write_bytes(content[:place])
        case "emptied":
            path.write_bytes(b"")
        case "flipped":
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        case "missing":
            path.unlink()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a home with one run, its champion and its records."""
    folder = tmp_path_factory.mktemp("made")
    spec = write_table(folder / "specs", "points")
    plan = dlspec.load(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(folder / "home"))
        dataset = prepare_dataset(plan.data, base=spec.parent)
        trained = train(plan, dataset, run="r1", spec_text=spec.read_text())
        evaluation = evaluate(plan, trained, dataset, None)
        promote(plan, evaluation, trained)
        for step, record in (("dataset", dataset), ("model", trained), ("evaluation", evaluation)):
            write_whole(records_folder("points", step) / "latest.json", record_to_json(record))
    return folder, plan, dataset


@pytest.fixture
def home(made, tmp_path, monkeypatch):
    folder = shutil.copytree(made[0] / "home", tmp_path / "home")
    monkeypatch.setenv("DLSPEC_HOME", str(folder))
    return folder


def test_what_is_whole_is_read(made, home, capsys):
    assert predict("points", (str(made[0] / "data" / "points.csv"),), output=None) == 0
    assert read_run(home / "runs" / "points" / "r1").facts["run"] == "r1"
    capsys.readouterr()


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", RUN_FILES)
def test_a_damaged_file_of_a_run_is_said(made, home, capsys, name, how):
    run = home / "runs" / "points" / "r1"
    damage(run / name, how)
    if RUN_FILES[name] == "predict":
        assert predict("points", (str(made[0] / "data" / "points.csv"),), output=None) == 1
        said = capsys.readouterr().err
        assert "error: " in said
        assert "= help: " in said
        return
    with pytest.raises(StepError) as caught:
        read_run(run)
    assert name in caught.value.message
    assert caught.value.help == (
        "restore the run's folder, or train anew: `dlspec run points --again`"
    )


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", DATASET_FILES)
def test_a_damaged_data_set_is_said_where_it_is_used_and_prepared_anew(made, home, name, how):
    folder, plan, before = made
    dataset = replace(before, path=str(home / "datasets" / before.fingerprint))
    damage(Path(dataset.path, name), how)
    if name.endswith(".npy"):
        with pytest.raises(StepError, match="is then prepared anew"):
            open_part(dataset, name.split("/")[0])
    if name == "contract.json":
        with pytest.raises(StepError, match="is then prepared anew"):
            read_data(plan.data, dataset)
    again = prepare_dataset(plan.data, base=folder / "specs")
    assert again == dataset
    assert len(open_part(again, "train").rows) == again.rows["train"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_champion_is_said_and_a_missing_one_is_none(home, how):
    damage(champion_file("points"), how)
    if how == "missing":
        assert current_champion("points") is None
        return
    with pytest.raises(StepError) as caught:
        current_champion("points")
    assert caught.value.help.startswith("remove it: the next run that passes its gates")


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("step", ["dataset", "model", "evaluation"])
def test_a_damaged_record_is_said(home, step, how):
    path = records_folder("points", step) / "latest.json"
    damage(path, how)
    with pytest.raises(StepError) as caught:
        read_record(path)
    assert caught.value.help.endswith("`dlspec run points --again`")


def test_no_byte_of_a_checkpoint_ends_in_another_error(tmp_path):
    path = tmp_path / "checkpoint.npz"
    state = np.frombuffer(b'{"version": 2, "position": {}, "callbacks": []}', dtype=np.uint8)
    np.savez(path, state=state, a=np.arange(3.0))
    whole = path.read_bytes()
    damaged = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x11]) + whole[place + 1 :])
        try:
            _read_checkpoint_file(path)
        except CorruptError:
            damaged += 1
    assert damaged > len(whole) / 2
    for how in ("truncated", "emptied", "missing"):
        path.write_bytes(whole)
        damage(path, how)
        with pytest.raises(CorruptError):
            _read_checkpoint_file(path)


@pytest.mark.slow
@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize(
    "name", ["history/runs.db", "history/runs/index.db", "schedules/schedules.db", "dagster.yaml"]
)
def test_damaged_files_of_dagster_end_in_a_sentence(dagster_home, tmp_path, name, how):
    folder = shutil.copytree(dagster_home, tmp_path / "project")
    damage(folder / "home" / "dagster" / name, how)
    done = run_points(folder)
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "error: " in done.stderr
        assert "= help: " in done.stderr


@pytest.fixture(scope="module")
def dagster_home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dagster")
    write_table(folder / "specs", "points")
    done = run_points(folder)
    assert done.returncode == 0, done.stderr
    return folder


def run_points(folder):
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'pipelines'}",
        "DLSPEC_HOME": str(folder / "home"),
    }
    return subprocess.run(
        [sys.executable, "-m", "dlspec_pipelines.cli", "run", "points"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
