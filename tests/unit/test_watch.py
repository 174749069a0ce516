"""`dlspec check --watch`, as a process of its own."""

import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parents[2]
GOOD = "dlspec: 1\nname: good\nmodel:\n  inputs: {x: [8]}\n  graph: [{Dense: [16, relu]}]\n"


def test_each_save_is_checked_until_ctrl_c(tmp_path):
    spec = tmp_path / "good.yaml"
    spec.write_text(GOOD)
    with (
        subprocess.Popen(
            [sys.executable, "-m", "dlspec", "check", "--watch", "."],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell that starts the tests in the background leaves SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as child,
        ExitStack() as at_last,
    ):
        at_last.callback(child.kill)
        lines = Queue()
        threading.Thread(
            target=lambda: [lines.put(line) for line in child.stdout], daemon=True
        ).start()

        def until(text):
            while text not in (line := lines.get(timeout=60)):
                pass
            return line

        assert until(" checked: ") == "1 spec checked: no mistakes\n"
        until("watching .; Ctrl-C ends")
        spec.write_text(GOOD.replace("relu", "rleu"))
        until("error[DL206]: unknown activation `rleu`")
        assert until(" checked: ") == "1 spec checked: 1 error\n"
        until("watching")
        (tmp_path / "more.yaml").write_text(GOOD.replace("good", "more"))
        assert until(" checked: ") == "2 specs checked: 1 error\n"
        until("watching")
        spec.unlink()
        (tmp_path / "more.yaml").unlink()
        until("there is no spec under .")
        until("watching")
        spec.write_text(GOOD)
        assert until(" checked: ") == "1 spec checked: no mistakes\n"
        until("watching")
        child.send_signal(signal.SIGINT)
        assert until("stopped") == "stopped\n"
        assert child.wait(60) == 130
