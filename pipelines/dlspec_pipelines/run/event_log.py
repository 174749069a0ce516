"""A Dagster event log that cannot be written, told in one sentence."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from dagster import DagsterInvalidConfigError
from sqlalchemy.exc import DatabaseError, OperationalError
from yaml import YAMLError

from dlspec_pipelines.steps.step_errors import StepError

_CLASSES = (OperationalError.__name__, "sqlite3.OperationalError")
# Dagster prints it for every event that is lost, with the whole statement.
_REPEATED = "Exception while writing logger call to event log"


@contextmanager
def storage_errors_as_step_errors(folder: Path) -> Iterator[None]:
    """Turn a storage in `folder` that cannot be read or written into a `StepError`.

    Raises:
        StepError: If SQLite cannot open, read or write its files, or dagster.yaml is no settings.
    """
    try:
        with redirect_stderr(_WithoutRepeats()):
            yield
    except OperationalError as error:
        raise unwritable_event_log(folder, str(error.orig)) from error
    except DatabaseError as error:
        raise StepError(
            f"Dagster's history in `{folder}` is damaged: {error.orig}",
            help="move that folder away: Dagster's history begins anew; runs, models and "
            "champions are not in it",
        ) from error
    except (DagsterInvalidConfigError, YAMLError) as error:
        raise StepError(
            f"`{folder / 'dagster.yaml'}` cannot be read: {str(error).strip().splitlines()[-1]}",
            help="mend it, or remove it: the next run writes it anew",
        ) from error


def unwritable_event_log(folder: Path, reason: str) -> StepError:
    """Return the error of a storage that cannot be written, `reason` in SQLite's words."""
    return StepError(
        f"Dagster cannot write its event log in `{folder}`: {reason}",
        help="make room or make the folder writable, or let DAGSTER_HOME name another one",
    )


def storage_reason(failure: Any) -> str | None:  # noqa: ANN401 - a StepFailureData
    """Return SQLite's words where a step failed because the event log did; else None."""
    error = failure.error
    while error is not None:
        if error.cls_name in _CLASSES:
            # The first line is the class and SQLite's words, the others the statement.
            words: str = error.message.strip().splitlines()[0]
            return words.rpartition("OperationalError) ")[2].removeprefix(f"{_CLASSES[1]}: ")
        error = error.cause
    return None


class _WithoutRepeats(io.TextIOBase):
    """Standard error, but for what is told once at the end."""

    def __init__(self) -> None:
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        """Pass text on, unless it is one of the repeated lines."""
        return len(text) if text.startswith(_REPEATED) else self._stream.write(text)

    def flush(self) -> None:
        """Pass on what is held back."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Return whether a person reads along."""
        return self._stream.isatty()
