"""One picture's file -> its pixels, in the channels and of the size that a feature says."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from dlspec_pipelines.steps.datasets.file_decoding import Undecodable
from dlspec_pipelines.steps.datasets.table import Array

# By the channels that a spec says.
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# What Pillow raises for files that are damaged or no picture, by their kind.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
# The tag of EXIF, and its values that lay a picture on its side.
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
_BILINEAR = Image.Resampling.BILINEAR


def pixels_of_picture(
    path: Path, size: tuple[int, ...], channels: int, resize: str | None
) -> Array:
    """Return the pixels of a picture, from 0 to 255, turned as its camera says.

    Args:
        size: Height and width.
        resize: How another size comes to that, as `image` says it; None refuses it.

    Shapes:
        returns: (height, width, channels)

    Raises:
        Undecodable: If the file is no picture, damaged, or of another size without `resize`.
    """
    picture = open_picture(path, channels)
    height, width = size
    if picture.size != (width, height):
        if resize is None:
            raise Undecodable(
                f"`{path}` has {picture.height} x {picture.width} pixels, not {height} x {width}",
                help="say the `size`, height and width, that all pictures have, or how they come "
                "to it: `resize: stretch`, `crop` or `pad`",
            )
        picture = resized_picture(picture, size, resize)
    pixels: Array = np.asarray(picture)
    return pixels.reshape(height, width, channels)


def open_picture(path: Path, channels: int) -> Image.Image:
    """Return a picture in memory, turned as its camera says.

    Raises:
        Undecodable: If the file is no picture or damaged.
    """
    with _opened_picture(path) as opened:
        return ImageOps.exif_transpose(opened).convert(MODES[channels])


def open_stored_picture(path: Path) -> Image.Image:
    """Return a picture in memory with the values that its file holds; of a palette its colours.

    Raises:
        Undecodable: If the file is no picture or damaged.
    """
    with _opened_picture(path) as opened:
        return opened.convert("RGB" if opened.mode == "P" else opened.mode)


def picture_layout(path: Path) -> dict[str, int]:
    """Return height and width, turned as the camera says, and channels; without decoding pixels.

    A palette has 3 channels: those of its colours.

    Raises:
        Undecodable: If the file is no picture.
    """
    with _opened_picture(path) as opened:
        turned = opened.getexif().get(_ORIENTATION) in _TURNED
        width, height = reversed(opened.size) if turned else opened.size
        channels = 3 if opened.mode == "P" else len(opened.getbands())
    return {"height": height, "width": width, "channels": channels}


@contextmanager
def _opened_picture(path: Path) -> Iterator[Image.Image]:
    """Give a picture whose pixels are not decoded yet; what damage they show is told alike.

    Raises:
        Undecodable: If the file is no picture or damaged.
    """
    try:
        with warnings.catch_warnings():
            # A picture of such a size is refused as one that is broken.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                if opened.mode.startswith(("I", "F")):
                    depth = f"it holds numbers of more than 8 bits (`{opened.mode}`)"
                    raise Undecodable(f"`{path}` cannot be read as a picture: {depth}")
                yield opened
    except _BROKEN as error:
        raise Undecodable(f"`{path}` cannot be read as a picture: {error}") from error


def resized_picture(picture: Image.Image, size: tuple[int, ...], resize: str) -> Image.Image:
    """Return a picture of `size`, height and width: stretched, cut in the middle, or with bars.

    Each pixel is the mean of what it covers, so nothing flickers where a picture becomes small.
    """
    height, width = size
    match resize:
        case "stretch":
            return picture.resize((width, height), _BILINEAR)
        case "crop":
            return ImageOps.fit(picture, (width, height), _BILINEAR)
        case "pad":
            return ImageOps.pad(picture, (width, height), _BILINEAR)
        case _:
            raise AssertionError(f"`resize: {resize}` is decoded before")
