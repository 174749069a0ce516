"""The metrics of classes, labels and masks, as scikit-learn defines them."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.outputs import IGNORED, PADDING, Predicted
from dlspec_pipelines.steps.step_errors import NotDefined

Counts = NDArray[np.float64]


def accuracy(p: Predicted) -> float:
    """Return the share of samples whose class, or whose labels are all right."""
    return float(right_rows(p).mean())


def balanced_accuracy(p: Predicted) -> float:
    """Return the mean of the recall of each class that occurs."""
    right, _, support = _class_counts(p)
    present = support > 0
    return float((right[present] / support[present]).mean())


def kappa(p: Predicted) -> float:
    """Return Cohen's kappa.

    Raises:
        NotDefined: If truth and predictions are one and the same class.
    """
    right, guessed, support = _class_counts(p)
    rows = len(p.true)
    chance = float((guessed * support).sum()) / rows**2
    if chance == 1:
        raise NotDefined("`kappa` is not defined: truth and predictions are all of one class")
    return (float(right.sum()) / rows - chance) / (1 - chance)


def mcc(p: Predicted) -> float:
    """Return Matthews's correlation, 0 where truth or predictions are always the same.

    Source: Gorodkin (2004), "Comparing two K-category assignments by a K-category correlation
    coefficient", equation 8.
    """
    right, guessed, support = _class_counts(p)
    rows = len(p.true)
    covariance = right.sum() * rows - (guessed * support).sum()
    spread = (rows**2 - (guessed**2).sum()) * (rows**2 - (support**2).sum())
    return float(covariance / math.sqrt(spread)) if spread else 0.0


def precision(p: Predicted) -> float:
    """Return of the samples called 1 the share that is, 0 where none is called so."""
    right, guessed, _ = _counts_of_one(p)
    return right / guessed if guessed else 0.0


def recall(p: Predicted) -> float:
    """Return of the samples that are 1 the share that is called so.

    Raises:
        NotDefined: If no sample is 1.
    """
    right, _, support = _counts_of_one(p)
    if not support:
        raise NotDefined("`recall` is not defined: no sample has the class 1")
    return right / support


def specificity(p: Predicted) -> float:
    """Return of the samples that are 0 the share that is called so.

    Raises:
        NotDefined: If no sample is 0.
    """
    zeros = p.true == 0
    if not zeros.any():
        raise NotDefined("`specificity` is not defined: no sample has the class 0")
    return float((p.guess[zeros] == 0).mean())


def f1(p: Predicted) -> float:
    """Return the harmonic mean of precision and recall, 0 where neither truth nor guess is 1."""
    right, guessed, support = _counts_of_one(p)
    return 2 * right / (guessed + support) if guessed + support else 0.0


def _counts_of_one(p: Predicted) -> tuple[float, float, float]:
    """Return how many samples are rightly called 1, called 1, and 1."""
    called, true = p.guess == 1, p.true == 1
    return float((called & true).sum()), float(called.sum()), float(true.sum())


def precision_macro(p: Predicted) -> float:
    """Return the mean of the classes' precision, 0 for a class that is never predicted."""
    right, guessed, support = _class_counts(p)
    return _macro_mean(p, _ratio_or_zero(right, guessed), support + guessed)


def recall_macro(p: Predicted) -> float:
    """Return the mean of the classes' recall, 0 for a class that only predictions hold."""
    right, guessed, support = _class_counts(p)
    return _macro_mean(p, _ratio_or_zero(right, support), support + guessed)


def precision_weighted(p: Predicted) -> float:
    """Return the mean of the classes' precision, weighted by how often each occurs.

    Raises:
        NotDefined: If no label holds.
    """
    right, guessed, support = _class_counts(p)
    return _weighted_mean("precision_weighted", _ratio_or_zero(right, guessed), support)


def recall_weighted(p: Predicted) -> float:
    """Return the mean of the classes' recall, weighted by how often each occurs.

    Raises:
        NotDefined: If no label holds.
    """
    right, _, support = _class_counts(p)
    return _weighted_mean("recall_weighted", _ratio_or_zero(right, support), support)


