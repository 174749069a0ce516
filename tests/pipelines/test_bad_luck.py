"""Kills, Ctrl-C, full disks, missing permissions, others at work: each ends in a sentence."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import dagster as dg
import pytest
from chain_specs import write_broken, write_tiny
from terminal import COMMAND, Terminal, environment, heed_permissions, is_running, trainer_of
from test_dev import Dev, wait

from dlspec_pipelines.location.abandoned_runs import attended_run, end_abandoned
from dlspec_pipelines.location.chain_definitions import definitions_for

ENDLESS = ("--set", "epochs=1000000")
# About ten seconds of training, so that a kill finds it at work.
LONG = ("--set", "epochs=400", "--set", "units=256")


@pytest.fixture
def project(tmp_path):
    write_tiny(tmp_path / "specs")
    return tmp_path


def run(folder, *arguments, obedient=False, **more):
    return subprocess.run(
        [*COMMAND, "run", "tiny", *arguments],
        cwd=folder,
        env=environment(**more),
        preexec_fn=heed_permissions if obedient else None,
        capture_output=True,
        text=True,
        check=False,
    )


def asides(folder):
    return list(folder.rglob(".part-*"))


def statuses(home):
    with sqlite3.connect(home / "dagster" / "history" / "runs.db") as runs:
        found = [status for (status,) in runs.execute("select status from runs order by id")]
    runs.close()
    return found


def finished(home):
    (path,) = (home / "runs" / "tiny").glob("*/run.json")
    return json.loads(path.read_text())


# Kills and Ctrl-C


@pytest.mark.slow
def test_a_run_killed_and_interrupted_in_turn_ends_bit_equal_to_one_never_killed(project):
    home, never = project / ".dlspec", project / "never"

    killed = Terminal(project, "run", "tiny", *LONG)
    killed.until("epoch  60/400")
    trainer = trainer_of(killed.pid)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.rest() == -signal.SIGKILL
    wait(lambda: not is_running(trainer), seconds=40)
    assert not (home / "runs").exists()

    orphan = Terminal(project, "run", "tiny", *LONG)
    orphan.until("epoch 150/400")
    os.kill(trainer_of(orphan.pid), signal.SIGKILL)
    assert orphan.rest() == 1
    assert "continuing after epoch" in orphan.text
    assert "error: the trainer process ended with status -9: it was killed" in orphan.text
    assert "the next run goes on from the checkpoint" in orphan.text
    assert "Traceback" not in orphan.text

    stopped = Terminal(project, "run", "tiny", *LONG)
    stopped.until("epoch 250/400")
    trainer = trainer_of(stopped.pid)
    stopped.press_ctrl_c()
    time.sleep(0.5)
    stopped.press_ctrl_c()
    assert stopped.rest() == 130
    assert "training stopped in epoch" in stopped.lines()[-2]
    assert stopped.lines()[-1] == "run it again: it goes on from here"
    assert not is_running(trainer)
    assert not (home / "runs").exists()

    assert run(project, *LONG).returncode == 0
    assert run(project, *LONG, DLSPEC_HOME=never).returncode == 0
    assert finished(home)["weights"] == finished(never)["weights"]
    assert finished(home)["continued_from_epoch"] >= 250
    # The killed one would have shown as started for ever.
    assert statuses(home) == ["FAILURE", "FAILURE", "CANCELED", "SUCCESS"]
    assert list((home / "work").iterdir()) == asides(home) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("dataset ", "stopped before training began"),
        ("model  ", "stopped after the training; the model is in `"),
    ],
)
def test_ctrl_c_outside_the_training_says_what_there_is(project, moment, said):
    stopped = Terminal(project, "run", "tiny", "--set", "epochs=2")
    stopped.until(moment)
    stopped.press_ctrl_c()
    assert stopped.rest() == 130
    assert said in stopped.text
    assert "Traceback" not in stopped.text


def test_ctrl_c_while_commands_are_read_exits_with_130(project):
    program = (
        "import click, dlspec.cli\n"
        "@dlspec.cli.main.command()\n"
        "def wait():\n"
        "    raise KeyboardInterrupt\n"
        "dlspec.cli.main(['wait'])\n"
    )
    stopped = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (stopped.returncode, stopped.stderr) == (130, "stopped\n")


# Runs that nobody ends


@pytest.fixture
def started(tmp_path):
    """Give an instance with one run that has been started."""

    @dg.job
    def nothing():
        """Do nothing."""

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        made = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
        yield instance, made.run_id


def test_a_run_whose_process_lives_is_left_alone(started):
    instance, run_id = started
    with attended_run(instance, run_id):
        assert end_abandoned(instance) == []
        assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.STARTED


def test_a_run_whose_process_is_gone_is_reported_as_failed_once(started):
    instance, run_id = started
    program = (
        "import os, sys\n"
        "import dagster as dg\n"
        "from dlspec_pipelines.location.abandoned_runs import attended_run\n"
        "with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:\n"
        "    with attended_run(instance, sys.argv[2]):\n"
        "        os._exit(9)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, instance.root_directory, run_id],
        env=environment(),
        check=False,
    )
    assert end_abandoned(instance) == [run_id]
    assert end_abandoned(instance) == []
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE


@pytest.mark.slow
def test_the_ui_trains_after_a_killed_run_and_ctrl_c_leaves_no_trainer(project):
    killed = Terminal(project, "run", "tiny", *ENDLESS, DLSPEC_HOME=project / ".dlspec")
    killed.until("/1000000")
    os.kill(killed.pid, signal.SIGKILL)
    killed.rest()
    dev = Dev(project)
    try:
        launched = dev.launch("tiny", epochs=999_999)
        wait(lambda: dev.status(launched) == "STARTED" and dev.epochs("tiny"))
        wait(lambda: list((project / ".dlspec" / "work").glob("*/checkpoint.npz")))
    finally:
        dev.process.send_signal(signal.SIGINT)
        status = dev.process.wait(90)
    assert status == 130
    said = "stopping a run; the next one of the same spec goes on from its checkpoint"
    assert said in dev.said.read_text()
    assert statuses(project / ".dlspec") == ["FAILURE", "CANCELED"]
    assert not (project / ".dlspec" / "runs").exists()


# Others at work


@pytest.mark.slow
def test_two_runs_of_one_spec_with_other_parameters_both_succeed(project):
    units = (8, 16)
    at_once = [Terminal(project, "run", "tiny", "--set", f"units={n}") for n in units]
    assert [one.rest() for one in at_once] == [0, 0]
    runs = [json.loads(p.read_text()) for p in (project / ".dlspec/runs/tiny").glob("*/run.json")]
    # 64 * n + n weights of the first layer, n * 10 + 10 of the second.
    assert sorted(r["parameters"] for r in runs) == [75 * n + 10 for n in units]


@pytest.mark.parametrize(
    ("port", "said"), [("http", "invalid int value: 'http'"), ("70000", "70000 is no port")]
)
def test_a_port_that_is_none_is_refused(project, port, said):
    dev = subprocess.run(
        [sys.executable, "-m", "dlspec_pipelines.dev.serve"],
        cwd=project,
        env=environment(PORT=port),
        capture_output=True,
        text=True,
        check=False,
    )
    assert dev.returncode == 2
    assert said in dev.stderr


# Odd specs beside good ones


def asset_descriptions(folder):
    graph = definitions_for(folder).resolve_asset_graph()
    return {k.to_user_string(): graph.get(k).description for k in graph.get_all_asset_keys()}


def test_broken_files_of_one_name_hide_nothing(project):
    for folder in ("a", "b"):
        write_broken(project / "specs" / folder)
    shown = asset_descriptions(project / "specs")
    assert {name for name in shown if name.endswith("/spec")} == {"a_wrong/spec", "b_wrong/spec"}
    assert "tiny/model" in shown


def test_a_bare_model_shows_with_the_reason_why_it_cannot_run(project):
    bare = "dlspec: 1\nname: bare\nmodel:\n  inputs: {x: [4]}\n  graph:\n    - Dense: 2\n"
    (project / "specs" / "bare.yaml").write_text(bare)
    assert asset_descriptions(project / "specs")["bare/spec"] == (
        "`bare.yaml` has no `data` and `training`, so there is nothing to run; "
        "`dlspec show bare` shows the model."
    )


def test_a_name_of_two_specs_is_not_guessed(project):
    write_tiny(project / "specs" / "more")
    refused = run(project)
    assert refused.returncode == 2
    assert "`tiny` is the name of 2 specs; write one of `specs/more/tiny.yaml`, " in refused.stderr


# Full disks


@pytest.fixture
def disk(tmp_path):
    """Give a disk of its own, 20 MB; `fill` leaves so many kB free."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk, *, leave_kb):
    free = shutil.disk_usage(disk).free - 1024 * leave_kb
    (disk / "filler").write_bytes(bytes(free))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("leave_kb", "said"),
    [
        (100, "error[DL614]: no space left in `{home}/datasets`: "),
        (560, "error: no space left in `{home}/work/"),
        (700, "error: no space left in `{home}/runs/tiny`: "),
    ],
)
def test_a_disk_that_is_full_for_a_step_is_named(project, disk, leave_kb, said):
    home = disk / "home"
    fill(disk, leave_kb=leave_kb)
    full = run(
        project,
        *("--set", "epochs=2", "--set", "units=128"),
        DLSPEC_HOME=home,
        DAGSTER_HOME=project / "dagster",
    )
    assert full.returncode == 1
    assert said.format(home=home) in full.stderr
    assert full.stderr.endswith(
        "  = help: free some space, or let DLSPEC_HOME name a folder on a larger disk\n"
    )
    assert "Traceback" not in full.stderr
    assert asides(home) == []
    assert not list(home.glob("runs/tiny/*"))


