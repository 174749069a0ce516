"""How a classifier did: the confusion matrix, scores per class, the pairs it mixes up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.reports.png import data_uri, png_file_bytes

Array = NDArray[Any]

# More classes than this do not fit a table of counts; a picture and the worst pairs stand instead.
MAX_TABLE = 25
# A table that is read at a glance.
_PAIRS = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the confusion matrix: how many, and their share of the row."""

    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Score:
    """One class's scores; precision is 0 when the class was never predicted, recall when absent."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Rows of class `true` that were called `predicted`."""

    true: str
    predicted: str
    count: int
    share: float


def confusion_counts(true: Array, predicted: Array, num_classes: int) -> Array:
    """Return counts by class.

    Shapes:
        true, predicted: (rows,), ids below `num_classes`
        returns: (num_classes, num_classes), a row for each true class
    """
    flat = true.astype(np.int64) * num_classes + predicted.astype(np.int64)
    return np.bincount(flat, minlength=num_classes**2).reshape(num_classes, num_classes)


def matrix_cells(matrix: Array) -> list[list[Cell]]:
    """Return the matrix with each cell's share of its row; 0 in a row without rows."""
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(totals, 1)
    return [
        [Cell(int(count), float(share)) for count, share in zip(*row, strict=True)]
        for row in zip(matrix, shares, strict=True)
    ]


def scores_by_class(matrix: Array, names: Sequence[str]) -> tuple[Score, ...]:
    """Return precision, recall, F1 and support of every class."""
    right = np.diag(matrix).astype(np.float64)
    predicted, support = matrix.sum(axis=0), matrix.sum(axis=1)
    precision = right / np.maximum(predicted, 1)
    recall = right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(predicted + support, 1)
    columns = zip(names, precision, recall, f1, support, strict=True)
    return tuple(Score(n, float(p), float(r), float(f), int(s)) for n, p, r, f, s in columns)


def worst_pairs(matrix: Array, names: Sequence[str]) -> tuple[Pair, ...]:
    """Return the pairs of classes that are mixed up most, the most frequent first."""
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    pairs = [divmod(int(i), len(matrix)) for i in order if wrong.flat[i] > 0]
    support = np.maximum(matrix.sum(axis=1), 1)
    return tuple(
        Pair(names[t], names[p], int(wrong[t, p]), float(wrong[t, p] / support[t]))
        for t, p in pairs
    )


def matrix_picture(matrix: Array) -> str:
    """Return the matrix as an image, one pixel a cell: opaque is all of a row, clear is none.

    Right answers are blue and wrong ones red, on whatever the page's background is.
    """
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    pixels = np.empty((*matrix.shape, 4), np.uint8)
    pixels[:] = (217, 72, 65, 0)
    pixels[np.eye(len(matrix), dtype=bool)] = (63, 111, 224, 0)
    # A square root, because a share of one in a hundred would hardly show.
    pixels[..., 3] = np.round(255 * np.sqrt(shares))
    return data_uri(png_file_bytes(pixels))
