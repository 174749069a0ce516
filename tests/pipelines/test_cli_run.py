"""`dlspec run` and `dlspec predict`, as a person calls them."""

import csv
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from chain_specs import write_broken, write_table, write_tiny
from terminal import COMMAND, PATHS, Terminal, environment

from dlspec.language.run_files import RUN_FILES
from dlspec_pipelines.run.terminal import epoch_line

# Of the files that a run may have: where a metric has no value, and none yet.
NOT_ALWAYS = {"undefined_metrics.json", "thresholds.json", "checkpoints"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_tiny(folder / "specs")
    return folder


def dlspec(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "dlspec_pipelines.cli", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": PATHS,
            "DLSPEC_HOME": str(folder / "home"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def done(project):
    return dlspec(project, "run", "tiny")


def test_a_run_prints_its_steps_on_standard_error_and_the_report_alone_on_standard_output(done):
    assert done.returncode == 0, done.stderr
    steps = [line for line in done.stderr.splitlines() if line.startswith("dataset")]
    assert steps[0].startswith("dataset     1,797 rows: 1,231 train, 281 validation, 285 test")
    (report,) = done.stdout.splitlines()
    assert Path(report).name == "report.html"
    assert Path(report).read_text().startswith("<!")


def test_a_run_prints_one_line_for_each_epoch(done):
    lines = [line for line in done.stderr.splitlines() if line.startswith("epoch")]
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    for figure in ("loss ", "accuracy ", "val_loss ", "val_accuracy ", " samples/s", " left"):
        assert figure in lines[0]


def test_a_run_prints_the_gates_and_the_verdict(done):
    rows = [line.split() for line in done.stderr.splitlines()[-3:]]
    assert rows[0][:4] == ["gate", "accuracy", ">=", "0.5"]
    assert rows[0][-1] == "passed"
    assert rows[2] == ["champion", "tiny", "promoted"]


def test_nothing_but_the_run_is_told(done):
    told = {line.split()[0] for line in done.stderr.splitlines()}
    steps = {"dataset", "model", "evaluation", "champion", "report"}
    assert told == {"start", *steps, "epoch", "gate"}


def test_the_first_lines_say_what_goes_on_before_there_is_a_result(done):
    assert [line for line in done.stderr.splitlines() if line.startswith("start ")] == [
        "start       importing Dagster, and Keras on tensorflow beside it",
        "start       reading and preparing the data",
        "start       building the model; the first epoch compiles it",
    ]
    assert done.stderr.startswith("start ")


@pytest.mark.slow
def test_lines_fit_a_terminal_that_becomes_narrower(project):
    write_tiny(project / "specs", "resized")
    home = project / "home"
    window = Terminal(
        project, "run", "resized", "--set", "epochs=400", columns=120, DLSPEC_HOME=home
    )
    window.until("epoch   2/400")
    window.resize(60)
    before = len(window.text)
    assert window.rest() == 0
    wide, narrow = _shown(window.text[:before]), _shown(window.text[before:])
    assert max(map(len, wide)) > 80
    # Epochs that were told already may lie before the first that is folded; the report's path
    # stays whole.
    folded = next(at for at, line in enumerate(narrow) if line.startswith(" " * 12))
    assert folded < 200
    assert [one for one in narrow[folded:] if len(one) > 60 and "report.html" not in one] == []


def _shown(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "\n").split("\n")


def test_a_quiet_run_prints_the_report_alone(project, done):
    again = dlspec(project, "run", "tiny", "-q")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.count("\n") == 1
    assert Path(again.stdout.strip()).is_file()


def test_a_training_goes_on_when_nobody_reads_it_any_more(project):
    write_tiny(project / "specs", "unread")
    with subprocess.Popen(
        [*COMMAND, "run", "unread", "--set", "epochs=30"],
        cwd=project,
        env=environment(DLSPEC_HOME=project / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        while not child.stdout.readline().startswith("epoch  2/30"):
            pass
        child.stdout.close()
    assert child.returncode == 0
    (report,) = (project / "home" / "runs" / "unread").glob("*/report.html")
    assert report.with_name("history.csv").read_text().count("\n") == 31


def test_a_failed_gate_prints_the_report_and_exits_with_1(project):
    write_tiny(project / "specs", "strict", gate=0.999)
    run = dlspec(project, "run", "strict")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].split() == ["champion", "strict", "not", "promoted"]
    assert Path(run.stdout.strip()).is_file()
    assert "required >= 0.999" in run.stderr
    assert "Traceback" not in run.stderr


def test_every_mistake_of_a_spec_is_reported_and_nothing_is_started(project):
    write_broken(project / "specs")
    run = dlspec(project, "run", "wrong", DLSPEC_HOME=str(project / "untouched"))
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.count("error[DL") == 2
    assert not (project / "untouched").exists()


def test_a_broken_contract_shows_the_rows_and_exits_with_1(project):
    write_tiny(project / "specs", "dark", brightest=15)
    run = dlspec(project, "run", "dark")
    assert run.returncode == 1
    assert "error[DL612]: the data breaks its contract" in run.stderr
    assert "| images | `16.0` | in_range [0, 15] |" in run.stderr
    assert re.search(r"all failing rows stand in `.+/contracts/\w+/failing_rows\.csv`", run.stderr)
    assert "Traceback" not in run.stderr


def test_a_callback_whose_package_is_missing_is_said_before_anything_is_prepared(project):
    if find_spec("tensorboard") is not None:
        pytest.skip("tensorboard is installed here")
    path = write_tiny(project / "specs", "watched")
    text = path.read_text().replace("  seed: 7\n\neval", "  callbacks: [TensorBoard]\n\neval")
    path.write_text(text)
    run = dlspec(project, "run", "watched", DLSPEC_HOME=str(project / "unprepared"))
    assert (run.returncode, run.stdout) == (2, "")
    assert "error: `TensorBoard` needs the package `tensorboard`" in run.stderr
    assert not (project / "unprepared").exists()


def test_callbacks_leave_their_files_in_the_runs_folder_and_nowhere_else(project):
    path = write_tiny(project / "specs", "logged")
    listed = '  callbacks: [{CSVLogger: log.csv}, {ModelCheckpoint: "best-{epoch}.keras"}]\n'
    path.write_text(path.read_text().replace("  seed: 7\n\neval", f"{listed}\neval"))
    before = {file for file in project.rglob("*") if "home" not in file.parts}
    run = dlspec(project, "run", "logged")
    assert run.returncode == 0, run.stderr
    folder = Path(run.stdout.splitlines()[-1]).parent
    written = {file.name for file in folder.iterdir()}
    assert written == {*set(RUN_FILES) - NOT_ALWAYS, "log.csv"} | {
        f"best-{epoch}.keras" for epoch in (1, 2, 3)
    }
    assert len((folder / "log.csv").read_text().splitlines()) == 4
    assert {file for file in project.rglob("*") if "home" not in file.parts} == before
    assert list((project / "home" / "work").iterdir()) == []


def test_a_callback_that_leads_out_of_the_runs_folder_is_refused_at_its_place(project):
    path = write_tiny(project / "specs", "astray")
    listed = "  callbacks: [{CSVLogger: ../x.csv}]\n"
    path.write_text(path.read_text().replace("  seed: 7\n\neval", f"{listed}\neval"))
    run = dlspec(project, "run", "astray")
    line = path.read_text().splitlines().index(listed.rstrip()) + 1
    assert run.returncode == 1
    assert f"specs/astray.yaml:{line}:27" in run.stderr
    assert "error[DL532]: `CSVLogger` cannot write to `../x.csv`" in run.stderr


_TWICE = """\
import keras


class Double(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs
"""


@pytest.mark.slow
def test_a_run_says_once_which_code_of_the_project_it_imports(tmp_path):
    path = write_tiny(tmp_path / "specs")
    text = path.read_text().replace("    - Flatten\n", "    - Flatten\n    - Twice\n")
    path.write_text(text.replace("epochs: 3", "epochs: 1").replace(">= 0.5", ">= 0.01"))
    (tmp_path / "pyproject.toml").write_text('[tool.dlspec.layers]\nTwice = "own:Double"\n')
    (tmp_path / "own.py").write_text(_TWICE)
    run = dlspec(tmp_path, "run", "tiny")
    assert run.returncode == 0, run.stderr
    told = [line for line in run.stderr.splitlines() if "own.py" in line]
    assert told == ["imports code of the project: `Twice` (class `Double` of own.py)"]
    assert dlspec(tmp_path, "run", "tiny", "--quiet").stderr == ""


def test_a_missing_file_says_where_it_was_looked_for(project):
    path = write_table(project / "specs", "points")
    (project / "data" / "points.csv").unlink()
    run = dlspec(project, "run", str(path))
    assert run.returncode == 1
    assert "there is no file `../data/points.csv`" in run.stderr


def test_a_bare_model_has_nothing_to_run(project):
    bare = project / "specs" / "bare.yaml"
    bare.write_text("dlspec: 1\nname: bare\nmodel:\n  inputs: {x: [4]}\n  graph:\n    - Dense: 2\n")
    run = dlspec(project, "run", "bare")
    assert run.returncode == 2
    assert "no `data` or no `training` section" in run.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_ends_in_a_sentence(project, tmp_path):
    tmp_path.chmod(0o500)
    run = dlspec(project, "run", "tiny", DLSPEC_HOME=str(tmp_path / "home"))
    assert run.returncode == 1
    assert "no permission to write" in run.stderr


def test_an_artifact_folder_that_is_a_file_ends_in_a_sentence(project, tmp_path):
    (tmp_path / "home").write_text("")
    run = dlspec(project, "run", "tiny", DLSPEC_HOME=str(tmp_path / "home"))
    assert run.returncode == 1
    assert "is in the way: a folder belongs there" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_champion_predicts_new_rows(project, done, tmp_path):
    digits = np.genfromtxt(
        Path(sys.prefix)
        .glob("lib/python*/site-packages/sklearn/datasets/data/digits.csv.gz")
        .__next__(),
        delimiter=",",
        max_rows=50,
    )
    np.savez(tmp_path / "new.npz", images=digits[:, :64].reshape(-1, 8, 8))
    answer = dlspec(project, "predict", "tiny", str(tmp_path / "new.npz"))
    assert answer.returncode == 0, answer.stderr
    assert "the champion since" in answer.stderr
    rows = list(csv.DictReader(answer.stdout.splitlines()))
    right = sum(
        int(row["digit"]) == int(truth) for row, truth in zip(rows, digits[:, 64], strict=True)
    )
    assert right >= 45
    assert all(0 < float(row["digit_probability"]) <= 1 for row in rows)


def test_the_beginning_of_a_run_id_is_enough_for_predict(project, done, tmp_path):
    run = Path(done.stdout.strip()).parent
    np.savez(tmp_path / "new.npz", images=np.zeros((2, 8, 8)))
    out = tmp_path / "out.parquet"
    answer = dlspec(project, "predict", run.name[:8], str(tmp_path / "new.npz"), "-o", str(out))
    assert answer.returncode == 0, answer.stderr
    assert f"using run `{run.name}` of `tiny`: its id begins so" in answer.stderr
    assert out.read_bytes()[:4] == b"PAR1"


def test_show_and_diff_take_a_run_as_predict_does(project, done):
    run = Path(done.stdout.strip()).parent
    changed = dlspec(project, "run", "tiny", "--set", "epochs=1", "--set", "units=5")
    # One epoch is not enough for the gate.
    other = Path(changed.stdout.strip()).parent
    for word in (other.name, f"tiny/{other.name[:8]}", str(other)):
        shown = dlspec(project, "show", word)
        assert shown.returncode == 0, shown.stderr
        # 64 * 5 + 5: what `--set` changed is in it.
        assert "325" in shown.stdout
        assert shown.stderr.startswith(f"using run `{other.name}`: ")
    compared = dlspec(project, "diff", "-q", str(run), f"tiny/{other.name}")
    assert compared.stderr == ""
    assert "training.epochs" in compared.stdout or "epochs  3 -> 1" in compared.stdout
    again = dlspec(project, "diff", "-q", f"tiny/{other.name}", "tiny", "--set", "units=5")
    assert "1 -> 3" in again.stdout
    assert "parameters" not in again.stdout


def test_the_beginning_of_several_runs_is_not_guessed_by_show(project, tmp_path):
    for run in ("aa1", "aa2"):
        (tmp_path / "runs/tiny" / run).mkdir(parents=True)
        (tmp_path / "runs/tiny" / run / "model.keras").touch()
    refused = dlspec(project, "show", "tiny/aa", DLSPEC_HOME=str(tmp_path))
    assert refused.returncode == 2
    assert "Error: `tiny/aa` is the beginning of 2 runs" in refused.stderr
    assert "write more of one: `tiny/aa1`, `tiny/aa2`" in refused.stderr
    missing = dlspec(project, "show", "tiny/ffff", DLSPEC_HOME=str(tmp_path))
    assert (
        "there is no run `tiny/ffff`; those of `tiny` are `tiny/aa1`, `tiny/aa2`" in missing.stderr
    )
    damaged = dlspec(project, "show", "aa1", DLSPEC_HOME=str(tmp_path))
    assert damaged.returncode == 1
    assert "Traceback" not in damaged.stderr


def test_predict_with_an_unknown_name_offers_the_nearest(project, done, tmp_path):
    np.savez(tmp_path / "new.npz", images=np.zeros((2, 8, 8)))
    answer = dlspec(project, "predict", "tinny", str(tmp_path / "new.npz"))
    assert answer.returncode == 2
    assert "`tiny` is near" in answer.stderr


def test_an_epoch_line_shows_figures_rate_and_time_left():
    end = {
        "epoch": 3,
        "epochs": 40,
        "figures": {"loss": 0.21338, "accuracy": 0.94112, "learning_rate": 0.001},
        "samples_per_s": 1234.4,
        "seconds_left": 72.2,
    }
    expected = "epoch  3/40  loss 0.2134  accuracy 0.9411  1,234 samples/s  1:12 left"
    assert epoch_line(end) == expected


def test_what_only_keras_refuses_is_a_sentence_with_its_place(tmp_path):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/crossed.yaml").write_text(
        "dlspec: 1\n"
        "name: crossed\n"
        "data:\n"
        "  source: {sklearn: iris}\n"
        "  inputs: {x: {vector: data, length: 4, standardize: true}}\n"
        "  targets: {y: {class: target, classes: 3}}\n"
        "model:\n"
        "  inputs: {x: [4]}\n"
        "  graph:\n"
        "    - {Dense: 3, name: a}\n"
        "    - {ops.cross, from: [a, x], name: c}\n"
        "    - {Dense: [3, {activation: softmax}], name: y}\n"
        "training: {epochs: 1, loss: sparse_categorical_crossentropy}\n"
    )
    refused = dlspec(tmp_path, "run", "crossed")
    assert refused.returncode == 1
    assert "error[DL409]: Keras refuses `c` (specs/crossed.yaml:11:8)" in refused.stderr
    assert "Traceback" not in refused.stderr
