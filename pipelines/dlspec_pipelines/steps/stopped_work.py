"""Trainings that are not finished: which they are, how far they came, who holds them."""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from dlspec_pipelines.steps.json_documents import WORK, document_text, read_document
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import artifacts_home, process_holding, write_whole

CHECKPOINT = "checkpoint.npz"
_NOTE = "work.json"
# What numpy and zipfile raise, whichever byte of an archive is another one.
UNREADABLE_ARCHIVE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class UnfinishedTraining:
    """A training that was stopped and can go on, or that a process is at.

    Attributes:
        name: Of the model; None where an earlier dlspec began it.
        epoch: Epochs that the checkpoint holds; None where it cannot be read, 0 where none is yet.
        epochs: How many there are to be; None where an earlier dlspec began it.
        dataset: The fingerprint of its data set; None where an earlier dlspec began it.
        begins_with: The runs whose weights it began with.
        since: When something was written there last, ISO 8601 in UTC.
        process: The process that is at it, 0 where it left no number; None where none is.
    """

    folder: Path
    name: str | None
    epoch: int | None
    epochs: int | None
    dataset: str | None
    begins_with: tuple[str, ...]
    since: str
    process: int | None

    @property
    def state(self) -> Literal["training", "stopped", "damaged"]:
        """Return what is to be said of it in a word."""
        if self.process is not None:
            return "training"
        return "damaged" if self.epoch is None else "stopped"


def note_work(
    work: Path, *, name: str, epochs: int, dataset: str, begins_with: Iterable[str | None]
) -> None:
    """Write what an unfinished training is, beside its checkpoint.

    Args:
        epochs: How many there are to be.
        dataset: The fingerprint of its data set.
        begins_with: The runs whose weights it begins with; None stands for a file.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    runs = [run for run in begins_with if run is not None]
    said = {"name": name, "epochs": epochs, "dataset": dataset, "begins_with": runs}
    write_whole(work / _NOTE, document_text(WORK, said))


def unfinished_trainings() -> Iterator[UnfinishedTraining]:
    """Yield every training that is not finished, by the name of its folder."""
    for folder in sorted(path.parent for path in (artifacts_home() / "work").glob("*/lock")):
        try:
            said = read_document(folder / _NOTE, WORK)
        except StepError:
            # Of an earlier dlspec, or of a process that is just beginning.
            said = {}
        checkpoint = folder / CHECKPOINT
        written = checkpoint if checkpoint.is_file() else folder / "lock"
        try:
            moment = written.stat().st_mtime
        except FileNotFoundError:
            # It has been finished meanwhile.
            continue
        yield UnfinishedTraining(
            folder,
            said.get("name"),
            _epoch_of_checkpoint(checkpoint),
            said.get("epochs"),
            said.get("dataset"),
            tuple(said.get("begins_with", ())),
            datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds"),
            process_holding(folder),
        )


def _epoch_of_checkpoint(path: Path) -> int | None:
    if not path.is_file():
        return 0
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            state = json.loads(archive["state"].tobytes())
        return int(state["position"]["epoch"])
    except UNREADABLE_ARCHIVE:
        return None
