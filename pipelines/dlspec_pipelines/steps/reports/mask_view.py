"""What is shown of a mask: how well each class is told from the others, over all places."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlspec.language.features import Feature, ImageFeature, MaskFeature
from dlspec_pipelines.steps.reports.confusion import confusion_counts, scores_by_class
from dlspec_pipelines.steps.reports.mask_colours import class_colours, drawn_mask
from dlspec_pipelines.steps.reports.png import data_uri, png_file_bytes, stretched_to_bytes
from dlspec_pipelines.steps.reports.report_inputs import DataFiles

Array = NDArray[Any]

# Two rows of the page.
_MAX_PICTURES = 6
# Larger masks are thinned out to this many places a side, so that the page stays small.
_MAX_SIDE = 112


@dataclass(frozen=True, slots=True)
class ClassPlaces:
    """One class of a mask; `support` is how many places are of it."""

    name: str
    iou: float
    precision: float
    recall: float
    support: int


@dataclass(frozen=True, slots=True)
class MaskPicture:
    """One test row: its picture where it has one, the true mask, the predicted one, side by side.

    `right` is the share of its places that have the right class.
    """

    rows: str
    right: float
    picture: str


@dataclass(frozen=True, slots=True)
class MaskExamples:
    """The test rows with the least right places; `beside` says whether their pictures stand too."""

    legend: tuple[tuple[str, str], ...] = ()
    beside: bool = False
    pictures: tuple[MaskPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class MaskView:
    """A target of masks; `right` and `ignored` are shares of the places."""

    name: str
    right: float
    ignored: float
    scores: tuple[ClassPlaces, ...]
    examples: MaskExamples = MaskExamples()
    kind: Literal["mask"] = "mask"


def mask_view(
    name: str,
    feature: MaskFeature,
    predictions: Mapping[str, Array],
    *,
    inputs: Mapping[str, Feature],
    data: DataFiles,
) -> MaskView:
    """Return what is shown of a mask.

    Args:
        predictions: The columns of the test rows.
        inputs: The features that the model reads: pictures of the masks' size stand beside them.
    """
    true, guess = (predictions[f"{name}_{side}"].astype(int) for side in ("true", "pred"))
    # Places of no class are stored as -1.
    counted = true >= 0
    named = feature.classes
    names = tuple(str(c) for c in (range(named) if isinstance(named, int) else named))
    matrix = confusion_counts(true[counted], guess[counted], len(names))
    right = np.diag(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - right
    scores = tuple(
        ClassPlaces(one.name, float(iou), one.precision, one.recall, one.support)
        for one, iou in zip(
            scores_by_class(matrix, names), right / np.maximum(union, 1), strict=True
        )
    )
    share = float(right.sum() / max(int(matrix.sum()), 1))
    examples = MaskExamples()
    if len(feature.extents) == 2 and len(true):
        pair = tuple(side.reshape(-1, *feature.extents) for side in (true, guess))
        examples = _mask_examples(pair, names, predictions["row"], inputs=inputs, data=data)
    return MaskView(name, share, 1 - float(counted.mean()), scores, examples)


def _mask_examples(
    pair: tuple[Array, ...],
    names: tuple[str, ...],
    rows: Array,
    *,
    inputs: Mapping[str, Feature],
    data: DataFiles,
) -> MaskExamples:
    true, guess = pair
    counted = true >= 0
    places = np.maximum(counted.sum(axis=(1, 2)), 1)
    right = ((true == guess) & counted).sum(axis=(1, 2)) / places
    chosen = np.argsort(right, kind="stable")[:_MAX_PICTURES]
    colours = class_colours(len(names))
    beside = _pictures_beside(rows[chosen], true.shape[1:], inputs, data)
    step = max(1, -(-max(true.shape[1:]) // _MAX_SIDE))
    found = []
    for number, i in enumerate(chosen):
        # What nobody asks for is no mistake: it is white on both sides.
        said = np.where(counted[i], guess[i], -1)
        pieces = [drawn_mask(mask, colours)[::step, ::step] for mask in (true[i], said)]
        if beside is not None:
            pieces = [beside[number][::step, ::step], *pieces]
        line = np.full((pieces[0].shape[0], max(1, pieces[0].shape[1] // 24), 3), 255, np.uint8)
        whole = np.concatenate([part for piece in pieces for part in (line, piece)][1:], axis=1)
        at = data.numbers_in_source(int(rows[i]))
        found.append(MaskPicture(at, float(right[i]), data_uri(png_file_bytes(whole))))
    legend = tuple(
        (name, "#" + bytes(colour.tolist()).hex())
        for name, colour in zip(names, colours, strict=True)
    )
    return MaskExamples(legend, beside is not None, tuple(found))


def _pictures_beside(
    rows: Array, size: tuple[int, ...], inputs: Mapping[str, Feature], data: DataFiles
) -> NDArray[np.uint8] | None:
    """Return the pictures that the masks are of, in grey or colours; None where there are none."""
    for name, feature in inputs.items():
        if isinstance(feature, ImageFeature) and feature.size == size:
            shown = stretched_to_bytes(data.inputs(name, rows))
            return shown[..., :3] if shown.shape[-1] >= 3 else np.repeat(shown[..., :1], 3, -1)
    return None
