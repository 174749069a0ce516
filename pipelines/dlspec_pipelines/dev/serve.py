"""`make dev`: the Dagster UI and daemon on loopback, and an eye on `specs/` and listed layers."""

import argparse
import ctypes
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import yaml
from watchfiles import watch

from dlspec.diagnostics.counts import counted
from dlspec.tools.commands.exit_status import CLEAN, INTERRUPTED
from dlspec_pipelines.dev.layer_changes import layer_changes
from dlspec_pipelines.location.instance import OWN_PROCESS, prepare_instance
from dlspec_pipelines.specs import SUFFIXES, project_folder
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage, write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home
from dlspec_pipelines.trainer.process import STOP_GRACE_S

HOST = "127.0.0.1"
LOCATION = "dlspec"

# A run that trains is given its checkpoint; the webserver and the daemon need a few seconds.
_STOP_GRACE_S = 60.0
# Between a run's checkpoint and its end in the event log.
_ANSWER_S = 15.0
# What fits a terminal beside the sentence itself.
_TAIL_LINES = 20
# linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_RELOAD = """mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry {
      locationOrLoadError { __typename ... on PythonError { message } }
    }
    ... on PythonError { message }
  }
}"""

_UNFINISHED = """{
  runsOrError(filter: {statuses: [QUEUED, STARTING, STARTED, CANCELING]}) {
    ... on Runs { results { runId status tags { key value } } }
  }
}"""
_TERMINATE = """mutation End($run: String!) {
  terminateRun(runId: $run) { __typename }
}"""


def serve(port: int) -> int:
    """Run the UI and the daemon until Ctrl-C or SIGTERM, and return the exit status.

    Ctrl-C ends it as it ends every command; SIGTERM is how a supervisor asks it to be done.
    """
    try:
        _require_free_port(port)
        root = project_folder()
        # Absolute, and the same for webserver, daemon, code server and run workers.
        os.environ["DLSPEC_HOME"] = str(artifacts_home())
        workspace = _workspace_of(root)
        prepare_instance()
        log = _new_log()
        with write_errors_as_step_errors(root):
            (root / "specs").mkdir(exist_ok=True)
    except StepError as problem:
        _print_dev_line(str(problem), sys.stderr)
        return problem.status
    stop = threading.Event()
    ended_by: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: (ended_by.append(got), stop.set()))  # type: ignore[func-returns-value]  # both are done
    dagster = _start_dagster(port, root, workspace, log)
    try:
        threading.Thread(target=_announce_ui, args=(port, log, stop), daemon=True).start()
        threading.Thread(target=_watch_layers, args=(port, root, stop), daemon=True).start()
        _watch_specs(port, root / "specs", dagster, stop=stop)
    finally:
        if stop.is_set():
            _end_runs(port)
        status = _end_dagster(dagster)
    if stop.is_set():
        return INTERRUPTED if signal.SIGINT in ended_by else CLEAN
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
    _print_dev_line(
        f"{tail}\nerror: Dagster ended with status {status}; more in `{log}`", sys.stderr
    )
    return 1


def reload_location(port: int) -> str | None:
    """Ask the webserver to load the code location again; return what went wrong, or None."""
    answer = query_graphql(port, _RELOAD, {"name": LOCATION})
    entry = answer["data"]["reloadRepositoryLocation"]
    inner = entry.get("locationOrLoadError") or entry
    message: str | None = inner.get("message")
    return message


def query_graphql(port: int, query: str, variables: Mapping[str, object] | None = None) -> dict:  # type: ignore[type-arg]  # JSON
    """Return the webserver's answer to a GraphQL query.

    Raises:
        OSError: If nothing answers.
    """
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(
        f"http://{HOST}:{port}/graphql", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - the same
        answer: dict = json.load(response)  # type: ignore[type-arg]  # JSON
    return answer


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        # As the webserver will: a port whose last connections still time out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            verdict = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used"
            raise WrongUsage(
                f"port {port} of {HOST} {verdict}: {reason}",
                help=f"`dlspec dev --port {_next_free(port)}` chooses another one",
            ) from error


def _workspace_of(root: Path) -> Path:
    """Return the workspace that Dagster loads: the project's own, else one that finds its specs.

    Raises:
        StepError: If the project's own names no code location.
    """
    own = root / "workspace.yaml"
    if own.is_file():
        _require_code_location(own)
        return own
    module = {
        "module_name": "dlspec_pipelines.definitions",
        "working_directory": str(root),
        "location_name": LOCATION,
    }
    made = artifacts_home() / "workspace.yaml"
    with write_errors_as_step_errors(made.parent):
        made.parent.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, whatever the folder is called.
        made.write_text(json.dumps({"load_from": [{"python_module": module}]}), "utf-8")
    return made


def _require_code_location(file: Path) -> None:
    advice = "remove the file: `dlspec dev` finds the specs of a project without it"
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise StepError(f"`{file}` cannot be read: {reason}", help=advice) from error
    if not isinstance(content, dict) or not content.get("load_from"):
        raise StepError(f"`{file}` names no code location", help=advice)


def _next_free(port: int) -> int:
    for candidate in range(port + 1, port + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex((HOST, candidate)):
                return candidate
    return port + 1


def _new_log() -> Path:
    log = artifacts_home() / "logs" / "dev.log"
    with write_errors_as_step_errors(log.parent):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
    return log


def _start_dagster(port: int, root: Path, workspace: Path, log: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "dagster", "dev", "--log-level", "warning"]
    place = ["--host", HOST, "--port", str(port), "--workspace", str(workspace)]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [*command, *place],
            cwd=root,
            # Every run's events, in full.
            stdout=output,
            stderr=subprocess.STDOUT,
            # `dg dev` would be its successor; this one needs no further package.
            env={**os.environ, "PYTHONWARNINGS": "ignore:Function `dev_command` is superseded"},
            # Ctrl-C reaches this process alone, which ends the others in order.
            start_new_session=True,
            # A shell that starts `make dev &` leaves SIGINT ignored, which children would inherit.
            preexec_fn=_before_dagster,
        )


def _before_dagster() -> None:
    if sys.platform == "linux":
        # Should this process be killed, the others get a Ctrl-C all the same.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_runs(port: int) -> None:
    """Terminate what this UI has started: its workers would train on with nobody to see it."""
    deadline = time.monotonic() + STOP_GRACE_S + _ANSWER_S
    told = False
    # A webserver that does not answer has no runs that could still be ended through it.
    with suppress(OSError):
        while (runs := _unfinished_ui_runs(port)) and time.monotonic() < deadline:
            if not told:
                count = counted(len(runs), "run") if len(runs) > 1 else "a run"
                _print_dev_line(
                    f"stopping {count}; the next one of the same spec goes on from its checkpoint"
                )
                told = True
            # Those that wait first: a place that becomes free would start them.
            for run in sorted(runs, key=lambda run: run["status"] != "QUEUED"):
                if run["status"] in ("QUEUED", "STARTED"):
                    query_graphql(port, _TERMINATE, {"run": run["runId"]})
            time.sleep(0.5)


def _unfinished_ui_runs(port: int) -> list[dict[str, Any]]:
    """Return the runs of this UI; those of `dlspec run` end with their own terminal."""
    runs = query_graphql(port, _UNFINISHED)["data"]["runsOrError"].get("results", [])
    own = [{"key": key, "value": value} for key, value in OWN_PROCESS.items()]
    return [run for run in runs if not any(tag in own for tag in run["tags"])]


def _end_dagster(dagster: "subprocess.Popen[bytes]") -> int:
    if dagster.poll() is None:
        dagster.send_signal(signal.SIGINT)
    try:
        return dagster.wait(_STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(dagster.pid, signal.SIGKILL)
        return dagster.wait()


def _announce_ui(port: int, log: Path, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        try:
            query_graphql(port, "{ version }")
        except OSError:
            continue
        _print_dev_line(
            f"Dagster UI: http://{HOST}:{port}/asset-groups   log: {log}   Ctrl-C ends it"
        )
        return


def _watch_specs(
    port: int, specs: Path, dagster: "subprocess.Popen[bytes]", *, stop: threading.Event
) -> None:
    for changes in watch(
        specs, stop_event=stop, raise_interrupt=False, rust_timeout=1000, yield_on_timeout=True
    ):
        if dagster.poll() is not None:
            return
        paths = sorted({Path(path).name for _, path in changes if path.endswith(SUFFIXES)})
        if paths:
            _reload_after_change(port, paths)


def _watch_layers(port: int, root: Path, stop: threading.Event) -> None:
    for names in layer_changes(root, stop=stop):
        _reload_after_change(port, names)


def _reload_after_change(port: int, paths: list[str]) -> None:
    try:
        problem = reload_location(port)
    except OSError as error:
        problem = f"the webserver does not answer: {error}"
    said = f"not reloaded: {problem}" if problem else "reloaded"
    _print_dev_line(f"{', '.join(paths)} changed: {said}")


def _print_dev_line(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout, flush=True)


def main() -> int:
    """Read the port from the command line or $PORT."""
    parser = argparse.ArgumentParser(
        prog="python -m dlspec_pipelines.dev.serve", description=__doc__
    )
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "3000")
    port = parser.parse_args().port
    if not 0 < port < 65536:
        parser.error(f"{port} is no port: they go from 1 to 65535")
    return serve(port)


if __name__ == "__main__":
    sys.exit(main())
