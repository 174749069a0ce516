"""Saved models that a spec takes: lifted by Keras in another process, and kept from then on."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from dlspec.diagnostics.codes import Code
from dlspec.language.catalogue import generated_from, installed_keras
from dlspec.language.catalogue.project import project_home
from dlspec.language.lifted_models import LiftedModel, NotLifted
from dlspec.syntax.spec_files import write_text

_MODULE = "dlspec.backends.saved.lifting_process"
# The version is raised when the same file gives another text: what was kept counts no more.
_FORMAT = {"format": "dlspec-lifted-model", "version": 1}
# Ten times what a network of a thousand layers takes.
_TIME_LIMIT_S = 600


def lift_saved_model(path: Path) -> LiftedModel | NotLifted:
    """Return the spec of a saved model, or why there is none.

    What a file gave is kept in the project's home by the digest of its content.
    """
    try:
        known = path.stat()
        content = _content_digest(path, known.st_mtime_ns, known.st_size)
    except (OSError, ValueError) as error:
        # ValueError: a path with a null byte.
        reason = error.strerror if isinstance(error, OSError) else None
        return _unread_model(path, (reason or "not a path").lower())
    by = f"{content} {_FORMAT['version']} {generated_from()} {installed_keras()}"
    kept = project_home() / "lifted" / f"{hashlib.sha256(by.encode()).hexdigest()[:32]}.json"
    return _kept_lift(kept) or _lift_and_keep(path, kept)


# A location of a thousand specs asks for one file again and again.
@lru_cache(maxsize=256)
def _content_digest(
    path: Path,
    modified_ns: int,  # noqa: ARG001 - when it changed
    size: int,  # noqa: ARG001 - when it changed
) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kept_lift(file: Path) -> LiftedModel | None:
    try:
        said = json.loads(file.read_text("utf-8"))
        known = {key: said[key] for key in _FORMAT} == _FORMAT
        return LiftedModel(said["text"], said["fresh"]) if known else None
    except (OSError, ValueError, KeyError, TypeError):
        # Not there, or damaged: the model is lifted again.
        return None


def _lift_and_keep(path: Path, kept: Path) -> LiftedModel | NotLifted:
    said = _said_by_keras(path)
    if isinstance(said, str):
        return _unread_model(path, said)
    found = lift_from_json(said)
    if isinstance(found, NotLifted):
        return found
    try:
        write_text(kept, json.dumps({**_FORMAT, "text": found.text, "fresh": found.fresh}))
    except OSError:
        # A home that cannot be written to, or another process that keeps the same.
        return found
    return found


def lift_from_json(said: Mapping[str, Any]) -> LiftedModel | NotLifted:
    """Return what `lifted_or_refused` says of a file as a record."""
    refused = said.get("refused")
    if refused is None:
        return LiftedModel(said["text"], said["fresh"])
    code, notes = Code(refused["code"]), tuple(refused.get("notes", ()))
    return NotLifted(code, refused["message"], refused["label"], notes, refused.get("help"))


def _said_by_keras(path: Path) -> Mapping[str, Any] | str:
    """Return what the process says that reads a model, or why it says nothing, one clause."""
    # 8 ms, and few specs take a file: `dlspec check` starts without it.
    subprocess = import_module("subprocess")
    # The memory of a GPU belongs to trainings.
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            # -P: a module of the same name in the current folder is not run in the place of ours.
            [sys.executable, "-P", "-m", _MODULE, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"Keras takes more than {_TIME_LIMIT_S} s to read it"
    rows = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode or not rows:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return said[-1][:200] if said else "the process that reads it ends without a word"
    found: Mapping[str, Any] = json.loads(rows[-1])
    return found


def _unread_model(path: Path, reason: str) -> NotLifted:
    return NotLifted(Code.UNREADABLE, f"`{path}` cannot be read as a saved model", reason)
