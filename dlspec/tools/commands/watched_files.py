"""Waiting until a file is saved, without a package for it: the compiler alone has none."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from dlspec.language.catalogue.project import project_root

# A person does not notice the wait; a hundred files cost a millisecond each time.
_POLL_S = 0.2
# Of specs, and of the saved models that they take.
_ENDINGS = (".yaml", ".yml", ".keras", ".h5", ".hdf5")


def watched_state(paths: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Return when each file that specs under `paths` are made of was saved, and its size.

    Those are the YAML files and saved models below a folder, those beside a file, and the project's
    pyproject.toml.
    """
    found: dict[str, tuple[int, int]] = {}
    for path in paths:
        folder = Path(path) if Path(path).is_dir() else Path(path).parent
        for file in [*_spec_parts_below(folder), *_project_files(folder)]:
            # An editor may take a file away for a moment while it saves.
            if file.exists():
                state = file.stat()
                found[str(file)] = (state.st_mtime_ns, state.st_size)
    return found


def wait_for_save(paths: Sequence[str], before: Mapping[str, tuple[int, int]]) -> None:
    """Return when a file has come, gone or changed since `before`."""
    while watched_state(paths) == before:
        time.sleep(_POLL_S)


def _spec_parts_below(folder: Path) -> list[Path]:
    found = []
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [Path(place, name) for name in names if name.endswith(_ENDINGS)]
    return found


def _project_files(folder: Path) -> list[Path]:
    root = project_root(folder.absolute())
    return [] if root is None else [root / "pyproject.toml"]
