"""The files of a run's folder, and the names that a spec may give to others in it."""

import re
from pathlib import PurePosixPath, PureWindowsPath

# All that training, evaluation and report write there; `checkpoints` is kept free.
RUN_FILES = (
    "model.keras",
    "spec.yaml",
    "plan.json",
    "preparation.json",
    "history.csv",
    "run.json",
    "files.json",
    "metrics.json",
    "undefined_metrics.json",
    "thresholds.json",
    "predictions.parquet",
    "report.html",
    "report.md",
    "checkpoints",
)
# File systems take 255 bytes; the figures that a name is filled with make it longer.
_LONGEST_NAME = 200


def fault_of_run_file(name: str) -> str | None:
    """Return what keeps a name from being that of a further file in a run's folder.

    Returns:
        A label for its place; None for a relative name that stays in the folder and is free.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.endswith("/"):
        return "this names no file"
    if "://" in name or name.lower().startswith("file:"):
        return "this is an address"
    windows = PureWindowsPath(name)
    if name.startswith(("/", "\\", "~")) or windows.drive or ".." in (*parts, *windows.parts):
        return "this leads out of the run's folder"
    if "\\" in name or not name.isprintable():
        return "a name holds printable characters, and `/` between folders"
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        return f"a name has at most {_LONGEST_NAME} bytes"
    # Some file systems tell no case.
    if parts[0].lower() in RUN_FILES:
        return "the run keeps a file of its own under this name"
    return None


def free_run_file(name: str, otherwise: str) -> str:
    """Return the name nearest to `name` that a further file may have.

    Args:
        otherwise: What is taken where nothing of `name` can be kept.
    """
    last = re.split(r"[/\\:]", name.rstrip("/\\:"))[-1]
    for candidate in (last, f"own_{last}"):
        if last and fault_of_run_file(candidate) is None:
            return candidate
    return otherwise
