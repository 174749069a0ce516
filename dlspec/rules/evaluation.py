"""What a spec asks to be measured, against what there is to measure."""

import re
from collections.abc import Mapping

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.language.catalogue import Object
from dlspec.language.features import BinaryFeature, ClassFeature
from dlspec.language.figures import AskedMetric, better_of, figure_name, named_figure
from dlspec.language.keras_names import snake_case
from dlspec.language.loss_records import loss_record
from dlspec.language.metrics import (
    GATED_WITHOUT_METRIC,
    GENERATED_METRICS,
    METRIC_OF,
    METRICS,
    metrics_on,
)
from dlspec.language.sections import (
    Data,
    Evaluation,
    ThresholdChoice,
    Training,
    is_free_of_poison,
)
from dlspec.language.significance_tests import SIGNIFICANCE_TEST_OF, can_compare
from dlspec.rules.metric_words import written_metric
from dlspec.rules.subject import Checked
from dlspec.rules.training import validation_rows_help

# A gate's name is that of a check in the chain of assets.
_FIGURE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def report_measures(checked: Checked) -> None:
    """Report metrics, tests and weights that the spec's targets do not allow."""
    if checked.data is None or not checked.data.targets:
        return
    if checked.evaluation is not None:
        _check_metrics(checked.evaluation, checked.data, checked)
        _check_figure_names(checked.evaluation, checked)
        _check_threshold(checked.evaluation.threshold, checked.data, checked)
        _check_champion(checked.evaluation, checked.spec, checked.reporter)
    if checked.training is not None:
        _check_class_weight_target(checked.training, checked.data, checked.spec, checked.reporter)


def _check_metrics(evaluation: Evaluation, data: Data, checked: Checked) -> None:
    spec, reporter = checked.spec, checked.reporter
    kinds = set(checked.target_kinds.values())
    if checked.training is None and "tokens" in kinds:
        # A loss that cannot be read may be one that aligns them.
        kinds.add("sequence")
    fitting = {record.name for kind in kinds for record in metrics_on(kind)}
    asked = spec.prediction
    if asked is not None and (not is_free_of_poison(asked) or asked.generate is not None):
        fitting |= set(GENERATED_METRICS)
    targets = ", ".join(f"`{name}`" for name in data.targets) or "outputs without targets"
    for index, metric in enumerate(evaluation.metrics):
        if not isinstance(metric, str):
            continue  # the rules of Keras's metrics judge it
        if metric not in fitting:
            reporter.error(
                Code.UNKNOWN_METRIC,
                spec.places.value(f"evaluation.metrics.{index}"),
                f"`{metric}` cannot be measured on {targets}",
                label=_unmeasurable_reason(metric, checked),
                help=f"write one of {', '.join(sorted(fitting))}" if fitting else "leave it out",
            )
        elif METRIC_OF[metric].reads == "probabilities":
            _check_probabilities(index, metric, checked)


def _check_threshold(asked: float | ThresholdChoice | None, data: Data, checked: Checked) -> None:
    """Report a threshold without a binary target, without its probability, or without rows."""
    if asked is None:
        return
    places, reporter = checked.spec.places, checked.reporter
    binary = [name for name, kind in checked.target_kinds.items() if kind == "binary"]
    margins = [name for name in binary if _margin_loss(name, checked) is not None]
    if not binary:
        reporter.error(
            Code.CONFLICT,
            places.key("evaluation.threshold"),
            "`threshold` needs a binary target",
            label=f"the targets are {', '.join(f'`{name}`' for name in data.targets)}",
            help="leave it out",
        )
    elif margins:
        reporter.error(
            Code.CONFLICT,
            places.key("evaluation.threshold"),
            f"`threshold` is a probability, and `{margins[0]}` has none",
            label=f"`{_margin_loss(margins[0], checked)}` trains margins around 0",
            help="leave it out, or train with a crossentropy",
        )
    elif isinstance(asked, ThresholdChoice) and not _has_validation_rows(checked):
        reporter.error(
            Code.NO_VALIDATION,
            places.key("evaluation.threshold"),
            "`threshold` is chosen on validation rows and there are none",
            label="`data.split` sets none aside",
            help=f"write {validation_rows_help(checked)}, or a number",
        )


