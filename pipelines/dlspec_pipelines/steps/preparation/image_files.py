"""Pictures in files that a column of a table names -> one array of pixels."""

import hashlib
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from dlspec.language.features import ImageFeature
from dlspec_pipelines.steps.datasets.table import (
    Array,
    Table,
    shown_value,
    types_in,
    unpreparable_data,
)

# By the channels that a spec says.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# What Pillow raises for files that are damaged or no picture, by their kind.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


def names_files(column: Array) -> bool:
    """Return whether a column holds texts, which are then names of files."""
    return column.dtype.kind == "U" or str in types_in(column)


def image_file_paths(name: str, table: Table) -> list[Path]:
    """Return the files that a column names, relative to the file that its row was read from.

    Raises:
        StepError: If a value is missing or no text, or names no file (DL613).
    """
    paths = []
    for row, value in enumerate(table.columns[name].tolist()):
        if not isinstance(value, str):
            raise _refused_picture(name, table, row, f"{shown_value(value)} names no file")
        source = table.file_of(row)
        path = Path(value) if source is None else source.parent / value
        if not path.is_file():
            raise _refused_picture(
                name,
                table,
                row,
                f"there is no file `{value}`: looked at `{path}`",
                help="write paths relative to the table's own folder",
            )
        paths.append(path)
    return paths


def digest_of_images(name: str, table: Table) -> str:
    """Return the SHA-256 of the files that a column names, in the order of the rows.

    Raises:
        StepError: If one is not there (DL613).
    """
    whole = hashlib.sha256()
    for path in image_file_paths(name, table):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def read_image_files(feature: ImageFeature, table: Table) -> Array:
    """Return the pixels of the files that a column names, from 0 to 255.

    Grey, colour and transparency become the channels that the feature asks for; a picture is turned
    as its camera says.

    Shapes:
        returns: (rows, height, width, channels)

    Raises:
        StepError: If a file is missing, no picture, damaged, or of another size (DL613).
    """
    name = feature.image
    if feature.channels not in _MODES:
        raise unpreparable_data(
            f"column `{name}` names pictures, and none has {feature.channels} channels",
            help="write `channels: 1` for grey, 3 for colour or 4 with transparency",
        )
    paths = image_file_paths(name, table)
    pixels = np.empty((len(paths), *feature.size, feature.channels), dtype=np.uint8)
    for row, path in enumerate(paths):
        try:
            found = _pixels_of_file(path, feature.channels)
        except _BROKEN as error:
            what = f"`{path}` cannot be read as a picture: {error}"
            raise _refused_picture(name, table, row, what) from error
        if found.shape != pixels.shape[1:]:
            height, width = feature.size
            raise _refused_picture(
                name,
                table,
                row,
                f"`{path}` has {found.shape[0]} x {found.shape[1]} pixels, not {height} x {width}",
                help="say the `size`, height and width, that all pictures have",
            )
        pixels[row] = found
    return pixels


def _pixels_of_file(path: Path, channels: int) -> Array:
    with warnings.catch_warnings():
        # A picture of such a size is refused as one that is broken.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path) as opened:
            if opened.mode.startswith(("I", "F")):
                depth = f"it holds numbers of more than 8 bits (`{opened.mode}`)"
                raise ValueError(depth)
            turned = ImageOps.exif_transpose(opened)
            pixels: Array = np.asarray(turned.convert(_MODES[channels]))
    return pixels.reshape(*pixels.shape[:2], channels)


def _refused_picture(
    column: str, table: Table, row: int, what: str, *, help: str | None = None
) -> Exception:
    return unpreparable_data(f"column `{column}`, {table.place_of(row)}: {what}", help=help)