def f1_macro(p: Predicted) -> float:
    """Return the mean of the classes' F1."""
    right, guessed, support = _class_counts(p)
    return _macro_mean(p, _ratio_or_zero(2 * right, guessed + support), support + guessed)


def f1_weighted(p: Predicted) -> float:
    """Return the mean of the classes' F1, weighted by how often each occurs.

    Raises:
        NotDefined: If no label holds.
    """
    right, guessed, support = _class_counts(p)
    return _weighted_mean("f1_weighted", _ratio_or_zero(2 * right, guessed + support), support)


def _weighted_mean(name: str, values: Counts, support: Counts) -> float:
    if not support.any():
        raise NotDefined(f"`{name}` is not defined: no sample has a label")
    return float((values * support).sum() / support.sum())


def precision_micro(p: Predicted) -> float:
    """Return of all labels given in all samples the share that holds, 0 where none is given."""
    right, guessed, _ = (counts.sum(keepdims=True) for counts in _class_counts(p))
    return float(_ratio_or_zero(right, guessed)[0])


def recall_micro(p: Predicted) -> float:
    """Return of all labels that hold in all samples the share that is given, 0 where none holds."""
    right, _, support = (counts.sum(keepdims=True) for counts in _class_counts(p))
    return float(_ratio_or_zero(right, support)[0])


def f1_micro(p: Predicted) -> float:
    """Return the F1 of all labels of all samples counted together."""
    right, guessed, support = (counts.sum(keepdims=True) for counts in _class_counts(p))
    return float(_ratio_or_zero(2 * right, guessed + support)[0])


def label_accuracy(p: Predicted) -> float:
    """Return the share of labels that are rightly given or not given."""
    return float((p.true == p.guess).mean())


def pixel_accuracy(p: Predicted) -> float:
    """Return the share of places whose class is right, those of no class left out.

    Raises:
        NotDefined: If no place is of a class.
    """
    true, guess = _places_of_a_class(p)
    return float((true == guess).mean())


def mean_iou(p: Predicted) -> float:
    """Return the mean of the classes' intersection over union, of those that occur.

    Raises:
        NotDefined: If no place is of a class.
    """
    true, guess = _places_of_a_class(p)
    right, guessed, support = _class_counts(Predicted("class", true, guess))
    union = guessed + support - right
    return float((right[union > 0] / union[union > 0]).mean())


def dice(p: Predicted) -> float:
    """Return the mean of the classes' Dice coefficient, of those that occur.

    Raises:
        NotDefined: If no place is of a class.
    """
    true, guess = _places_of_a_class(p)
    right, guessed, support = _class_counts(Predicted("class", true, guess))
    both = guessed + support
    return float((2 * right[both > 0] / both[both > 0]).mean())


def _places_of_a_class(p: Predicted) -> tuple[Array, Array]:
    counted = p.true != IGNORED
    if not counted.any():
        raise NotDefined("the accuracy of a mask is not defined: no place is of a class")
    return p.true[counted], p.guess[counted]


def log_loss(p: Predicted) -> float:
    """Return the mean negative logarithm of the probability of the true class.

    Raises:
        NotDefined: If the loss of the training knows no probabilities.
    """
    probability = _known_probability("log_loss", p)
    truth = true_class_probability(p, probability)
    return float(-np.log(clipped_probability(truth, probability)).mean())


def brier(p: Predicted) -> float:
    """Return the mean squared distance of the probabilities from the truth.

    Raises:
        NotDefined: If the loss of the training knows no probabilities.
    """
    probability = _known_probability("brier", p).astype(np.float64)
    if p.kind == "binary":
        return float(((probability - p.true) ** 2).mean())
    distance = (probability**2).sum(axis=1) - 2 * probability[np.arange(len(p.true)), p.true] + 1
    return float(distance.mean())


def _known_probability(name: str, p: Predicted) -> Array:
    if p.probability is None:
        raise NotDefined(
            f"`{name}` needs probabilities, and the training's loss knows none",
            help="train with a crossentropy, or leave the metric out",
        )
    return p.probability


def roc_auc(p: Predicted) -> float:
    """Return the area under the ROC curve; of several classes the mean of one against the rest.

    Raises:
        NotDefined: If the samples lack a class, so that the curve does not exist.
    """
    return _mean_over_classes("roc_auc", _area_under_roc, p)