def _has_validation_rows(checked: Checked) -> bool:
    return checked.written_data is None or bool(checked.written_data.split.validation)


def _margin_loss(target: str, checked: Checked) -> str | None:
    """Return the loss of a target that trains margins; None where it knows probabilities."""
    loss = checked.training.loss if checked.training is not None else None
    used = loss.get(target) if isinstance(loss, Mapping) else loss
    return used.class_name if isinstance(used, Object) and loss_record(used).margins else None


def _check_probabilities(index: int, metric: str, checked: Checked) -> None:
    """Report a metric of probabilities on a target whose loss knows none."""
    for name, kind in checked.target_kinds.items():
        margins = _margin_loss(name, checked)
        if kind in METRIC_OF[metric].on and margins is not None:
            checked.reporter.error(
                Code.UNKNOWN_METRIC,
                checked.spec.places.value(f"evaluation.metrics.{index}"),
                f"`{metric}` cannot be measured on `{name}`",
                label=f"`{margins}` trains margins around 0, and no probabilities",
                help="leave it out, or train with a crossentropy",
            )


def _unmeasurable_reason(metric: str, checked: Checked) -> str:
    record = METRIC_OF[metric]
    if record.reads == "generated":
        return "the spec has no `prediction.generate`"
    kinds = checked.target_kinds.values()
    if "sequence" in kinds and "tokens" in record.on:
        return "it compares place by place, and the steps are aligned with the ids"
    if "tokens" in kinds and record.on == ("sequence",):
        return "it reads what is decoded, as after the loss `CTC`"
    return "no target is of its kind"


def _check_champion(evaluation: Evaluation, spec: ModelSpec, reporter: Reporter) -> None:
    champion = evaluation.champion
    if champion is None or not is_free_of_poison(champion):
        return
    metric = named_figure(champion.metric, evaluation.metrics)
    if metric is None:
        return  # reported as what is not measured
    if better_of(metric) is None:
        reporter.error(
            Code.CONFLICT,
            spec.places.value("evaluation.champion.metric"),
            f"`{champion.metric}` cannot say which of two models is better",
            label="neither more nor less of it is better",
            help="compare another figure; this one may be a gate",
        )
    elif not can_compare(SIGNIFICANCE_TEST_OF[champion.test], metric):
        counted = [record.name for record in METRICS if record.counts_rows]
        reporter.error(
            Code.CONFLICT,
            spec.places.value("evaluation.champion.test"),
            f"`{champion.test}` cannot compare `{champion.metric}`",
            label="it counts rows that are right or wrong",
            help=f"write `test: bootstrap`, or compare one of {', '.join(counted)}",
        )


def _check_figure_names(evaluation: Evaluation, checked: Checked) -> None:
    """Report a figure that another has the name of, or whose name cannot be a gate's."""
    training = checked.training
    taken = {*GATED_WITHOUT_METRIC, *(training.minimised if training is not None else ())}
    for index, metric in enumerate(evaluation.metrics):
        name = figure_name(metric)
        path = f"evaluation.metrics.{index}"
        written = f"{path}.name"
        place = written if written in checked.spec.places.values else path
        if name in taken:
            checked.reporter.error(
                Code.DUPLICATE_NAME,
                checked.spec.places.value(place),
                f"two figures are called `{name}`",
                label="report and gates would hold two of this name",
                help=_other_name_help(metric, evaluation.metrics[:index]),
            )
        elif not _FIGURE_NAME.fullmatch(name):
            checked.reporter.error(
                Code.BAD_NAME,
                checked.spec.places.value(place),
                f"`{name}` cannot be a figure's name",
                label="letters, digits and `_`, not beginning with a digit",
                help=f"write `name: {snake_case(name) or 'figure'}`",
            )
        taken.add(name)


def _other_name_help(metric: AskedMetric, above: tuple[AskedMetric, ...]) -> str:
    if isinstance(metric, str) or metric in above:
        return "leave it out"
    name = f"other_{figure_name(metric)}"
    return f"write `{written_metric(metric.class_name, {**metric.arguments, 'name': name})}`"


def _check_class_weight_target(
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
