"""A checkpoint: all that a training needs to go on as if it had never been interrupted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from dlspec.backends.optimizers import optimizer_variables
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.engine import determinism as machine
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.stopped_work import UNREADABLE_ARCHIVE
from dlspec_pipelines.steps.training import callbacks as memory

# Version 1 did not hold the files that callbacks write.
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Position:
    """How far a training has come.

    Attributes:
        epoch: Epochs that are over.
        row: Samples of the epoch under way that are behind us, in its order.
        figures: The training figures of the epoch under way, once its samples are through.
        seconds: Training time so far.
        history: The figures of each epoch that is over, with its `epoch` and `seconds`.
        stopped: Whether a callback has ended the training.
    """

    epoch: int = 0
    row: int = 0
    figures: Mapping[str, float] | None = None
    seconds: float = 0.0
    history: tuple[Mapping[str, float], ...] = ()
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint that fits a model.

    Attributes:
        position: Where the training stood.
        files: The copies of the callbacks' files, as `WrittenFiles` names them.
    """

    position: Position
    files: str | None
    remembered: Sequence[Mapping[str, Any]]
    arrays: Mapping[str, Array]


class CorruptError(Exception):
    """A checkpoint that cannot be read, or is of another model."""


def save_checkpoint(
    path: Path,
    model: keras.Model,
    *,
    callbacks: Sequence[keras.callbacks.Callback],
    position: Position,
    files: str | None = None,
) -> None:
    """Write the model, its optimizer, random states, metrics, callbacks and the position.

    Args:
        files: The copies of the callbacks' files that belong to this position.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    arrays = {name: variable.numpy() for name, variable in _checkpoint_variables(model).items()}
    arrays |= {f"random/{name}": state for name, state in machine.random_states().items()}
    remembered: list[Mapping[str, Any]] = []
    for i, callback in enumerate(callbacks):
        values, kept = memory.capture_callback(callback)
        remembered.append({"class": type(callback).__name__, "values": values})
        arrays.update({f"callback/{i}/{name}": array for name, array in kept.items()})
    state = {
        "version": _VERSION,
        "position": asdict(position),
        "files": files,
        "callbacks": remembered,
    }
    text = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
    with store.whole_file(path) as file:
        np.savez(file, allow_pickle=False, state=text, **arrays)


def load_checkpoint(
    path: Path, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
) -> Saved:
    """Read a checkpoint of a built model and its callbacks; nothing is changed yet.

    Raises:
        CorruptError: If the file is damaged or does not fit.
    """
    state, arrays = _read_checkpoint_file(path)
    remembered = state["callbacks"]
    fits = [c["class"] for c in remembered] == [type(c).__name__ for c in callbacks] and all(
        name in arrays and arrays[name].shape == tuple(variable.shape)
        for name, variable in _checkpoint_variables(model).items()
    )
    if not fits:
        raise CorruptError(f"`{path}` is of another model")
    position = state["position"]
    return Saved(
        Position(**{**position, "history": tuple(position["history"])}),
        state["files"],
        remembered,
        arrays,
    )


def restore_checkpoint(
    saved: Saved, model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]
) -> None:
    """Put what `load_checkpoint` read into the model, its callbacks and the random states."""
    for name, variable in _checkpoint_variables(model).items():
        variable.assign(saved.arrays[name])
    for i, callback in enumerate(callbacks):
        memory.restore_callback(
            callback,
            saved.remembered[i]["values"],
            _arrays_under_prefix(f"callback/{i}/", saved.arrays),
        )
    machine.restore_random_states(_arrays_under_prefix("random/", saved.arrays))


def _arrays_under_prefix(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def _read_checkpoint_file(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    try:
        # Opened here: numpy leaves the file of a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        state = json.loads(arrays.pop("state").tobytes())
    except UNREADABLE_ARCHIVE as error:
        raise CorruptError(f"`{path}` is damaged: {error}") from error
    if not isinstance(state, dict) or state.get("version") != _VERSION:
        raise CorruptError(f"`{path}` is of another version")
    return state, arrays


def _checkpoint_variables(model: keras.Model) -> dict[str, Any]:
    # Positions, not names: layers of one model may share the name of a variable. `variables` holds
    # the states of seed generators, which `weights` leaves out.
    groups = {
        "model": model.variables,
        "optimizer": optimizer_variables(model),
        "metric": model.metrics_variables,
    }
    return {f"{group}/{i}": v for group, members in groups.items() for i, v in enumerate(members)}
