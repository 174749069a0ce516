"""The metrics of `evaluation.metrics`, as scikit-learn defines them, in numpy alone.

Importing scikit-learn costs more than evaluating a small model; the tests compare with it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from dlspec.language.metrics import METRIC_OF, Reads
from dlspec_pipelines.steps.evaluation.class_metrics import (
    accuracy,
    average_precision,
    balanced_accuracy,
    brier,
    clipped_probability,
    dice,
    f1,
    f1_macro,
    f1_micro,
    f1_weighted,
    kappa,
    label_accuracy,
    log_loss,
    mcc,
    mean_iou,
    pixel_accuracy,
    precision,
    precision_macro,
    precision_micro,
    precision_weighted,
    recall,
    recall_macro,
    recall_micro,
    recall_weighted,
    right_rows,
    roc_auc,
    specificity,
    true_class_probability,
)
from dlspec_pipelines.steps.evaluation.number_metrics import (
    mae,
    mape,
    mse,
    pinball_10,
    pinball_50,
    pinball_90,
    prediction_error,
    r2,
    rmse,
    smape,
)
from dlspec_pipelines.steps.evaluation.outputs import PADDING, Predicted
from dlspec_pipelines.steps.evaluation.text_metrics import (
    character_error_rate,
    edits_of_rows,
    word_error_rate,
)
from dlspec_pipelines.steps.step_errors import NotDefined, StepError

Metric = Callable[[Predicted], float]


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


def reduced_to_rows(name: str, p: Predicted) -> Predicted:
    """Return predictions that have the same value of a metric, of one number a row where they can.

    Drawn thousands of times over, rows of a picture or of a thousand probabilities cost minutes.
    """
    match name:
        case "mae":
            errors = np.abs(prediction_error(p)).reshape(len(p.true), -1).mean(axis=1)
            return Predicted("number", np.zeros_like(errors), errors)
        case "mse" | "rmse":
            errors = np.sqrt((prediction_error(p) ** 2).reshape(len(p.true), -1).mean(axis=1))
            return Predicted("number", np.zeros_like(errors), errors)
        case "log_loss" if p.probability is not None:
            true = np.ones(len(p.true), dtype=np.int32)
            truth = true_class_probability(p, p.probability).astype(p.probability.dtype)
            if truth.ndim > 1:
                logs = np.log(clipped_probability(truth, p.probability)).mean(axis=1)
                truth = np.exp(logs).astype(p.probability.dtype)
            return Predicted("binary", true, true, truth)
        case "character_error_rate" | "word_error_rate":
            edits, lengths = edits_of_rows(name, p)
            return Predicted("number", lengths, edits)
        case _ if METRIC_OF[name].reads == "answers":
            return replace(p, probability=None, score=None)
        case _:
            return p


_FUNCTIONS: tuple[Metric, ...] = (
    accuracy,
    balanced_accuracy,
    kappa,
    mcc,
    precision,
    recall,
    specificity,
    f1,
    precision_macro,
    recall_macro,
    precision_weighted,
    recall_weighted,
    f1_macro,
    f1_weighted,
    log_loss,
    brier,
    average_precision,
    roc_auc,
    precision_micro,
    recall_micro,
    f1_micro,
    label_accuracy,
    pixel_accuracy,
    mean_iou,
    dice,
    mae,
    mse,
    rmse,
    mape,
    smape,
    pinball_10,
    pinball_50,
    pinball_90,
    r2,
    token_accuracy,
    sequence_accuracy,
    character_error_rate,
    word_error_rate,
)
FUNCTIONS: Mapping[str, Metric] = {function.__name__: function for function in _FUNCTIONS}

_KEPT: tuple[Reads, ...] = ("answers", "probabilities", "scores")
_RECORDED = {name for name, record in METRIC_OF.items() if record.reads in _KEPT}
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
