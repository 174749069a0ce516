"""Predictions that are pictures or masks, written as one PNG file for each row."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from dlspec.language.features import Feature, ImageFeature, MaskFeature
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.evaluation.table_endings import TABLE_ENDINGS
from dlspec_pipelines.steps.preparation.fitting import Preparation
from dlspec_pipelines.steps.preparation.named_files import names_files
from dlspec_pipelines.steps.reports.mask_colours import class_colours
from dlspec_pipelines.steps.step_errors import WrongUsage
from dlspec_pipelines.steps.store import whole_folder

# A palette has as many places.
_MOST_CLASSES = 256
# As Pillow calls pictures of so many channels.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# Numbers from 0 to 1 are predicted a little beyond; those from 0 to 255 reach far above it.
_MOST_OF_A_SHARE = 2.0


def pictured_targets(preparation: Preparation, model: str) -> dict[str, Feature]:
    """Return the targets that are pictures or masks of pixels.

    Raises:
        WrongUsage: If there is none that a PNG file can hold.
    """
    targets = {name: fitted.feature for name, fitted in preparation.targets.items()}
    found = {name: one for name, one in targets.items() if _is_pictured(one)}
    if not found:
        told = ", ".join(f"`{name}` is a `{one.word}`" for name, one in targets.items())
        known = ", ".join(f"`{ending}`" for ending in TABLE_ENDINGS)
        raise WrongUsage(
            f"`{model}` predicts no pictures that fill a folder: {told or 'it has no target'}",
            help=f"name a table, which ends in one of {known}",
        )
    return found


def _is_pictured(feature: Feature) -> bool:
    match feature:
        case ImageFeature():
            return feature.channels in _MODES
        case MaskFeature():
            return len(feature.extents) == 2 and feature.num_ids <= _MOST_CLASSES
        case _:
            return False


def write_pictures(
    folder: Path,
    names: Sequence[str],
    predicted: Mapping[str, Predicted],
    targets: Mapping[str, Feature],
) -> None:
    """Write a folder of PNG files whole or not at all; of several targets one below it for each.

    A mask holds the id of each pixel's class, and a palette shows them in colours. A picture is in
    the unit of its column, from 0 to 255. Where white is another number in it, it is told by
    `scale` (`1/16`: white is 16); without one it is 1 where no prediction reaches 2.

    Args:
        names: What each row's file is called, without its ending.

    Raises:
        StepError: If the disk is full or the folder may not be written.
    """
    with whole_folder(folder) as aside:
        for target, feature in targets.items():
            below = aside / target if len(targets) > 1 else aside
            drawn = _drawn_rows(feature, predicted[target].guess)
            for name, picture in zip(names, drawn, strict=True):
                path = below / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path)


def _drawn_rows(feature: Feature, values: Array) -> Iterator[Image.Image]:
    if isinstance(feature, MaskFeature):
        palette = class_colours(feature.num_ids).reshape(-1).tolist()
        for ids in values:
            drawn = Image.fromarray(ids.astype(np.uint8), "L")
            drawn.putpalette(palette)
            yield drawn
        return
    assert isinstance(feature, ImageFeature), feature
    white = _white(feature, values)
    for pixels in values:
        grey = pixels[..., 0] if feature.channels == 1 else pixels
        bytes_each = np.round(np.clip(np.nan_to_num(grey) * (255 / white), 0, 255))
        yield Image.fromarray(bytes_each.astype(np.uint8), _MODES[feature.channels])


def _white(feature: ImageFeature, values: Array) -> float:
    """Return the number that white is in the unit of a column."""
    if feature.scale is not None:
        return min(255.0, 1 / feature.scale)
    return 1.0 if values.size and values.max() < _MOST_OF_A_SHARE else 255.0


def picture_names(column: str | None, table: Table, rows: Array) -> list[str]:
    """Return what the pictures of some rows are called: as the file that was read, or the row.

    Args:
        column: The column of files that the model reads; None where it reads others too.
        rows: The rows' numbers.
    """
    width = len(str(table.rows - 1))
    numbers = [f"{row:0{width}}" for row in rows.tolist()]
    if column is None or not names_files(table.columns[column]):
        return numbers
    read = [_relative_stem(str(name)) for name in table.columns[column][rows]]
    often = Counter(read)
    # Two files that differ in their ending or in a folder that is not told.
    return [
        name if often[name] == 1 else f"{name}_{number}"
        for name, number in zip(read, numbers, strict=True)
    ]


def _relative_stem(name: str) -> str:
    """Return a file's name without its ending, below the folders that were told relative."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts
    return str(path.with_suffix("")) if inside else path.stem