@pytest.mark.slow
def test_a_disk_that_is_full_for_dagster_is_named_and_the_next_run_goes_well(project, disk):
    home = disk / "home"
    for leave_kb in (200, 1150):
        fill(disk, leave_kb=leave_kb)
        full = run(project, DLSPEC_HOME=home)
        assert full.returncode == 1
        first, second = full.stderr.splitlines()[-2:]
        assert first.startswith(f"error: Dagster cannot write its event log in `{home}/dagster`: ")
        assert second.startswith("  = help: make room or make the folder writable, or let DAGSTER_")
        (disk / "filler").unlink()
    assert run(project, DLSPEC_HOME=home).returncode == 0
    assert "STARTED" not in statuses(home)


# Missing permissions


@pytest.mark.parametrize("place", ["", "dagster"])
def test_a_folder_that_may_not_be_written_is_named_before_anything_is_trained(project, place):
    folder = project / ".dlspec" / place
    folder.mkdir(parents=True)
    (project / ".dlspec" / "logs").mkdir(exist_ok=True)
    if not place:
        (project / ".dlspec" / "logs").rmdir()
    folder.chmod(0o555)
    refused = run(project, obedient=True)
    folder.chmod(0o755)
    assert (refused.returncode, refused.stdout) == (1, "")
    name = folder if place else folder / "logs"
    assert refused.stderr.endswith(
        f"error: no permission to write in `{name}`\n"
        "  = help: make the folder writable, or let DLSPEC_HOME name another one\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("place", ["records", "dagster/history"])
def test_a_folder_that_becomes_read_only_ends_in_a_sentence(project, place):
    assert run(project).returncode == 0
    home = project / ".dlspec"
    folders = [p for p in (home / place, *(home / place).rglob("*")) if p.is_dir()]
    files = [p for p in (home / place).glob("*.db*") if p.is_file()]
    for path in (*folders, *files):
        path.chmod(0o555)
    refused = run(project, "--set", "units=8", obedient=True)
    for path in (*folders, *files):
        path.chmod(0o755)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "Stack Trace" not in refused.stderr
    assert "make the folder writable" in refused.stderr
    assert asides(home) == []