def average_precision(p: Predicted) -> float:
    """Return the area under precision over recall, in steps, of each class against the rest.

    Raises:
        NotDefined: If the samples lack a class, so that the curve does not exist.
    """
    return _mean_over_classes("average_precision", _area_under_precision, p)


def _mean_over_classes(
    name: str, area: Callable[[NDArray[np.bool_], Array], float], p: Predicted
) -> float:
    """Return the mean area under a curve of each class against the rest, or of each label."""
    scores = p.score if p.probability is None else p.probability
    assert scores is not None
    if not np.isfinite(scores).all():
        raise NotDefined(f"`{name}` is not defined: the model gave scores that are not finite")
    if p.kind == "binary":
        pairs = [("1", p.true == 1, scores)]
    else:
        of_labels = p.kind == "labels"
        pairs = [
            (str(c), p.true[:, c] == 1 if of_labels else p.true == c, scores[:, c])
            for c in range(scores.shape[1])
        ]
    for class_, positive, _ in pairs:
        if positive.all() or not positive.any():
            what = "label" if p.kind == "labels" else "class"
            which = "all samples have" if positive.all() else "no sample has"
            raise NotDefined(
                f"`{name}` is not defined: {which} the {what} {class_}",
                help="leave the metric out, or split with `stratify`",
            )
    return float(np.mean([area(positive, of_class) for _, positive, of_class in pairs]))


def right_rows(p: Predicted) -> NDArray[np.bool_]:
    """Return for each sample whether it is right: its class, all its labels, or all its ids."""
    right: NDArray[np.bool_] = p.true == p.guess
    if p.kind == "tokens":
        right = right | (p.true == PADDING)
    if p.kind in ("tokens", "sequence", "labels"):
        right = np.logical_and.reduce(right, axis=1)
    return right


def _class_counts(p: Predicted) -> tuple[Counts, Counts, Counts]:
    """Return for each class or label how often it was rightly guessed, guessed, and true."""
    if p.kind == "labels":
        found = ((p.true * p.guess), p.guess, p.true)
        right_ones, guesses, truths = (one.sum(axis=0, dtype=np.float64) for one in found)
        return right_ones, guesses, truths
    size = int(max(p.true.max(initial=0), p.guess.max(initial=0))) + 1
    right = np.bincount(p.true[p.true == p.guess], minlength=size)
    guessed, support = np.bincount(p.guess, minlength=size), np.bincount(p.true, minlength=size)
    return right.astype(np.float64), guessed.astype(np.float64), support.astype(np.float64)


def _ratio_or_zero(part: Counts, whole: Counts) -> Counts:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _macro_mean(p: Predicted, values: Counts, seen: Counts) -> float:
    """Return the mean over the classes that occur, or over all labels, as scikit-learn has it."""
    return float((values if p.kind == "labels" else values[seen > 0]).mean())


def true_class_probability(p: Predicted, probability: Array) -> Counts:
    """Return the probability of each sample's true class, or of the truth of each label."""
    if p.kind in ("binary", "labels"):
        binary: Counts = np.where(p.true == 1, probability, 1 - probability).astype(np.float64)
        return binary
    rows = probability.astype(np.float64)
    truth: Counts = rows[np.arange(len(rows)), p.true] / rows.sum(axis=1)
    return truth


def clipped_probability(truth: Counts, like: Array) -> Counts:
    """Return probabilities of which a logarithm is finite, as far as the type of `like` goes."""
    least = float(np.finfo(like.dtype).eps)
    return np.clip(truth, least, 1 - least)


def _area_under_roc(positive: NDArray[np.bool_], scores: Array) -> float:
    count = int(positive.sum())
    others = len(positive) - count
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Equal scores share the mean of their ranks.
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))


def _area_under_precision(positive: NDArray[np.bool_], scores: Array) -> float:
    """Return the sum of precision times the recall that each score gains, the highest first."""
    order = np.argsort(-scores, kind="stable")
    # Equal scores are called 1 together.
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    right = np.cumsum(positive[order])[last]
    gained = np.diff(right, prepend=0) / right[-1]
    return float((gained * right / (last + 1)).sum())
