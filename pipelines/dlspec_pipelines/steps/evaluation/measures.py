"""The metrics of `evaluation.metrics`, as scikit-learn defines them, in numpy alone.

Importing scikit-learn costs more than evaluating a small model; the tests compare with it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dlspec.language.metrics import METRIC_OF
from dlspec_pipelines.steps.engine.batches import Array
from dlspec_pipelines.steps.evaluation.outputs import IGNORED, Predicted
from dlspec_pipelines.steps.step_errors import NotDefined, StepError

Metric = Callable[[Predicted], float]
Counts = NDArray[np.float64]

# Preparation and generated data fill sequences up with this id.
PADDING = 0


def accuracy(p: Predicted) -> float:
    """Return the share of samples whose class, or whose labels are all right."""
    return float(right_rows(p).mean())


def balanced_accuracy(p: Predicted) -> float:
    """Return the mean of the recall of each class that occurs."""
    right, _, support = _class_counts(p)
    present = support > 0
    return float((right[present] / support[present]).mean())


def precision_macro(p: Predicted) -> float:
    """Return the mean of the classes' precision, 0 for a class that is never predicted."""
    right, guessed, support = _class_counts(p)
    return _macro_mean(p, _ratio_or_zero(right, guessed), support + guessed)


def recall_macro(p: Predicted) -> float:
    """Return the mean of the classes' recall, 0 for a class that only predictions hold."""
    right, guessed, support = _class_counts(p)
    return _macro_mean(p, _ratio_or_zero(right, support), support + guessed)


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
    if not support.any():
        raise NotDefined("`f1_weighted` is not defined: no sample has a label")
    return float((_ratio_or_zero(2 * right, guessed + support) * support).sum() / support.sum())


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
    if p.probability is None:
        raise NotDefined(
            "`log_loss` needs probabilities, and the training's loss knows none",
            help="train with a crossentropy, or leave the metric out",
        )
    truth = _true_class_probability(p, p.probability)
    return float(-np.log(_clipped_probability(truth, p.probability)).mean())


def roc_auc(p: Predicted) -> float:
    """Return the area under the ROC curve; of several classes the mean of one against the rest.

    Raises:
        NotDefined: If the samples lack a class, so that the curve does not exist.
    """
    scores = p.score if p.probability is None else p.probability
    assert scores is not None
    if not np.isfinite(scores).all():
        raise NotDefined("`roc_auc` is not defined: the model gave scores that are not finite")
    if p.kind == "binary":
        return _area_under_roc(p.true == 1, scores, name="1")
    classes = range(scores.shape[1])
    if p.kind == "labels":
        areas = [_area_under_roc(p.true[:, c] == 1, scores[:, c], name=str(c)) for c in classes]
        return float(np.mean(areas))
    return float(
        np.mean([_area_under_roc(p.true == c, scores[:, c], name=str(c)) for c in classes])
    )


def mae(p: Predicted) -> float:
    """Return the mean absolute error, in the target's unit."""
    return float(np.abs(_prediction_error(p)).mean())


def mse(p: Predicted) -> float:
    """Return the mean squared error, in the target's unit squared."""
    return float((_prediction_error(p) ** 2).mean())


def rmse(p: Predicted) -> float:
    """Return the square root of the mean squared error over all columns, in the target's unit."""
    return float(np.sqrt(mse(p)))


def r2(p: Predicted) -> float:
    """Return the share of the variance that is explained, the mean over the target's columns.

    One of several columns that has no variance counts 1 when it is met exactly, else 0.

    Raises:
        NotDefined: If no column has any variance.
    """
    left = (_prediction_error(p) ** 2).sum(axis=0).reshape(-1)
    true = p.true.astype(np.float64)
    if (true == true[:1]).all():
        raise NotDefined("`r2` is not defined: the targets of all samples are the same")
    total = ((true - true.mean(axis=0)) ** 2).sum(axis=0).reshape(-1)
    constant = np.where(left == 0, 1.0, 0.0)
    explained = 1 - left / np.where(total == 0, 1, total)
    return float(np.where(total == 0, constant, explained).mean())


def token_accuracy(p: Predicted) -> float:
    """Return the share of ids that are right, padding left out.

    Raises:
        NotDefined: If there is nothing but padding.
    """
    counted = p.true != PADDING
    if not counted.any():
        raise NotDefined("the accuracy of ids is not defined: the targets hold padding alone")
    return float(((p.true == p.guess) & counted).sum() / counted.sum())


def sequence_accuracy(p: Predicted) -> float:
    """Return the share of samples whose ids are all right, padding left out."""
    return float(right_rows(p).mean())


def right_rows(p: Predicted) -> NDArray[np.bool_]:
    """Return for each sample whether it is right: its class, all its labels, or all its ids."""
    right: NDArray[np.bool_] = p.true == p.guess
    if p.kind == "tokens":
        right = right | (p.true == PADDING)
    if p.kind in ("tokens", "labels"):
        right = np.logical_and.reduce(right, axis=1)
    return right


