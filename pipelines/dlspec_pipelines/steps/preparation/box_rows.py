"""The boxes of one sample, as a table holds them -> corner, width and height in shares, class."""

import math
from collections.abc import Sequence

import numpy as np

from dlspec.diagnostics.counts import agreed, counted
from dlspec.language.features import BoxesFeature
from dlspec_pipelines.steps.datasets.table import Array, shown_value

# What shares that were written with six digits, as is usual, lose by that.
_ROUNDING = 2e-6


class StrangeBoxes(Exception):  # noqa: N818 - the sentence a person reads says it
    """Boxes of a sample that are not what the feature says; the text says why."""


def boxes_of_row(feature: BoxesFeature, cell: object, labels: object = None) -> Array:
    """Return the boxes of one sample; -1 fills up.

    Args:
        cell: The boxes: lists, or an array in which -1 fills up already.
        labels: The classes, of a feature with a column of these.

    Shapes:
        returns: (most, 5)

    Raises:
        StrangeBoxes: If there are too many, or one is no box within the picture, or of no class.
    """
    boxes = [_as_list("box", box) for box in _as_list("list of boxes", cell)]
    if feature.class_column is not None:
        classes = _as_list("list of classes", labels)
        if len(classes) != len(boxes):
            raise StrangeBoxes(
                f"{counted(len(boxes), 'box')} {agreed(len(boxes), 'have')} "
                f"{counted(len(classes), 'class')}"
            )
        boxes = [[*box, label] for box, label in zip(boxes, classes, strict=True)]
    boxes = [box for box in boxes if box != [-1] * 5]
    if len(boxes) > feature.most:
        raise StrangeBoxes(f"{counted(len(boxes), 'box')}, of {feature.most} at most")
    made = np.full((feature.most, 5), -1.0, dtype=np.float32)
    for place, box in enumerate(boxes):
        if len(box) != 5:
            wanted = "four numbers" if feature.class_column else "four numbers and a class"
            raise StrangeBoxes(f"box {place}: {counted(len(box), 'value')}, not {wanted}")
        made[place] = (*_shares_of_box(feature, place, box[:4]), _class_id(feature, place, box[4]))
    return made


def _as_list(what: str, value: object) -> list[object]:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        told = "the value is missing" if value is None else f"{shown_value(value)} is no {what}"
        raise StrangeBoxes(told)
    return list(value)


def _shares_of_box(
    feature: BoxesFeature, place: int, box: Sequence[object]
) -> tuple[float, float, float, float]:
    numbers = [float(v) for v in box if isinstance(v, int | float) and math.isfinite(v)]
    if len(numbers) != 4:
        raise StrangeBoxes(f"box {place}: {shown_value(list(box))} is not four finite numbers")
    height, width = feature.size or (1, 1)
    a, b, c, d = (n / extent for n, extent in zip(numbers, (width, height) * 2, strict=True))
    match feature.format:
        case "xyxy":
            x, y, w, h = a, b, c - a, d - b
        case "center_xywh":
            x, y, w, h = a - c / 2, b - d / 2, c, d
        case _:
            x, y, w, h = a, b, c, d
    if w <= 0 or h <= 0:
        raise StrangeBoxes(f"box {place}: {shown_value(numbers)} has no width or no height")
    if min(x, y) < -_ROUNDING or max(x + w, y + h) > 1 + _ROUNDING:
        within = "0 to 1" if feature.size is None else f"{height} x {width} pixels"
        raise StrangeBoxes(f"box {place}: {shown_value(numbers)} is not within {within}")
    x, y = max(x, 0.0), max(y, 0.0)
    return x, y, min(w, 1 - x), min(h, 1 - y)


def _class_id(feature: BoxesFeature, place: int, label: object) -> float:
    named = feature.classes
    known: Sequence[object] = range(named) if isinstance(named, int) else named
    if isinstance(label, bool) or label not in known:
        what = f"no class from 0 to {named - 1}" if isinstance(named, int) else "none of `classes`"
        raise StrangeBoxes(f"box {place}: {shown_value(label)} is {what}")
    return float(known.index(label))
