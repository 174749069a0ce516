"""Keras, imported once, quietly, and without the packages it can do without."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

# Keras and TensorFlow look for these and go on without them; a third of the import time is theirs.
_NOT_YET = ("matplotlib", "pandas", "sklearn")


class _Hidden(MetaPathFinder):
    """Says that some packages are not there, for as long as it is on `sys.meta_path`."""

    def find_spec(
        self,
        fullname: str,
        path: object = None,  # noqa: ARG002 - the protocol
        target: object = None,  # noqa: ARG002 - the protocol
    ) -> ModuleSpec | None:
        """Refuse the packages that only cost time now."""
        if fullname.partition(".")[0] in _NOT_YET:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def import_keras() -> None:
    """Import Keras with its backend; packages that were imported before stay as they are."""
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        importlib.import_module("keras")
    finally:
        sys.meta_path.remove(hidden)


@contextmanager
def quiet_start() -> Iterator[None]:
    """Keep what C++ code says while it is loaded off standard error; Python's errors still show."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