def reduced_to_rows(name: str, p: Predicted) -> Predicted:
    """Return predictions that have the same value of a metric, of one number a row where they can.

    Drawn thousands of times over, rows of a picture or of a thousand probabilities cost minutes.
    """
    match name:
        case "mae":
            errors = np.abs(_prediction_error(p)).reshape(len(p.true), -1).mean(axis=1)
            return Predicted("number", np.zeros_like(errors), errors)
        case "mse" | "rmse":
            errors = np.sqrt((_prediction_error(p) ** 2).reshape(len(p.true), -1).mean(axis=1))
            return Predicted("number", np.zeros_like(errors), errors)
        case "log_loss" if p.probability is not None:
            true = np.ones(len(p.true), dtype=np.int32)
            truth = _true_class_probability(p, p.probability).astype(p.probability.dtype)
            if truth.ndim > 1:
                logs = np.log(_clipped_probability(truth, p.probability)).mean(axis=1)
                truth = np.exp(logs).astype(p.probability.dtype)
            return Predicted("binary", true, true, truth)
        case _ if METRIC_OF[name].reads == "answers":
            return replace(p, probability=None, score=None)
        case _:
            return p


_FUNCTIONS: tuple[Metric, ...] = (
    accuracy,
    balanced_accuracy,
    precision_macro,
    recall_macro,
    f1_macro,
    f1_weighted,
    log_loss,
    roc_auc,
    f1_micro,
    label_accuracy,
    pixel_accuracy,
    mean_iou,
    mae,
    mse,
    rmse,
    r2,
    token_accuracy,
    sequence_accuracy,
)
FUNCTIONS: Mapping[str, Metric] = {function.__name__: function for function in _FUNCTIONS}

_RECORDED = {name for name, record in METRIC_OF.items() if record.reads != "generated"}
assert set(FUNCTIONS) == _RECORDED, (
    f"a metric has a record and no function, or the reverse: {set(FUNCTIONS) ^ _RECORDED}"
)


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured, by metric; of what has no value, the reason."""

    values: dict[str, float] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, value: float | str) -> None:
        """Keep a metric's value, or the reason why it has none."""
        if isinstance(value, str):
            self.undefined[name] = value
        else:
            self.values[name] = value

    def note_targets(self, name: str, values: Mapping[str, float | str]) -> None:
        """Keep a metric's mean over targets and, of several, each target's own beside it.

        Where one target has no value, the mean has none.
        """
        self.note(name, _mean_over_targets(values))
        if len(values) > 1:
            for target, value in values.items():
                self.note(f"{target}_{name}", value)

    def joined(self, others: "Measures") -> "Measures":
        """Return these and others."""
        return Measures(self.values | others.values, self.undefined | others.undefined)


Measured = TypeVar("Measured")


def value_or_reason(
    function: Callable[[Measured], float], samples: Measured, *, name: str
) -> float | str:
    """Return the value of a metric, or a sentence why it has none: what raises, nan, infinity."""
    try:
        # What a model that diverged predicts overflows; the value tells it.
        with np.errstate(over="ignore", invalid="ignore"):
            value = function(samples)
    except NotDefined as problem:
        return problem.message
    return finite_or_reason(value, name=name)


def finite_or_reason(value: float, *, name: str) -> float | str:
    """Return a number, or a sentence about one that is not finite."""
    if math.isfinite(value):
        return value
    return f"`{name}` came out as {value}: what the model predicts is not finite, or too large"


def measure_targets(names: tuple[str, ...], predicted: Mapping[str, Predicted]) -> Measures:
    """Return metrics over all targets.

    A metric of several targets is their mean, with each target's own as `<target>_<metric>` beside;
    where one target has no value, the mean has none.

    Raises:
        StepError: If a metric fits no target.
    """
    measured = Measures()
    for name in names:
        fitting = {t: p for t, p in predicted.items() if metric_fits_target(name, p)}
        if not fitting:
            raise StepError(
                f"`{name}` fits no target of the spec",
                help="choose one of " + ", ".join(f"`{m}`" for m in _fitting_names(predicted)),
            )
        measured.note_targets(
            name, {t: value_or_reason(FUNCTIONS[name], p, name=name) for t, p in fitting.items()}
        )
    return measured


def _mean_over_targets(values: Mapping[str, float | str]) -> float | str:
    numbers = []
    for target, value in values.items():
        if isinstance(value, str):
            return value if len(values) == 1 else f"{value} (target `{target}`)"
        numbers.append(value)
    return float(np.mean(numbers))


def metric_fits_target(name: str, predicted: Predicted) -> bool:
    """Return whether a metric can be taken of a target's predictions."""
    return name in FUNCTIONS and predicted.kind in METRIC_OF[name].on


def _fitting_names(predicted: Mapping[str, Predicted]) -> list[str]:
    return [
        name for name in FUNCTIONS if any(metric_fits_target(name, p) for p in predicted.values())
    ]


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


def _prediction_error(p: Predicted) -> Counts:
    return p.guess.astype(np.float64) - p.true.astype(np.float64)


def _true_class_probability(p: Predicted, probability: Array) -> Counts:
    if p.kind in ("binary", "labels"):
        binary: Counts = np.where(p.true == 1, probability, 1 - probability).astype(np.float64)
        return binary
    rows = probability.astype(np.float64)
    truth: Counts = rows[np.arange(len(rows)), p.true] / rows.sum(axis=1)
    return truth


def _clipped_probability(truth: Counts, like: Array) -> Counts:
    least = float(np.finfo(like.dtype).eps)
    return np.clip(truth, least, 1 - least)


def _area_under_roc(positive: NDArray[np.bool_], scores: Array, *, name: str) -> float:
    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        lack = name if not count else f"not {name}"
        raise NotDefined(
            f"`roc_auc` is not defined: no sample has the class {lack}",
            help="leave the metric out, or split with `stratify`",
        )
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Equal scores share the mean of their ranks.
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))
