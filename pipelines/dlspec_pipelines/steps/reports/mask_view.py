"""What is shown of a mask: how well each class is told from the others, over all places."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlspec.language.features import MaskFeature
from dlspec_pipelines.steps.reports.confusion import confusion_counts, scores_by_class

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class ClassPlaces:
    """One class of a mask; `support` is how many places are of it."""

    name: str
    iou: float
    precision: float
    recall: float
    support: int


@dataclass(frozen=True, slots=True)
class MaskView:
    """A target of masks; `right` and `ignored` are shares of the places."""

    name: str
    right: float
    ignored: float
    scores: tuple[ClassPlaces, ...]
    kind: Literal["mask"] = "mask"


def mask_view(name: str, feature: MaskFeature, predictions: Mapping[str, Array]) -> MaskView:
    """Return what is shown of a mask.

    Args:
        predictions: The columns of the test rows.
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
    return MaskView(name, share, 1 - float(counted.mean()), scores)
