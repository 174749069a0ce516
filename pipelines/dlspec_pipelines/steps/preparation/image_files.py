"""Pictures, in files that a column names or as arrays -> one array of pixels of one size."""

from pathlib import Path

import numpy as np
from PIL import Image

from dlspec.diagnostics.counts import counted
from dlspec.language.features import ImageFeature
from dlspec_pipelines.steps.datasets.picture_pixels import (
    MODES,
    pixels_of_picture,
    resized_picture,
)
from dlspec_pipelines.steps.datasets.table import Array, Table, unpreparable_data
from dlspec_pipelines.steps.preparation.named_files import decode_named_files
from dlspec_pipelines.steps.preparation.scratch_arrays import fill_row, scratch_array


def read_image_files(feature: ImageFeature, table: Table) -> Array:
    """Return the pixels of the files that a column names, from 0 to 255.

    Grey, colour and transparency become the channels that the feature asks for; a picture is turned
    as its camera says. Files are decoded on all cores, each into its own row.

    Shapes:
        returns: (rows, height, width, channels)

    Raises:
        StepError: If files are missing, no pictures, damaged, or of another size (DL613).
    """
    if feature.channels not in MODES:
        raise unpreparable_data(
            f"column `{feature.image}` names pictures, and none has "
            f"{counted(feature.channels, 'channel')}",
            help="write `channels: 1` for grey, 3 for colour or 4 with transparency",
        )
    shape = (table.rows, *feature.size, feature.channels)
    pixels = scratch_array(shape, np.uint8, table.memory)

    def decode(row: int, path: Path) -> None:
        picture = pixels_of_picture(path, feature.size, feature.channels, feature.resize)
        fill_row(pixels, row, picture)

    decode_named_files(feature.image, table, decode)
    return pixels


def resized_pixels(feature: ImageFeature, pixels: Array) -> Array:
    """Return one array of pixels in the size of its feature, each channel by itself.

    Shapes:
        pixels: (height', width', channels) or (height', width')
        returns: (height, width, channels)
    """
    assert feature.resize is not None, "a feature without `resize` takes one size"
    found = pixels.reshape(*pixels.shape[:2], -1).astype(np.float32, copy=False)
    channels = [
        np.asarray(
            resized_picture(
                Image.fromarray(np.ascontiguousarray(found[..., channel])),
                feature.size,
                feature.resize,
            )
        )
        for channel in range(found.shape[-1])
    ]
    return np.stack(channels, axis=-1)
