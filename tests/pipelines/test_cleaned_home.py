"""`dlspec clean`: what goes, what stays however old, and that nothing is ever half gone."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from stopped_trainings import Stop
from terminal import PATHS
from trained_homes import make_run, moons_text

import dlspec
from dlspec_pipelines.cli import main
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.json_documents import RUN, document_text, read_document
from dlspec_pipelines.steps.kept_runs.removal import remove_unused
from dlspec_pipelines.steps.kept_runs.unused_files import Unused, find_unused
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.promotion import current_champion
from dlspec_pipelines.steps.records import record_to_json
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.train import train


def dlspec_says(*arguments, **said):
    return CliRunner().invoke(main, arguments, **said)


def cleaned(*arguments):
    done = dlspec_says("clean", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def paths(found, *kinds):
    return [one["path"] for one in found["items"] if one["kind"] in kinds]


def every_file(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def stop_training(run, **params):
    plan = dlspec.loads(moons_text(), params=params)
    dataset = prepare_dataset(plan.data, base=Path.cwd())
    stop = Stop(2)
    with pytest.raises(Stopped):
        train(plan, dataset, run=run, spec_text="", progress=stop.hear, stop=stop)
    (work,) = (path.parent for path in (store.artifacts_home() / "work").glob("*/work.json"))
    return work, dataset


def test_of_a_home_in_use_nothing_goes(runs_home):
    before = every_file(runs_home)
    done = dlspec_says("clean", "--yes")
    assert (done.exit_code, done.stdout) == (0, f"nothing to remove in {runs_home}\n")
    assert every_file(runs_home) == before


def test_a_dry_run_lists_what_would_go_with_sizes_and_removes_nothing(runs_home):
    make_run("3d-other", samples=100)
    make_run("4e-latest")
    before = every_file(runs_home)
    found = cleaned("--dry-run", "--older-than", "0d")
    assert paths(found, "run") == ["runs/moons/2c-equal", "runs/moons/3d-other"]
    assert len(paths(found, "data set")) == 1
    assert [one["removed"] for one in found["items"]] == [False] * len(found["items"])
    folder = runs_home / "runs" / "moons" / "2c-equal"
    size = next(one["bytes"] for one in found["items"] if one["path"].endswith("2c-equal"))
    assert size == sum(path.stat().st_size for path in folder.rglob("*"))
    assert every_file(runs_home) == before
    assert dlspec_says("clean", "--dry-run").stdout.endswith(f"nothing to remove in {runs_home}\n")


def test_old_runs_go_and_the_champion_the_one_before_and_the_latest_stay(runs_home):
    make_run("3d-latest", epochs=1)
    done = dlspec_says("clean", "--older-than", "0d", "--yes")
    assert done.exit_code == 0, done.output
    assert "moons#3 2c-equal" in done.stdout
    assert {p.name for p in (runs_home / "runs" / "moons").iterdir() if p.is_dir()} == {
        *("0a-line", "1b-net", "3d-latest")
    }
    assert not list(runs_home.glob("records/moons/*/2c-equal.json"))
    # What stays works, by its old number; what went is told so.
    assert find_run("moons#4").folder.name == "3d-latest"
    assert "run `moons#3` was removed" in dlspec_says("show", "moons#3").stderr
    assert dlspec_says("runs", "--verify").exit_code == 0
    assert current_champion("moons").run == "1b-net"
    assert dlspec_says("champion", "moons", "--rollback").exit_code == 0
    assert cleaned("--dry-run")["items"] == []


@pytest.mark.usefixtures("runs_home")
def test_what_a_run_handed_on_stays_while_it_has_no_folder_yet():
    plan = dlspec.loads(moons_text(), params={"samples": 60})
    made = prepare_dataset(plan.data, base=Path.cwd())
    begun = store.records_folder("moons", "dataset") / "5f-begun.json"
    store.write_whole(begun, record_to_json(made))
    assert paths(cleaned("--dry-run"), "record", "data set") == []
    old = time.time() - 2 * 86400
    os.utime(begun, (old, old))
    work, _ = stop_training("6g")
    with store.lock_folder(work):
        assert paths(cleaned("--dry-run"), "record", "data set") == []
    assert paths(cleaned("--dry-run"), "record", "data set") == [
        "records/moons/dataset/5f-begun.json",
        f"datasets/{made.fingerprint}",
    ]


@pytest.mark.usefixtures("runs_home")
def test_a_run_younger_than_asked_stays():
    make_run("3d-latest", epochs=1)
    assert paths(cleaned("--dry-run", "--older-than", "1d"), "run") == []
    assert paths(cleaned("--dry-run", "--older-than", "0h"), "run") == ["runs/moons/2c-equal"]


def test_a_run_whose_weights_something_begins_with_stays(runs_home):
    make_run("3d-latest", epochs=1)
    path = runs_home / "runs" / "moons" / "3d-latest" / "run.json"
    said = read_document(path, RUN)
    said["weights_from"] = {"source": "2c-equal", "run": "2c-equal"}
    path.write_text(document_text(RUN, said))
    assert paths(cleaned("--dry-run", "--older-than", "0d"), "run") == []
    said["weights_from"] = {"source": "w.h5", "run": None}
    path.write_text(document_text(RUN, said))
    assert paths(cleaned("--dry-run", "--older-than", "0d"), "run") == ["runs/moons/2c-equal"]
    Path("specs/taken.yaml").write_text(
        "dlspec: 1\nname: taken\nmodel:\n  models: {seen: {spec: moons.yaml, weights: moons#3}}\n"
    )
    assert paths(cleaned("--dry-run", "--older-than", "0d"), "run") == []


def test_data_that_no_run_refers_to_go_and_those_of_a_stopped_training_stay(runs_home):
    work, dataset = stop_training("3d", samples=100)
    lone = prepare_dataset(dlspec.loads(moons_text(), params={"samples": 60}).data, base=Path.cwd())
    found = cleaned("--yes")
    assert paths(found, "data set") == [f"datasets/{lone.fingerprint}"]
    assert not Path(lone.path).exists()
    assert Path(dataset.path).exists()
    # Once the training is given up, its data go, too.
    old = time.time() - 31 * 86400
    os.utime(work / "checkpoint.npz", (old, old))
    found = cleaned("--yes")
    assert paths(found, "checkpoint") == [f"work/{work.name}"]
    assert paths(found, "data set") == [f"datasets/{dataset.fingerprint}"]
    assert not work.exists()
    assert len(list((runs_home / "datasets").iterdir())) == 1


@pytest.mark.usefixtures("runs_home")
def test_a_checkpoint_that_a_process_is_at_stays():
    work, _ = stop_training("3d", epochs=6)
    old = time.time() - 100 * 86400
    os.utime(work / "checkpoint.npz", (old, old))
    with store.lock_folder(work):
        assert paths(cleaned("--dry-run", "--older-than", "0d"), "checkpoint") == []
        # Held between the look and the removal.
        with pytest.raises(StepError, match="is in use by process"):
            remove_unused(Unused("checkpoint", work, "", 0))
    assert (work / "checkpoint.npz").exists()
    assert paths(cleaned("--dry-run"), "checkpoint") == [f"work/{work.name}"]


def test_a_run_that_became_the_champion_meanwhile_stays(runs_home):
    make_run("3d-latest", epochs=1)
    (one,) = (u for u in find_unused(timedelta(0)).unused if u.kind == "run")
    assert dlspec_says("champion", "moons", "--promote", "moons#3").exit_code == 0
    with pytest.raises(StepError, match="is in use since it was looked at"):
        remove_unused(one)
    assert (runs_home / "runs" / "moons" / "2c-equal" / "model.keras").exists()


def test_what_a_dead_process_left_half_written_goes_and_what_a_living_one_writes_stays(runs_home):
    dead, living = (runs_home / "datasets" / f".part-{name}" for name in ("dead", "living"))
    for aside in (dead, living):
        aside.mkdir()
        (aside / "half.npy").write_bytes(b"x" * 1000)
        os.utime(aside, (1000, 1000))
    script = (
        "import fcntl, os, sys, time\n"
        "handle = os.open(sys.argv[1], os.O_RDONLY)\n"
        "fcntl.flock(handle, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, living], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        found = cleaned("--yes")
        process.kill()
    assert paths(found, "remnant") == ["datasets/.part-dead"]
    assert found["bytes_removed"] == 1000
    assert living.exists()
    assert not dead.exists()


def test_old_logs_pages_and_lifted_models_go(runs_home):
    old = ["logs/trainer.log", "rates/moons/0a.html", "lifted/0b.json"]
    for name in (*old, "logs/new.log", "rates/moons/new.html", "lifted/new.json"):
        file = runs_home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("said")
        if name in old:
            os.utime(file, (1000, 1000))
    listed = dlspec_says("clean", "--dry-run").stdout
    assert all(f"{folder}/" in listed for folder in ("logs", "rates", "lifted"))
    assert sorted(paths(cleaned("--yes"), "log", "page", "lift")) == sorted(old)
    assert [(runs_home / name).exists() for name in old] == [False, False, False]
    assert len([*runs_home.glob("*/new.*"), *runs_home.glob("rates/*/new.*")]) == 3


def test_nothing_outside_the_home_goes(runs_home, tmp_path):
    make_run("3d-latest", epochs=1)
    outside = tmp_path / "elsewhere"
    shutil.move(runs_home / "runs" / "moons" / "2c-equal", outside)
    (runs_home / "runs" / "moons" / "2c-equal").symlink_to(outside)
    assert paths(cleaned("--yes", "--older-than", "0d"), "run") == []
    assert (outside / "model.keras").exists()
    shutil.move(runs_home / "datasets", tmp_path / "datasets")
    (runs_home / "datasets").symlink_to(tmp_path / "datasets")
    lone = prepare_dataset(dlspec.loads(moons_text(), params={"samples": 60}).data, base=Path.cwd())
    done = dlspec_says("clean", "--yes")
    assert (done.exit_code, "lies outside" in done.stderr) == (1, True)
    assert Path(lone.path, "preparation.json").exists()


def test_where_a_run_does_not_say_which_data_it_needs_all_data_stay(runs_home):
    prepare_dataset(dlspec.loads(moons_text(), params={"samples": 60}).data, base=Path.cwd())
    (runs_home / "runs" / "moons" / "0a-line" / "run.json").unlink()
    found = cleaned("--yes")
    assert paths(found, "data set") == []
    assert found["left"] == [
        f"data sets: `{runs_home / 'runs' / 'moons' / '0a-line'}` does not say which it needs"
    ]


def test_a_home_whose_champion_cannot_be_read_keeps_its_runs(runs_home):
    make_run("3d-latest", epochs=1)
    (runs_home / "champions" / "moons.json").write_text("{}")
    found = cleaned("--yes", "--older-than", "0d")
    assert paths(found, "run") == []
    assert found["left"] == ["runs of `moons`: its champion or latest run cannot be read"]


def test_it_asks_before_it_removes(runs_home):
    """Without a terminal it says so and looks at nothing; `n` and no answer remove nothing."""
    lone = prepare_dataset(dlspec.loads(moons_text(), params={"samples": 60}).data, base=Path.cwd())
    done = dlspec_says("clean")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "say `--yes`, or `--dry-run` to list" in done.stderr
    for answer, there in (("n", True), ("y", False)):
        with _terminal("clean", answer) as told:
            assert "remove 1 item, " in told
        assert Path(lone.path).exists() == there
    assert runs_home.exists()


def _terminal(*arguments):
    """Return what a command says in a terminal where one key is pressed."""
    *words, answer = arguments

    @contextlib.contextmanager
    def told():
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "dlspec_pipelines.cli", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "PYTHONPATH": PATHS},
            start_new_session=True,
        )
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        said = b""
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                said += part
        assert process.wait() == 0
        os.close(ours)
        yield said.decode()

    return told()


def test_ctrl_c_leaves_whole_what_is_not_removed_yet(runs_home, monkeypatch):
    """The second of three folders is being removed when the key is pressed."""
    lone = [
        prepare_dataset(dlspec.loads(moons_text(), params={"samples": n}).data, base=Path.cwd())
        for n in (60, 80, 90)
    ]
    folders = sorted(Path(one.path) for one in lone)
    files = {folder: len(every_file(folder)) for folder in folders}
    remove, calls = shutil.rmtree, []

    def interrupted(path, **options):
        calls.append(path)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = dlspec_says("clean", "--yes")
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.undo()
    assert done.exit_code == 130
    assert "removed 1 data set: " in done.stdout
    assert [folder.exists() for folder in folders] == [False, False, True]
    assert len(every_file(folders[2])) == files[folders[2]]
    # The rest of the second lies aside and goes with the next one.
    (aside,) = (runs_home / "datasets").glob(".part-*")
    os.utime(aside, (1000, 1000))
    os.chdir(runs_home.parent)
    os.environ.pop("DLSPEC_HOME", None)
    assert paths(cleaned("--yes"), "remnant") == [f"datasets/{aside.name}"]
    assert not aside.exists()
