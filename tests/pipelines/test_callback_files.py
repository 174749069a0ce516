"""Files of callbacks: in the run's folder, as an uninterrupted training writes them."""

import json
import signal
import subprocess
import sys
import textwrap
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import keras
import numpy as np
import pytest
from training_specs import MOONS, prepared

import dlspec
from dlspec.language.catalogue import find_entry
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.progress import EpochEnd
from dlspec_pipelines.steps.training.train import train, work_key
from dlspec_pipelines.trainer.callback_packages import require_callback_packages

CALLBACKS = """  callbacks:
    - CSVLogger: {filename: logs/log.csv, separator: ;}
    - ModelCheckpoint: {filepath: "after-{epoch:02d}-{val_loss:.3f}.keras"}
    - ModelCheckpoint: {filepath: best.weights.h5, save_weights_only: true, save_best_only: true}
"""
TEXT = MOONS.replace("  callbacks:\n", CALLBACKS)
OWN = {
    "files.json",
    "history.csv",
    "model.keras",
    "plan.json",
    "preparation.json",
    "run.json",
    "spec.yaml",
}


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    # Keras fills names with `str.format`.
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "a {home}"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def _files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def _assert_alike(one: Path, other: Path) -> None:
    """Compare what callbacks wrote: texts byte by byte, models by their weights."""
    assert _files(one) == _files(other)
    assert (one / "logs/log.csv").read_text() == (other / "logs/log.csv").read_text()
    for name in _files(one):
        if name.startswith("after"):
            pairs = [
                keras.models.load_model(folder / name).get_weights() for folder in (one, other)
            ]
            assert all(np.array_equal(a, b) for a, b in zip(*pairs, strict=True)), name
    models = [keras.models.load_model(folder / "model.keras") for folder in (one, other)]
    for model, folder in zip(models, (one, other), strict=True):
        model.load_weights(folder / "best.weights.h5")
    pairs = [model.get_weights() for model in models]
    assert all(np.array_equal(a, b) for a, b in zip(*pairs, strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Train once without a stop, in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(tmp_path_factory.mktemp("whole")))
        plan, dataset = prepared(TEXT)
        yield Path(train(plan, dataset, run="r1", spec_text="").path)


def test_what_callbacks_write_lies_in_the_runs_folder_and_nowhere_else(tmp_path):
    plan, dataset = prepared(TEXT)
    trained = train(plan, dataset, run="r1", spec_text="")
    folder = Path(trained.path)
    losses = [row.split(";")[-1] for row in (folder / "logs/log.csv").read_text().splitlines()[1:]]
    saved = {f"after-{i:02d}-{float(loss):.3f}.keras" for i, loss in enumerate(losses, start=1)}
    assert len(saved) == trained.epochs
    assert _files(folder) == OWN | saved | {"logs/log.csv", "best.weights.h5"}
    assert _files(tmp_path / "here") == set()
    assert not store.work_folder(work_key(plan, dataset)).exists()


def test_a_training_that_was_stopped_leaves_the_files_of_one_that_was_not(whole):
    plan, dataset = prepared(TEXT)
    for after in (1, 3):
        said = []

        class Stop:
            def is_set(self, said=said, after=after) -> bool:
                return sum(isinstance(one, EpochEnd) for one in said) == after

        with pytest.raises(Stopped):
            train(plan, dataset, run="r1", spec_text="", progress=said.append, stop=Stop())
    _assert_alike(Path(train(plan, dataset, run="r1", spec_text="").path), whole)


# In processes of one kind: the threads of this one, and so the work's key, are settled already.
_TRAINED = """
    import os, signal, sys
    killed = sys.argv.pop()
    sys.path[:0] = sys.argv[1:]
    from test_callback_files import TEXT
    from training_specs import prepared
    from dlspec_pipelines.steps.training.progress import EpochEnd
    from dlspec_pipelines.steps.training.train import train

    heard = []

    def hear(said):
        heard.append(said)
        # The first checkpoint is of epoch 1, and this epoch's is not written yet.
        if killed == "killed" and isinstance(said, EpochEnd) and said.epoch == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    plan, dataset = prepared(TEXT)
    trained = train(plan, dataset, run="r1", spec_text="", progress=hear)
    print(heard[0].text, trained.path, sep="\\n")
    """


def _trained_apart(how: str) -> subprocess.CompletedProcess[str]:
    here = Path(__file__).parent
    command = [sys.executable, "-c", textwrap.dedent(_TRAINED), str(here), str(here.parents[1])]
    return subprocess.run([*command, how], capture_output=True, text=True, check=False)


def test_what_was_written_after_the_checkpoint_is_taken_back(whole):
    killed = _trained_apart("killed")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (checkpoint,) = store.work_folder("any").parent.glob("*/checkpoint.npz")
    work = checkpoint.parent
    assert len((work / "files" / "logs/log.csv").read_text().splitlines()) == 4
    (work / "files" / "after-09-0.000.keras").write_bytes(b"of an epoch that never comes again")
    with (work / "files" / "logs/log.csv").open("a") as log:
        log.write("3;half a li")
    done = _trained_apart("whole")
    assert done.returncode == 0, done.stderr
    said, path = done.stdout.splitlines()
    assert said.startswith("continuing after epoch ")
    _assert_alike(Path(path), whole)


def test_what_was_written_without_a_checkpoint_is_taken_back(whole):
    plan, dataset = prepared(TEXT)
    work = store.work_folder(work_key(plan, dataset))
    (work / "files" / "logs").mkdir(parents=True)
    (work / "files" / "logs/log.csv").write_text("0;of an earlier try\n")
    (work / "checkpoint.npz").write_bytes(b"PK\x03\x04 half of an archive")
    _assert_alike(Path(train(plan, dataset, run="r1", spec_text="").path), whole)


def test_a_project_that_allows_the_network_has_its_figures_posted(tmp_path, monkeypatch):
    posted = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        said = f"root: 'http://127.0.0.1:{server.server_port}', send_as_json: true"
        monitor = f"  callbacks:\n    - RemoteMonitor: {{{said}}}\n"
        text = MOONS.replace("  callbacks:\n", monitor)
        with pytest.raises(dlspec.SpecError, match="DL532"):
            dlspec.loads(text)
        (tmp_path / "here" / "pyproject.toml").write_text("[tool.dlspec]\nnetwork = true\n")
        plan, dataset = prepared(text, epochs=2)
        train(plan, dataset, run="r1", spec_text="")
        server.shutdown()
    assert [path for path, _ in posted] == ["/publish/epoch/end/"] * 2
    assert [body["epoch"] for _, body in posted] == [0, 1]
    assert {"loss", "val_loss"} <= set(posted[0][1])


def test_a_callback_says_which_package_it_lacks():
    for packages in (find_entry("callback", "TensorBoard").traits.packages, ()):
        missing = [name for name in packages if find_spec(name) is None]
        callback = "TensorBoard" if packages else "CSVLogger: log.csv"
        text = MOONS.replace("  callbacks:\n", f"  callbacks:\n    - {callback}\n")
        plan = dlspec.loads(text)
        if not missing:
            require_callback_packages(plan)
            continue
        with pytest.raises(StepError) as caught:
            require_callback_packages(plan)
        assert caught.value.message == (
            f"`TensorBoard` needs the package `{missing[0]}`, which is not installed"
        )
