"""`dlspec` in a terminal of its own, where Ctrl-C is a key; and processes seen from outside."""

import ctypes
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a child needs to run this tree, whatever tree is installed.
PATHS = os.pathsep.join([str(ROOT), str(ROOT / "pipelines")])
COMMAND = (sys.executable, "-m", "dlspec_pipelines.cli")

_PR_CAPBSET_DROP = 24
# CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER: what lets root write where nobody may.
_ABOVE_PERMISSIONS = (1, 2, 3)


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k not in ("DAGSTER_HOME", "DLSPEC_HOME")}
    return {**kept, "PYTHONPATH": PATHS, **{name: str(value) for name, value in more.items()}}


def run_dlspec(folder, *arguments):
    """Run a command in a project's folder to its end, with a home there."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(DLSPEC_HOME=folder / "home"),
        capture_output=True,
        text=True,
        check=False,
    )


def heed_permissions():
    """Run in the child before it starts: root then obeys the permissions of files."""
    if os.geteuid() == 0:
        for capability in _ABOVE_PERMISSIONS:
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def trainer_of(pid):
    """Return the trainer that process `pid` has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (found,) = [
        c
        for c in children
        if "dlspec_pipelines.trainer.server" in Path(f"/proc/{c}/cmdline").read_text()
    ]
    return int(found)


class Terminal:
    """One `dlspec` command as the foreground process of a terminal."""

    def __init__(self, folder, *arguments, columns=200, **more):
        self.text = ""
        self.pid, self._screen = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            # A terminal says by itself how wide it is; a program may have said otherwise.
            environ = {k: v for k, v in environment(**more).items() if k != "COLUMNS"}
            os.execve(sys.executable, [*COMMAND, *arguments], environ)
        self.resize(columns)

    def resize(self, columns):
        """Make the window as wide, which the program is told by SIGWINCH."""
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))

    def until(self, text, timeout_s=120.0):
        deadline = time.monotonic() + timeout_s
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} did not come: {self.text[-2000:]}"
            assert self._read(), f"it ended before {text!r}: {self.text[-2000:]}"

    def press_ctrl_c(self):
        os.write(self._screen, b"\x03")

    def rest(self, timeout_s=120.0):
        """Return the exit status; negative is a signal's number."""
        deadline = time.monotonic() + timeout_s
        while self._read():
            assert time.monotonic() < deadline, f"it did not end: {self.text[-2000:]}"
        os.close(self._screen)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def lines(self):
        return [line for line in self.text.replace("\r", "\n").split("\n") if line.strip()]

    def _read(self):
        ready, _, _ = select.select([self._screen], [], [], 0.2)
        if not ready:
            return True
        try:
            said = os.read(self._screen, 65536)
        except OSError:
            # How a terminal says that its last process is gone.
            return False
        self.text += said.decode(errors="replace")
        return bool(said)
