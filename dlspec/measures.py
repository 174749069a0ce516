"""What a spec asks to be measured, against what there is to measure; labels for the pipeline."""

import re

from dlspec.diagnostics import Code, Reporter
from dlspec.features import BinaryFeature, ClassFeature, Feature, TokensFeature
from dlspec.spec import (
    CLASSIFICATION_METRICS,
    GENERATED_METRICS,
    REGRESSION_METRICS,
    SEQUENCE_METRICS,
    Data,
    Evaluation,
    ModelSpec,
    Training,
    whole,
)

# McNemar's test counts rows that are right or wrong as a whole.
_COUNTED = ("accuracy", "sequence_accuracy")
# Dagster's own rules for tags and owners.
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,63}\Z")
_OWNER = re.compile(r"(team:[A-Za-z0-9_-]+|[^@\s]+@[^@\s]+\.[^@\s]+)\Z")


def check_measures(spec: ModelSpec, reporter: Reporter) -> None:
    """Report metrics, tests and weights that the spec's targets do not allow."""
    if spec.data is None or not whole(spec.data):
        return
    if spec.evaluation is not None and whole(spec.evaluation):
        _check_metrics(spec.evaluation, spec.data, spec, reporter)
        _check_champion(spec.evaluation, spec, reporter)
    if spec.training is not None and whole(spec.training):
        _check_class_weight(spec.training, spec.data, spec, reporter)


def _check_metrics(evaluation: Evaluation, data: Data, spec: ModelSpec, reporter: Reporter) -> None:
    fitting = {name for target in data.targets.values() for name in metrics_of(target)}
    if spec.prediction is not None:
        fitting |= set(GENERATED_METRICS)
    targets = ", ".join(f"`{name}`" for name in data.targets)
    for index, metric in enumerate(evaluation.metrics):
        if metric not in fitting:
            reporter.error(
                Code.UNKNOWN_METRIC,
                spec.places.value(f"evaluation.metrics.{index}"),
                f"`{metric}` cannot be measured on {targets}",
                label=_why_not(metric),
                help=f"write one of {', '.join(sorted(fitting))}",
            )


def _why_not(metric: str) -> str:
    if metric in GENERATED_METRICS:
        return "the spec has no `prediction.generate`"
    return "no target is of its kind"


def metrics_of(target: Feature) -> tuple[str, ...]:
    """Return the names of `evaluation.metrics` that a target allows."""
    if isinstance(target, ClassFeature | BinaryFeature):
        return CLASSIFICATION_METRICS
    return SEQUENCE_METRICS if isinstance(target, TokensFeature) else REGRESSION_METRICS


def _check_champion(evaluation: Evaluation, spec: ModelSpec, reporter: Reporter) -> None:
    champion = evaluation.champion
    if champion is not None and champion.test == "mcnemar" and champion.metric not in _COUNTED:
        reporter.error(
            Code.CONFLICT,
            spec.places.value("evaluation.champion.test"),
            f"`mcnemar` cannot compare `{champion.metric}`",
            label="it counts rows that are right or wrong",
            help=f"write `test: bootstrap`, or compare one of {', '.join(_COUNTED)}",
        )


def _check_class_weight(
    training: Training, data: Data, spec: ModelSpec, reporter: Reporter
) -> None:
    classes = [t for t in data.targets.values() if isinstance(t, ClassFeature | BinaryFeature)]
    if training.class_weight is not None and (len(data.targets) != 1 or not classes):
        reporter.error(
            Code.CONFLICT,
            spec.places.key("training.class_weight"),
            "`class_weight` needs one target, of classes",
            label=f"the targets are {', '.join(data.targets)}",
            help="leave it out, or weigh the outputs with `loss_weights`",
        )


def check_labels(spec: ModelSpec, reporter: Reporter) -> None:
    """Report tags and owners that the pipeline could not show."""
    for name, text in spec.tags.items() if whole(spec.tags) else ():
        if not (_TAG.match(name) and _TAG.match(text)):
            reporter.error(
                Code.BAD_NAME,
                spec.places.key(f"tags.{name}"),
                f"`{name}: {text}` cannot be a tag",
                label="letters, digits, `_`, `-` and `.`, at most 63 each",
            )
    for index, owner in enumerate(spec.owners if whole(spec.owners) else ()):
        if not _OWNER.match(owner):
            reporter.error(
                Code.BAD_NAME,
                spec.places.value(f"owners.{index}"),
                f"`{owner}` cannot be an owner",
                label="neither an e-mail address nor a team",
                help=f"write `team:{re.sub('[^A-Za-z0-9_-]+', '_', owner)}`",
            )
