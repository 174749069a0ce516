"""What is shown of a target of labels: the scores of each, and the rows with wrong ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlspec.language.features import LabelsFeature
from dlspec_pipelines.steps.reports.confusion import Score

Array = NDArray[Any]

# A screen of lines, those with the most wrong labels first.
_MAX_ROWS = 16


@dataclass(frozen=True, slots=True)
class WrongLabels:
    """One test row: the labels it has and was not given, and the reverse."""

    row: int
    missed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelsView:
    """A target of labels; `right` is the share of rows whose labels are all right."""

    name: str
    right: float
    scores: tuple[Score, ...]
    examples: tuple[WrongLabels, ...]
    kind: Literal["labels"] = "labels"


def labels_view(name: str, feature: LabelsFeature, predictions: Mapping[str, Array]) -> LabelsView:
    """Return what is shown of a target of labels.

    Args:
        predictions: The columns of the test rows.
    """
    true, guess = (predictions[f"{name}_{side}"].astype(int) for side in ("true", "pred"))
    called = [str(label) for label in feature.names or range(true.shape[1])]
    wrong = (true != guess).sum(axis=1)
    worst = np.argsort(-wrong, kind="stable")[: min(_MAX_ROWS, int((wrong > 0).sum()))]
    examples = tuple(
        WrongLabels(
            int(predictions["row"][i]),
            tuple(called[k] for k in np.flatnonzero(true[i] > guess[i])),
            tuple(called[k] for k in np.flatnonzero(guess[i] > true[i])),
        )
        for i in worst
    )
    return LabelsView(
        name, float((wrong == 0).mean()), _label_scores(called, true, guess), examples
    )


def _label_scores(called: list[str], true: Array, guess: Array) -> tuple[Score, ...]:
    found = []
    for place, label in enumerate(called):
        held, given = true[:, place], guess[:, place]
        right, support = int((held & given).sum()), int(held.sum())
        precision = right / max(int(given.sum()), 1)
        f1 = 2 * right / max(int(given.sum()) + support, 1)
        found.append(Score(label, precision, right / max(support, 1), f1, support))
    return tuple(found)
