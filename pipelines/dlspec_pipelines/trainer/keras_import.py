"""Keras, imported once, quietly, and without the packages it can do without."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Keras and TensorFlow look for these and go on without them; a third of the import time is theirs.
_NOT_YET = ("matplotlib", "pandas", "sklearn")


def import_keras() -> None:
    """Import Keras with its backend; packages that were imported before stay as they are.

    On another backend Keras does without TensorFlow, which it would import to seed it and to save a
    model: some five seconds and 500 MB.
    """
    elsewhere = os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow"
    with _hidden_packages(*_NOT_YET, *(["tensorflow"] if elsewhere else [])):
        keras = importlib.import_module("keras")
        if elsewhere:
            # It looks for TensorFlow once, here, and remembers the answer.
            keras.utils.set_random_seed(0)


@contextmanager
def _hidden_packages(*names: str) -> Iterator[None]:
    """Let imports say that packages are not there.

    An entry of None does that for `find_spec` too, which a finder that raises breaks: PyTorch asks
    it for packages while it is imported.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # the import system's None
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


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
