"""One picture's file -> its pixels, in the channels and of the size that a feature says."""

import struct
import warnings
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
    try:
        with warnings.catch_warnings():
            # A picture of such a size is refused as one that is broken.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                if opened.mode.startswith(("I", "F")):
                    depth = f"it holds numbers of more than 8 bits (`{opened.mode}`)"
                    raise Undecodable(f"`{path}` cannot be read as a picture: {depth}")
                return ImageOps.exif_transpose(opened).convert(MODES[channels])
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
