"""The attributes of an HDF5 file, read in a process of its own: a damaged file crashes the library.

`python -m dlspec.backends.hdf5.attributes` takes the file as standard input and prints JSON.
"""

import io
import json
import sys
from collections.abc import Mapping
from typing import BinaryIO

import h5py

from dlspec.backends.hdf5.child_process import output_of

_NAMES = ("model_config", "keras_version", "backend", "training_config")


def model_attributes(file: BinaryIO) -> Mapping[str, str | None] | str:
    """Return the attributes in which Keras keeps a model, or why the file cannot be read.

    Returns:
        Each attribute's text, None for one that is not there; or the reason, one clause.
    """
    said = output_of(__name__, file=file)
    if isinstance(said, str):
        return said
    found: dict[str, str | None] = json.loads(said)
    return found


def _read_model_attributes(file: BinaryIO) -> dict[str, str | None]:
    with h5py.File(file, "r") as stored:
        return {name: _decoded_attribute(stored.attrs.get(name)) for name in _NAMES}


def _decoded_attribute(value: object) -> str | None:
    """Return an attribute's text, which HDF5 gives as bytes or as a text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def _print_model_attributes() -> None:
    stream = sys.stdin.buffer
    file: BinaryIO = stream if stream.seekable() else io.BytesIO(stream.read())
    try:
        found = _read_model_attributes(file)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    sys.stdout.buffer.write(json.dumps(found).encode("ascii"))


if __name__ == "__main__":
    _print_model_attributes()
