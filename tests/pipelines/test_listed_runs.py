"""`dlspec runs`, and what every command calls a run."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from stopped_trainings import Stop
from trained_homes import moons_text

import dlspec
from dlspec_pipelines.cli import main
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.run_numbers import keep_run_numbers, numbers_of_runs
from dlspec_pipelines.steps.runs import NoRun, find_run, known_runs
from dlspec_pipelines.steps.start import find_start
from dlspec_pipelines.steps.step_errors import Stopped, WrongUsage
from dlspec_pipelines.steps.training.train import train

RUNS = ["0a-line", "1b-net", "2c-equal"]


def dlspec_says(*arguments):
    return CliRunner().invoke(main, arguments)


def listed(*arguments):
    done = dlspec_says("runs", "--json", *arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.usefixtures("runs_home")
def test_runs_are_listed_with_the_latest_first_and_the_champion_marked():
    found = listed()["runs"]
    assert [(run["run"], run["id"]) for run in found] == [
        ("moons#3", "2c-equal"),
        ("moons#2", "1b-net"),
        ("moons#1", "0a-line"),
    ]
    assert [run["champion"] for run in found] == [False, True, False]
    assert [run["state"] for run in found] == ["whole"] * 3


def test_what_is_listed_of_a_run_is_what_its_files_and_the_records_say(runs_home, runs_once):
    made = runs_once[1]["equal"]
    run = listed("moons")["runs"][0]
    assert run["metrics"] == made.evaluation.metrics
    assert list(run["metrics"])[:2] == ["accuracy", "roc_auc"]
    assert run["seconds"] == made.trained.seconds
    assert run["digests"]["data"] == made.trained.data
    assert run["set"] == {"epochs": 7}
    assert (run["seed"], run["epochs"]) == (3, 7)
    assert run["folder"] == str(runs_home / "runs" / "moons" / "2c-equal")


@pytest.mark.usefixtures("runs_home")
def test_the_table_has_a_row_for_each_run_and_fits_a_terminal():
    done = dlspec_says("runs", "moons")
    lines = done.stdout.splitlines()
    assert lines[0] == "moons"
    assert lines[1].split() == [
        *("run", "id", "trained", "accuracy", "roc_auc", "time", "seed", "spec", "data")
    ]
    assert [line[:8].split() for line in lines[2:5]] == [["#3"], ["*", "#2"], ["#1"]]
    assert lines[5:] == ["* moons#2 is the champion"]
    assert max(map(len, lines)) <= 100


def test_a_model_that_was_not_trained_is_wrong_usage_with_a_near_name(runs_home):
    done = dlspec_says("runs", "mons")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "error: there is no run of `mons`\n  = help: write `moons`\n"
    shutil.rmtree(runs_home)
    assert dlspec_says("runs").stdout.startswith("nothing has been trained here yet")
    assert listed() == {"runs": [], "unfinished": []}
    assert not runs_home.exists()


def test_a_damaged_run_says_what_is_damaged(runs_home):
    folder = runs_home / "runs" / "moons"
    (folder / "0a-line" / "run.json").write_text("{}")
    (folder / "2c-equal" / "model.keras").unlink()
    states = {run["id"]: (run["state"], run["fault"]) for run in listed()["runs"]}
    assert states["1b-net"] == ("whole", None)
    assert states["0a-line"][0] == states["2c-equal"][0] == "damaged"
    assert "run.json` names no `format`" in states["0a-line"][1]
    assert states["2c-equal"][1].endswith("model.keras` is missing")
    assert "! moons#1 is damaged: `" in dlspec_says("runs").stdout


def test_a_flipped_bit_of_a_model_is_found_by_reading_it_again(runs_home):
    path = runs_home / "runs" / "moons" / "1b-net" / "model.keras"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert {run["state"] for run in listed()["runs"]} == {"whole"}
    found = {run["id"]: run["fault"] for run in listed("--verify")["runs"]}
    assert "model.keras` is damaged: its content is not what was written" in found["1b-net"]
    assert found["0a-line"] is None


@pytest.mark.usefixtures("runs_home")
def test_a_run_has_the_same_words_everywhere():
    for word in ("moons#2", "moons/1b", "1b-net", "moons"):
        assert find_run(word).folder.name == "1b-net"
        assert find_start(word).run == "1b-net"
        assert dlspec_says("show", word, "-q").exit_code == 0
    shown = dlspec_says("diff", "moons#1", "moons#2", "-q").stdout
    assert "units  0 -> 16" in shown.replace("  ~", "")


@pytest.mark.usefixtures("runs_home")
def test_a_number_without_a_run_is_told_with_those_there_are():
    with pytest.raises(WrongUsage) as caught:
        find_run("moons#9")
    assert caught.value.message == "there is no run `moons#9`"
    assert caught.value.help == "the latest of them are `moons#1`, `moons#2`, `moons#3`"
    with pytest.raises(WrongUsage, match="`moons#x` is no number of a run"):
        find_run("moons#x")
    with pytest.raises(NoRun, match="`mons#1` is no trained model") as caught:
        find_run("mons#1")
    assert caught.value.help == "`moons` is near"


def test_a_number_is_kept_when_runs_before_it_are_removed(runs_home):
    runs = runs_home / "runs" / "moons"
    shutil.rmtree(runs / "0a-line")
    assert numbers_of_runs("moons") == {run: i for i, run in enumerate(RUNS, start=1)}
    assert find_run("moons#3").folder.name == "2c-equal"
    with pytest.raises(WrongUsage, match="run `moons#1` was removed"):
        find_run("moons#1")
    assert "moons#1" not in known_runs()


def test_runs_of_before_there_were_numbers_are_numbered_as_they_ended(runs_home):
    runs = runs_home / "runs" / "moons"
    noted = runs_home / "numbers" / "moons.json"
    noted.unlink()
    for moment, run in enumerate(reversed(RUNS)):
        os.utime(runs / run / "plan.json", (1000 + moment, 1000 + moment))
    expected = {run: i for i, run in enumerate(reversed(RUNS), start=1)}
    assert numbers_of_runs("moons") == expected
    assert not noted.exists()
    keep_run_numbers("moons")
    shutil.rmtree(runs / "2c-equal")
    assert numbers_of_runs("moons") == expected


def test_a_damaged_file_of_numbers_is_said_with_a_way_back(runs_home):
    path = runs_home / "numbers" / "moons.json"
    path.write_text("{}")
    done = dlspec_says("runs")
    assert done.exit_code == 1
    assert "remove it: the runs that are there are then numbered anew" in done.stderr
    path.unlink()
    assert [run["run"] for run in listed()["runs"]] == ["moons#3", "moons#2", "moons#1"]


@pytest.mark.usefixtures("runs_home")
def test_a_stopped_training_is_listed_with_its_epoch_and_a_running_one_with_its_process():
    plan = dlspec.loads(moons_text())
    dataset = prepare_dataset(plan.data, base=store.artifacts_home())
    plan = replace(plan, training=replace(plan.training, seed=99))
    stop = Stop(2)
    with pytest.raises(Stopped) as stopped:
        train(plan, dataset, run="3d", spec_text="", progress=stop.hear, stop=stop)
    (found,) = listed()["unfinished"]
    assert (found["name"], found["state"], found["process"]) == ("moons", "stopped", None)
    assert (found["epoch"], found["epochs"]) == (stopped.value.epoch, 8)
    told = f"stopped  after epoch {stopped.value.epoch} of 8"
    assert told in dlspec_says("runs", "moons").stdout
    with store.lock_folder(Path(found["folder"])):
        (held,) = listed()["unfinished"]
    assert (held["state"], held["process"]) == ("training", os.getpid())
    train(plan, dataset, run="3d", spec_text="")
    assert listed()["unfinished"] == []
    assert listed()["runs"][0]["run"] == "moons#4"
    assert "moons#4 is trained and not evaluated" in dlspec_says("runs").stdout
