"""`make dev`: a real webserver and daemon on a free port, talked to as the UI does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from chain_specs import write_broken, write_tiny
from terminal import PATHS

from dlspec_pipelines.dev.serve import query_graphql

WORKSPACE = """load_from:
  - python_module: {module_name: dlspec_pipelines.definitions, location_name: dlspec}
"""

LAYER = """import keras


class Twice(keras.layers.Layer):
    def call(self, x):
        return 2.0 * x
"""

_ASSETS = "{ assetNodes { assetKey { path } } }"
_LAUNCH = """mutation Launch($p: ExecutionParams!) { launchRun(executionParams: $p) {
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_STATUS = "query Status($r: ID!) { runOrError(runId: $r) { ... on Run { status } } }"
_EPOCHS = """query Epochs($k: AssetKeyInput!) { assetOrError(assetKey: $k) {
  ... on Asset { assetObservations(limit: 5) { metadataEntries { label } } } } }"""
_TERMINATE = "mutation End($r: String!) { terminateRun(runId: $r) { __typename } }"
_CHECK = """query Check($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) {
  ... on AssetNode { assetChecksOrError { ... on AssetChecks { checks {
    executionForLatestMaterialization { status evaluation { description } } } } } } } }"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(condition, seconds=90.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError("it did not happen in time")


class Dev:
    """A running `make dev` over a folder of its own."""

    def __init__(self, folder):
        (folder / "workspace.yaml").write_text(WORKSPACE)
        self.folder = folder
        self.port = free_port()
        self.said = folder / "said.txt"
        environment = {**os.environ, "PYTHONPATH": PATHS}
        for name in ("DAGSTER_HOME", "DLSPEC_HOME"):
            environment.pop(name, None)
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dlspec_pipelines.dev.serve", "--port", str(self.port)],
                cwd=folder,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        wait(lambda: "Dagster UI" in self.said.read_text())

    def ask(self, query, **variables):
        return query_graphql(self.port, query, variables)["data"]

    def assets(self):
        found = self.ask(_ASSETS)["assetNodes"]
        return {"/".join(node["assetKey"]["path"]) for node in found}

    def launch(self, name, **params):
        steps = ("dataset", "model", "evaluation", "report", "champion")
        parameters = {
            "selector": {
                "repositoryLocationName": "dlspec",
                "repositoryName": "__repository__",
                "pipelineName": "materialize",
                "assetSelection": [{"path": [name, step]} for step in steps],
            },
            "runConfigData": json.dumps(
                {"resources": {"settings": {"config": {"params": params}}}}
            ),
            "mode": "default",
        }
        return self.ask(_LAUNCH, p=parameters)["launchRun"]["run"]["runId"]

    def status(self, run):
        return self.ask(_STATUS, r=run)["runOrError"]["status"]

    def epochs(self, name):
        asset = self.ask(_EPOCHS, k={"path": [name, "model"]})["assetOrError"]
        return asset.get("assetObservations", [])


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dev")
    write_tiny(folder / "specs")
    running = Dev(folder)
    yield running
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(90) == 0


@pytest.mark.slow
def test_ctrl_c_ends_it_as_it_ends_every_command(tmp_path):
    write_tiny(tmp_path / "specs")
    running = Dev(tmp_path)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(90) == 130


@pytest.mark.slow
def test_the_instance_is_kept_beside_the_workspace(dev):
    assert (dev.folder / ".dlspec" / "dagster" / "dagster.yaml").is_file()
    assert "tiny/model" in dev.assets()


@pytest.mark.slow
def test_a_new_spec_shows_without_a_click(dev):
    write_tiny(dev.folder / "specs", "second")
    wait(lambda: "second/model" in dev.assets())


@pytest.mark.slow
def test_a_broken_spec_shows_as_a_failed_check_without_a_run(dev):
    write_broken(dev.folder / "specs")
    wait(lambda: "wrong/spec" in dev.assets())

    def failed():
        node = dev.ask(_CHECK, k={"path": ["wrong", "spec"]})["assetNodeOrError"]
        (check,) = node["assetChecksOrError"]["checks"]
        return check["executionForLatestMaterialization"]

    latest = wait(failed)
    assert latest["status"] == "FAILED"
    assert "error[DL402]" in latest["evaluation"]["description"]
    assert "tiny/model" in dev.assets()


@pytest.mark.slow
def test_a_listed_layer_and_an_edit_of_it_are_seen_without_a_click(dev):
    (dev.folder / "layers.py").write_text(LAYER)
    (dev.folder / "pyproject.toml").write_text('[tool.dlspec.layers]\nTwice = "layers:Twice"\n')
    wait(lambda: "pyproject.toml changed: reloaded" in dev.said.read_text())
    (dev.folder / "layers.py").write_text(LAYER.replace("2.0", "3.0"))
    wait(lambda: "layers.py changed: reloaded" in dev.said.read_text())


@pytest.mark.slow
def test_epochs_show_while_a_run_trains_and_terminate_ends_it(dev):
    run = dev.launch("tiny", epochs=1_000_000)
    observed = wait(lambda: dev.epochs("tiny"))
    assert "epoch/val_accuracy" in {entry["label"] for entry in observed[0]["metadataEntries"]}
    assert dev.status(run) == "STARTED"
    dev.ask(_TERMINATE, r=run)
    wait(lambda: dev.status(run) == "CANCELED", seconds=60)
    assert not (dev.folder / ".dlspec" / "runs").exists()


@pytest.mark.slow
def test_a_taken_port_is_named_and_another_one_offered(dev):
    again = subprocess.run(
        [sys.executable, "-m", "dlspec_pipelines.dev.serve", "--port", str(dev.port)],
        cwd=dev.folder,
        env={**os.environ, "PYTHONPATH": PATHS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 2
    assert f"port {dev.port} of 127.0.0.1 is taken" in again.stderr
    assert "chooses another one" in again.stderr
