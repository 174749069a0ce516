"""Test rows worth looking at: the wrong answers a model was most sure of, with their inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec.language.features import AudioFeature, Feature, ImageFeature, SequenceFeature
from dlspec_pipelines.steps.reports.png import data_uri, png_file_bytes, stretched_to_bytes
from dlspec_pipelines.steps.reports.report_inputs import DataFiles
from dlspec_pipelines.steps.reports.sound_pictures import sound_pictures

Array = NDArray[Any]

# Four rows of six pictures.
MAX_EXAMPLES = 24
# Larger pictures are thinned out to this many pixels a side, so that the page stays small.
_MAX_SIDE = 112
# More columns do not fit the page.
_MAX_NUMBERS = 6


@dataclass(frozen=True, slots=True)
class Example:
    """One test row.

    Attributes:
        row: Its number in the source, or that of a sample of several rows.
        rows: The numbers in the source, in words.
        probability: Of the predicted class; None when the model states none.
        probability_of_true: Of the true class.
        picture: The input as an image's address, "" when it is none.
        inputs: What the model read, as text, when that is a few numbers and no image.
    """

    row: int
    rows: str
    true: str
    predicted: str
    probability: float | None
    probability_of_true: float | None
    picture: str
    inputs: str


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples under one heading; `wrong` says whether they are mistakes."""

    wrong: bool
    rows: tuple[Example, ...]


def worst_positions(true: Array, predicted: Array, stated: Array | None) -> tuple[bool, Array]:
    """Return the positions to show, and whether they are mistakes.

    Mistakes come first, the highest loss on top; without any, the least certain right answers.
    """
    wrong = np.flatnonzero(true != predicted)
    mistakes = bool(len(wrong))
    candidates = wrong if mistakes else np.arange(len(true))
    if stated is not None:
        of_true = stated[candidates, true[candidates]]
        candidates = candidates[np.argsort(of_true, kind="stable")]
    return mistakes, candidates[:MAX_EXAMPLES]


def worst_examples(
    rows: Array,
    answers: tuple[Array, Array, Array | None],
    *,
    names: Sequence[str],
    inputs: Mapping[str, Feature],
    data: DataFiles,
) -> Examples:
    """Return the worst test rows with what the model saw.

    Args:
        rows: Source row of each prediction.
        answers: True ids, predicted ids, and the classes' probabilities where there are any.
    """
    true, predicted, stated = answers
    wrong, chosen = worst_positions(true, predicted, stated)
    pictures = example_pictures(rows[chosen], inputs, data)
    texts = example_texts(rows[chosen], inputs, data)
    found = []
    for i, picture, text in zip(chosen, pictures, texts, strict=True):
        chances: tuple[float | None, float | None] = (None, None)
        if stated is not None:
            chances = (float(stated[i, predicted[i]]), float(stated[i, true[i]]))
        said = (names[true[i]], names[predicted[i]])
        at = data.numbers_in_source(int(rows[i]))
        found.append(Example(int(rows[i]), at, *said, *chances, picture, text))
    return Examples(wrong, tuple(found))


def example_pictures(rows: Array, inputs: Mapping[str, Feature], data: DataFiles) -> list[str]:
    """Return what a model saw of each row as an image's address, "" where that is no image."""
    shown = [
        n for n, f in inputs.items() if isinstance(f, ImageFeature | SequenceFeature | AudioFeature)
    ]
    if not shown or len(rows) == 0:
        return [""] * len(rows)
    if not data.test.source_rows:
        return picture_addresses(_example_pixels(shown[0], rows, inputs, data))
    # Rows of one sample stand side by side.
    seen = [_example_pixels(name, rows, inputs, data) for name in shown]
    return picture_addresses(_side_by_side(seen))


def _example_pixels(
    name: str, rows: Array, inputs: Mapping[str, Feature], data: DataFiles
) -> Array:
    values = data.inputs(name, rows)
    if isinstance(inputs[name], SequenceFeature):
        # Steps from top to bottom; long ones from left to right, as time is drawn.
        upright = values.shape[1] <= 2 * values.shape[2]
        values = (values if upright else values.transpose(0, 2, 1))[..., None]
    elif isinstance(inputs[name], AudioFeature):
        values = sound_pictures(values)
    return values


def _side_by_side(pictures: Sequence[Array]) -> Array:
    """Return pictures of one size as one, a bright line between two."""
    first = pictures[0]
    width = max(1, first.shape[2] // 16)
    line = np.full((*first.shape[:2], width, first.shape[3]), max(p.max() for p in pictures))
    parts = [part for picture in pictures for part in (line, picture)]
    return np.concatenate(parts[1:], axis=2)


def picture_addresses(values: Array) -> list[str]:
    """Return `(pictures, height, width, channels)` as addresses of images, small and stretched."""
    step = max(1, -(-max(values.shape[1:3]) // _MAX_SIDE))
    values = values[:, ::step, ::step]
    # Over all pictures together, each channel by itself: that undoes scaling and standardizing.
    channels = [stretched_to_bytes(values[..., c]) for c in range(values.shape[-1])]
    return [data_uri(png_file_bytes(pixels)) for pixels in np.stack(channels, axis=-1)]


def example_texts(rows: Array, inputs: Mapping[str, Feature], data: DataFiles) -> list[str]:
    """Return the prepared numbers of each row, "" when an input holds more than a few."""
    parts = []
    for name in inputs:
        values = data.inputs(name, rows).reshape(len(rows), -1)
        if values.shape[1] > _MAX_NUMBERS:
            return [""] * len(rows)
        told = "{}" if values.dtype.kind in "iu" else "{:.3g}"
        parts.append([f"{name} " + ", ".join(map(told.format, row)) for row in values])
    return ["; ".join(told) for told in zip(*parts, strict=True)]
