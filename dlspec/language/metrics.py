"""The metrics that `evaluation` may name: one record each."""

from dataclasses import dataclass
from typing import Literal

from dlspec.language.features import Feature, TargetKind

Better = Literal["higher", "lower"]
# What a metric reads of the model: its answers, the probability or the order of its classes, its
# outputs as they come, which are too large to be kept, or the sequences that `prediction.generate`
# gives for the inputs of the test rows.
Reads = Literal["answers", "probabilities", "scores", "outputs", "generated"]


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """All that is known of a metric but how it is computed.

    Attributes:
        on: The kinds of targets that it can be measured on.
        unit: What its values are counted in.
        definition: One sentence for the documentation.
        counts_rows: Whether it is the share of rows that are right as a whole, so that a test of
            right and wrong rows speaks about it.
        least_rows: Test rows without which it is not defined.
        every_class: Whether it is defined only on rows that hold every class of the target.
        varied: Whether it is defined only on rows whose targets are not all the same.
        nowhere_zero: Whether it is defined only on rows of which no target is 0.
        least_ids: Ids, padding left out, of which some row must hold so many.
    """

    name: str
    on: tuple[TargetKind, ...]
    better: Better
    unit: str
    definition: str
    reads: Reads = "answers"
    counts_rows: bool = False
    least_rows: int = 1
    every_class: bool = False
    varied: bool = False
    nowhere_zero: bool = False
    least_ids: int = 0


_CLASSES: tuple[TargetKind, ...] = ("class", "binary")
_CLASSES_OR_LABELS: tuple[TargetKind, ...] = (*_CLASSES, "labels")
_SHARE = "share, 0 to 1"
_ERROR_RATE = "share, 0 at best"
_OWN = "the target's own"

