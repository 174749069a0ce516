"""A trainer process seen from outside: started early, handed jobs, listened to, ended."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

import dlspec
from dlspec_pipelines.steps.step_errors import StepError, write_errors_as_step_errors
from dlspec_pipelines.steps.store import artifacts_home
from dlspec_pipelines.trainer.backend_choice import require_backend

Message = dict[str, Any]


# A stop is answered after the compiled call that runs, about a second, and one checkpoint.
STOP_GRACE_S = 30.0


# The end of a traceback.
_TAIL_LINES = 15


# The same code as the caller runs, wherever the process is started.
_ROOTS = (Path(dlspec.__file__).parents[1], Path(__file__).parents[2])


class TrainerGone(StepError):  # noqa: N818 - the sentence a person reads says it
    """The trainer process ended before it answered."""


class TrainerProcess:
    """One running trainer; state, because a process has one."""

    def __init__(self, backend: str, *, label: str) -> None:
        """Start the process; it imports Keras while the caller goes on.

        Args:
            label: What its log file is called after, such as the run's id.

        Raises:
            StepError: If the backend is not installed or the log cannot be written.
        """
        require_backend(backend)
        self.backend = backend
        self.log = artifacts_home() / "logs" / f"{label}-{backend}.log"
        with write_errors_as_step_errors(self.log.parent), _opened_trainer_log(self.log) as log:
            self._process = subprocess.Popen(
                # -P: a folder `pipelines` of the project is not run in the place of ours.
                [sys.executable, "-P", "-m", "dlspec_pipelines.trainer.server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_trainer_environment(backend),
                # Ctrl-C in a terminal reaches the caller alone, which asks for a checkpoint once.
                start_new_session=True,
            )
        self._messages: Queue[Message | None] = Queue()
        self._listener = Thread(
            target=self._listen_to_trainer, name="trainer messages", daemon=True
        )
        self._listener.start()

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def send_message(self, message: Message) -> None:
        """Hand one message over.

        Raises:
            TrainerGone: If the process has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._trainer_gone() from None

    def receive_message(self, timeout_s: float | None = None) -> Message | None:
        """Return the next message, or None when `timeout_s` passed without one.

        Raises:
            TrainerGone: If the process has ended.
        """
        try:
            message = self._messages.get(timeout=timeout_s)
        except Empty:
            return None
        if message is None:
            self._messages.put(None)
            raise self._trainer_gone()
        return message

    def stop(self) -> None:
        """Ask for a checkpoint and an end of the job that runs."""
        self.send_message({"stop": True})

    def close(self, grace_s: float = 2.0, *, keep_log: bool = False) -> None:
        """End the process: its input is closed, and what is left after `grace_s` is killed."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        if not keep_log:
            self.log.unlink(missing_ok=True)

    def _listen_to_trainer(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                # A killed process may leave half a line.
                if line.endswith(b"\n"):
                    self._messages.put(json.loads(line))
        self._messages.put(None)

    def _trainer_gone(self) -> TrainerGone:
        status = self._process.wait()
        message = f"the trainer process ended with status {status}"
        if status in (-9, 137):
            return TrainerGone(
                f"{message}: it was killed, most often for want of memory",
                help="a smaller `batch_size` needs less; the next run goes on from the checkpoint",
            )
        tail = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return TrainerGone(
            message + "".join(f"\n    {line}" for line in tail),
            help=f"its output is in `{self.log}`",
        )


@contextmanager
def _opened_trainer_log(log: Path) -> Iterator[IO[bytes]]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as opened:
        yield opened


def _trainer_environment(backend: str) -> Mapping[str, str]:
    paths = [*map(str, _ROOTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": os.pathsep.join(paths),
    }


class Trainers:
    """The trainers of one run, by backend: started when first asked for, ended together."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._running: dict[str, TrainerProcess] = {}

    def get(self, backend: str) -> TrainerProcess:
        """Return the trainer for `backend`, started now or before.

        Raises:
            StepError: If the backend is not installed.
        """
        if backend not in self._running:
            self._running[backend] = TrainerProcess(backend, label=self._label)
        return self._running[backend]

    def drop_trainer(self, backend: str, *, keep_log: bool) -> None:
        """End one trainer, so that the next job gets a fresh one."""
        self._running.pop(backend).close(keep_log=keep_log)

    def close(self) -> None:
        """End them all."""
        while self._running:
            self._running.popitem()[1].close()