METRICS: tuple[MetricRecord, ...] = (
    MetricRecord(
        "accuracy",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The share of rows whose class, or whose labels are all right.",
        counts_rows=True,
    ),
    MetricRecord(
        "balanced_accuracy",
        _CLASSES,
        "higher",
        _SHARE,
        "The mean of the recall of each class that occurs.",
    ),
    MetricRecord(
        "kappa",
        _CLASSES,
        "higher",
        "share, 1 at best",
        "Cohen's kappa: how far more rows are right than classes so frequent would be by chance.",
        least_rows=2,
        varied=True,
    ),
    MetricRecord(
        "mcc",
        _CLASSES,
        "higher",
        "-1 to 1",
        "Matthews's correlation of true and predicted classes, 0 where either is always the same.",
    ),
    MetricRecord(
        "precision",
        ("binary",),
        "higher",
        _SHARE,
        "Of the rows called 1 the share that is, 0 where none is called so.",
    ),
    MetricRecord(
        "recall",
        ("binary",),
        "higher",
        _SHARE,
        "Of the rows that are 1 the share that is called so.",
        every_class=True,
    ),
    MetricRecord(
        "specificity",
        ("binary",),
        "higher",
        _SHARE,
        "Of the rows that are 0 the share that is called so.",
        every_class=True,
    ),
    MetricRecord(
        "f1", ("binary",), "higher", _SHARE, "The harmonic mean of `precision` and `recall`."
    ),
    MetricRecord(
        "precision_macro",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The mean of the classes' precision, 0 for a class that is never predicted.",
    ),
    MetricRecord(
        "recall_macro",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The mean of the classes' recall, 0 for a class that only predictions hold.",
    ),
    MetricRecord(
        "precision_weighted",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The mean of the classes' precision, weighted by how often each occurs.",
    ),
    MetricRecord(
        "recall_weighted",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The mean of the classes' recall, weighted by how often each occurs.",
    ),
    MetricRecord("f1_macro", _CLASSES_OR_LABELS, "higher", _SHARE, "The mean of the classes' F1."),
    MetricRecord(
        "f1_weighted",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The mean of the classes' F1, weighted by how often each occurs.",
    ),
    MetricRecord(
        "log_loss",
        _CLASSES_OR_LABELS,
        "lower",
        "nats",
        "The mean negative logarithm of the probability of the true class, or of a label's truth.",
        reads="probabilities",
    ),
    MetricRecord(
        "brier",
        _CLASSES,
        "lower",
        "share, 0 to 1; of several classes to 2",
        "The mean squared distance of the probabilities from the truth; of several classes the "
        "sum over them.",
        reads="probabilities",
    ),
    MetricRecord(
        "average_precision",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The area under the curve of precision over recall, in steps; of several classes the mean "
        "of one against the rest, of labels their mean.",
        reads="scores",
        least_rows=2,
        every_class=True,
    ),
    MetricRecord(
        "roc_auc",
        _CLASSES_OR_LABELS,
        "higher",
        _SHARE,
        "The area under the ROC curve; of several classes the mean of one against the rest, "
        "of labels their mean.",
        reads="scores",
        least_rows=2,
        every_class=True,
    ),
    MetricRecord(
        "precision_micro",
        ("labels",),
        "higher",
        _SHARE,
        "Of all labels given in all rows the share that holds.",
    ),
    MetricRecord(
        "recall_micro",
        ("labels",),
        "higher",
        _SHARE,
        "Of all labels that hold in all rows the share that is given.",
    ),
    MetricRecord(
        "f1_micro",
        ("labels",),
        "higher",
        _SHARE,
        "The F1 of all labels of all rows counted together.",
    ),
    MetricRecord(
        "label_accuracy",
        ("labels",),
        "higher",
        _SHARE,
        "The share of labels that are rightly given or not given.",
    ),
    MetricRecord(
        "pixel_accuracy",
        ("mask",),
        "higher",
        _SHARE,
        "The share of places whose class is right, those of no class left out.",
    ),
    MetricRecord(
        "mean_iou",
        ("mask",),
        "higher",
        _SHARE,
        "The mean of the classes' intersection over union, over all places of all rows.",
    ),
    MetricRecord(
        "dice",
        ("mask",),
        "higher",
        _SHARE,
        "The mean of the classes' Dice coefficient, over all places of all rows.",
    ),
    MetricRecord("mae", ("number",), "lower", _OWN, "The mean absolute error."),
    MetricRecord("mse", ("number",), "lower", f"{_OWN}, squared", "The mean squared error."),
    MetricRecord(
        "rmse",
        ("number",),
        "lower",
        _OWN,
        "The square root of the mean squared error.",
    ),
    MetricRecord(
        "mape",
        ("number",),
        "lower",
        "percent",
        "The mean absolute error in percent of the truth, which may nowhere be 0.",
        nowhere_zero=True,
    ),
    MetricRecord(
        "smape",
        ("number",),
        "lower",
        "percent, 0 to 200",
        "The mean absolute error in percent of the mean size of truth and prediction.",
    ),
    MetricRecord(
        "pinball_10",
        ("number",),
        "lower",
        _OWN,
        "The mean pinball loss of a forecast of the quantile 0.1.",
    ),
    MetricRecord(
        "pinball_50",
        ("number",),
        "lower",
        _OWN,
        "The mean pinball loss of a forecast of the median: half of `mae`.",
    ),
    MetricRecord(
        "pinball_90",
        ("number",),
        "lower",
        _OWN,
        "The mean pinball loss of a forecast of the quantile 0.9.",
    ),
    MetricRecord(
        "r2",
        ("number",),
        "higher",
        "share, 1 at best",
        "The share of the variance that is explained, the mean over the target's columns.",
        least_rows=2,
        varied=True,
    ),
    MetricRecord(
        "token_accuracy",
        ("tokens",),
        "higher",
        _SHARE,
        "The share of ids that are right, padding left out.",
        least_ids=1,
    ),
    MetricRecord(
        "sequence_accuracy",
        ("tokens", "sequence"),
        "higher",
        _SHARE,
        "The share of rows whose ids are all right, padding left out.",
        counts_rows=True,
    ),
    MetricRecord(
        "character_error_rate",
        ("sequence",),
        "lower",
        _ERROR_RATE,
        "The characters to put in, leave out or replace that make what is decoded the truth, over "
        "the characters of the truth, of all rows together.",
        least_ids=1,
    ),
    MetricRecord(
        "word_error_rate",
        ("sequence",),
        "lower",
        _ERROR_RATE,
        "`character_error_rate` of words, which stand between blanks.",
        least_ids=1,
    ),
    MetricRecord(
        "perplexity",
        ("tokens",),
        "lower",
        "1 at best",
        "The exponential of the mean negative logarithm of the probability of the true id, padding "
        "left out.",
        reads="outputs",
        least_ids=1,
    ),
    MetricRecord(
        "generated_token_accuracy",
        ("tokens",),
        "higher",
        _SHARE,
        "`token_accuracy` of what the model says by itself.",
        reads="generated",
        least_ids=1,
    ),
    MetricRecord(
        "generated_sequence_accuracy",
        ("tokens",),
        "higher",
        _SHARE,
        "`sequence_accuracy` of what the model says by itself.",
        reads="generated",
    ),
    MetricRecord(
        "generated_character_error_rate",
        ("tokens",),
        "lower",
        _ERROR_RATE,
        "`character_error_rate` of what the model says by itself.",
        reads="generated",
        least_ids=1,
    ),
    MetricRecord(
        "generated_word_error_rate",
        ("tokens",),
        "lower",
        _ERROR_RATE,
        "`word_error_rate` of what the model says by itself.",
        reads="generated",
        least_ids=1,
    ),
    MetricRecord(
        "generated_bleu",
        ("tokens",),
        "higher",
        _SHARE,
        "BLEU-4 of what the model says by itself, over all rows, unsmoothed.",
        reads="generated",
        least_ids=4,
    ),
    MetricRecord(
        "generated_rouge_1",
        ("tokens",),
        "higher",
        _SHARE,
        "ROUGE-1 of what the model says by itself: the mean F1 of the ids that a row shares with "
        "the truth.",
        reads="generated",
        least_ids=1,
    ),
    MetricRecord(
        "generated_rouge_2",
        ("tokens",),
        "higher",
        _SHARE,
        "ROUGE-2 of what the model says by itself, of pairs of ids that follow each other.",
        reads="generated",
        least_ids=2,
    ),
    MetricRecord(
        "generated_rouge_l",
        ("tokens",),
        "higher",
        _SHARE,
        "ROUGE-L of what the model says by itself, of the longest sequence of ids in both.",
        reads="generated",
        least_ids=1,
    ),
)
METRIC_OF = {record.name: record for record in METRICS}
# Counted of outputs as they come, as the metrics of Keras are.
OUTPUT_METRICS = tuple(record.name for record in METRICS if record.reads == "outputs")
GENERATED_METRICS = tuple(record.name for record in METRICS if record.reads == "generated")
# Of a champion nothing is generated again, so those cannot be compared.
COMPARABLE_METRICS = tuple(record.name for record in METRICS if record.reads != "generated")

# What a threshold of a binary target may be chosen for: each falls on both sides of its best, where
# `recall` is highest for a threshold that calls every row 1.
THRESHOLD_METRICS = ("accuracy", "balanced_accuracy", "f1", "f1_macro", "kappa", "mcc")
assert all(
    "binary" in METRIC_OF[n].on and METRIC_OF[n].better == "higher" for n in THRESHOLD_METRICS
)

# Known from the plan or the training, so a gate may ask for them without a metric.
COST_FIGURES = ("parameters", "flops")
GATED_WITHOUT_METRIC = ("loss", *COST_FIGURES)


def target_kind(target: Feature, *, aligned: bool = False) -> TargetKind:
    """Return what a target's values are to a metric.

    Args:
        aligned: Whether its loss aligns it with the steps of the output.
    """
    kind = target.learned_as
    assert kind is not None, f"no target is a {type(target).__name__}"
    return "sequence" if aligned and kind == "tokens" else kind


def metrics_on(kind: TargetKind) -> tuple[MetricRecord, ...]:
    """Return what can be measured on a kind of target, generated sequences left out."""
    return tuple(r for r in METRICS if kind in r.on and r.reads != "generated")
