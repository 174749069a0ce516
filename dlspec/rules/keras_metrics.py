"""The Keras metrics of a training or an evaluation against the targets and heads of outputs."""

from collections.abc import Callable, Mapping
from typing import assert_never

from dlspec.decode.argument_values import CHOSEN_BY_KERAS
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import Object
from dlspec.language.figures import fits_truth, measured_targets
from dlspec.language.loss_records import loss_record
from dlspec.language.metrics import target_kind
from dlspec.rules.heads import Head
from dlspec.rules.metric_arguments import ARGUMENT_RULES
from dlspec.rules.metric_words import (
    TRUTH_WORDS,
    Fault,
    Measured,
    dropped_argument,
    measured_on,
    other_metric,
    reads_decisions,
    written_metric,
)
from dlspec.rules.subject import Checked

_Rule = Callable[[Measured], Fault | None]


def report_keras_metrics(checked: Checked) -> None:
    """Report a metric that cannot read its target or its head, or says nothing of them."""
    training = checked.training
    if checked.data is not None and not checked.data.targets:
        return  # reported as what nothing can be compared with
    if training is None or not checked.heads:
        return
    metrics = training.metrics
    if not isinstance(metrics, Mapping) and len(checked.heads) > 1 and metrics:
        if len(metrics) != len(checked.heads):
            _report_list_of_metrics(metrics, checked)
            return
        metrics = {h.name: (m,) for h, m in zip(checked.heads, metrics, strict=True)}
        paths = {h.name: f"training.metrics.{i}" for i, h in enumerate(checked.heads)}
    elif isinstance(metrics, Mapping):
        paths = {h.name: f"training.metrics.{h.name}" for h in checked.heads}
    else:
        metrics, paths = (
            {checked.heads[0].name: metrics},
            {checked.heads[0].name: "training.metrics"},
        )
    for head in checked.heads:
        for index, metric in enumerate(metrics.get(head.name, ())):
            _report_metric(metric, head, f"{paths[head.name]}.{index}", checked)


def _report_list_of_metrics(metrics: tuple[Object, ...], checked: Checked) -> None:
    outputs = [head.name for head in checked.heads]
    listed = ", ".join(written_metric(metric.class_name, metric.arguments) for metric in metrics)
    checked.reporter.error(
        Code.METRIC_ON_OUTPUT,
        checked.spec.places.key("training.metrics"),
        f"`metrics` lists {len(metrics)} for the {counted(len(outputs), 'output')} "
        f"{', '.join(outputs)}",
        label="of a list, Keras gives each output the one in its place",
        help=f"write `metrics: {{{outputs[0]}: [{listed}]}}`, and so for each output",
    )


def report_evaluated_keras_metrics(checked: Checked) -> None:
    """Report a metric of Keras under `evaluation` that fits no target, or not those it is for."""
    data, evaluation = checked.data, checked.evaluation
    if data is None or evaluation is None or not data.targets:
        return
    for index, metric in enumerate(evaluation.metrics):
        if not isinstance(metric, Object):
            continue
        if set(data.targets) <= checked.aligned:
            head = next(one for one in checked.heads if one.is_aligned)
            _report_metric(metric, head, f"evaluation.metrics.{index}", checked)
            continue
        others = tuple(name for name in data.targets if name not in checked.aligned)
        fitting = measured_targets(metric, data.targets, checked.aligned) or others
        heads = (head for head in checked.heads if head.name in fitting)
        faults = (_metric_fault(metric, head, _EVALUATION_RULES) for head in heads)
        fault = next((found for found in faults if found is not None), None)
        if fault is not None:
            _report_fault(fault, f"evaluation.metrics.{index}", checked)


def _report_metric(metric: Object, head: Head, path: str, checked: Checked) -> None:
    if head.is_aligned:
        checked.reporter.error(
            Code.METRIC_ON_OUTPUT,
            checked.spec.places.value(path),
            f"`{metric.class_name}` compares place by place, and `{head.name}` has steps and ids",
            label="`CTC` aligns steps with ids, which are fewer",
            help="measure `character_error_rate` under `evaluation.metrics` in its place",
        )
        return
    if _chooses_accuracy_of_a_number(metric, head):
        checked.reporter.error(
            Code.METRIC_ON_OUTPUT,
            checked.spec.places.value(path),
            f"`{metric.class_name}` counts classes, and `{head.name}` is a number",
            label="Keras takes what is above 0.5 for a 1, and compares it with the number",
            help="write `MeanAbsoluteError`",
        )
        return
    fault = _metric_fault(metric, head, _RULES)
    if fault is not None:
        _report_fault(fault, path, checked)


def _metric_fault(metric: Object, head: Head, rules: tuple[_Rule, ...]) -> Fault | None:
    """Return the first thing that is wrong with a metric on an output."""
    measured = measured_on(metric, head)
    if measured is None:
        return None
    faults = (rule(measured) for rule in rules)
    return next((found for found in faults if found is not None), None)


def _chooses_accuracy_of_a_number(metric: Object, head: Head) -> bool:
    """Tell whether Keras, left to choose, would round what is learned as an amount."""
    if metric.class_name not in CHOSEN_BY_KERAS or head.target is None or head.loss is None:
        return False
    is_amount = loss_record(head.loss).takes == "numbers" and head.width == 1
    return is_amount and target_kind(head.target) == "number"


def _report_fault(fault: Fault, path: str, checked: Checked) -> None:
    places, argument = checked.spec.places, f"{path}.{fault.argument}"
    by_name = bool(fault.argument) and argument in places.values
    checked.reporter.error(
        Code.METRIC_ON_OUTPUT,
        places.value(argument if by_name else path),
        fault.message,
        label=fault.label,
        help=fault.repair if by_name else f"write {fault.write}",
    )


def _truth_fault(m: Measured) -> Fault | None:
    """Judge what the metric compares with against what the target holds."""
    if fits_truth(m.truth, m.holds, m.width):
        return None
    if m.takes_threshold and m.width == 1:
        return Fault(
            f"`{m.word}` without `threshold` takes the largest of several units",
            f"`{m.head.name}` has one, which is always the largest",
            _threshold_help(m),
        )
    return Fault(
        f"`{m.word}` takes {TRUTH_WORDS[m.truth]}",
        f"`{m.head.name}` {_held_words(m)}",
        other_metric(m),
    )


def _held_words(m: Measured) -> str:
    match m.holds:
        case "ids":
            return "holds ids"
        case "one_hot":
            return "is one-hot"
        case "binary":
            return "is a single 0 or 1" if m.width == 1 else "holds 0 or 1 for each unit"
        case "numbers":
            return "is a single number" if m.width == 1 else "holds numbers"
        case other:
            assert_never(other)


def _threshold_help(m: Measured) -> str:
    """Return what makes of a metric that asks for a threshold one that has it."""
    if m.head.gives_other_than_probabilities:
        return other_metric(m)
    return f"`{written_metric(m.word, {**m.metric.arguments, 'threshold': 0.5})}`"


def _reading_fault(m: Measured) -> Fault | None:
    """Judge how the metric reads the output against what the head gives."""
    if m.metric.arguments.get("from_logits") is True:
        return _logits_fault(m)
    if not m.head.gives_other_than_probabilities:
        return None
    if reads_decisions(m):
        return _decision_fault(m)
    return _probability_fault(m) if m.traits.reads == "probabilities" else None


def _logits_fault(m: Measured) -> Fault | None:
    if m.head.activation not in ("sigmoid", "softmax"):
        return None
    write, repair = dropped_argument(m, "from_logits")
    return Fault(
        f"`{m.word}` takes logits and gets probabilities",
        f"`{m.head.name}` ends with {m.head.activation}, and `from_logits` is true",
        write,
        "from_logits",
        repair,
    )


def _probability_fault(m: Measured) -> Fault | None:
    takes_logits = m.parameter("from_logits") is not None and m.gives_logits
    logits = {**m.metric.arguments, "from_logits": True}
    return Fault(
        f"`{m.word}` takes probabilities and gets {'logits' if m.gives_logits else 'numbers'}",
        f"{m.ending}{', and `from_logits` is false' if takes_logits else ''}",
        f"`{written_metric(m.word, logits)}`" if takes_logits else other_metric(m),
    )


def _decision_fault(m: Measured) -> Fault | None:
    """Judge a threshold that nobody wrote: Keras takes 0.5, the middle of probabilities."""
    name = "threshold" if m.parameter("threshold") is not None else "thresholds"
    if m.metric.arguments.get(name) is not None and not m.takes_threshold:
        return None
    at_zero = {**m.metric.arguments, name: 0}
    can_be_zero = m.gives_logits and not m.takes_threshold
    threshold = m.metric.arguments.get(name) or 0.5
    return Fault(
        f"`{m.word}` counts what is above {threshold}, as of probabilities",
        m.ending,
        f"`{written_metric(m.word, at_zero)}`" if can_be_zero else other_metric(m),
    )


def _extent_fault(m: Measured) -> Fault | None:
    """Judge the axes that the metric needs."""
    flat = m.traits.flat or m.metric.arguments.get("multi_label") is True
    if flat and m.head.ndim is not None and m.head.ndim != 2:
        return Fault(
            f"`{m.word}` takes samples of units, two axes",
            f"`{m.head.name}` has {m.head.ndim}",
            other_metric(m),
        )
    if m.traits.along_axis and m.width == 1 and m.metric["axis"] in (-1, (-1,)):
        return Fault(
            f"`{m.word}` compares the units of a sample with each other",
            f"`{m.head.name}` has one",
            other_metric(m),
        )
    return None


def _across_samples_fault(m: Measured) -> Fault | None:
    """Judge an axis along which the samples lie, of which a chunk holds a few at a time."""
    if not m.traits.along_axis or "axis" not in m.metric.arguments or m.head.ndim is None:
        return None
    written = m.metric.arguments["axis"]
    axes = written if isinstance(written, tuple) else (written,)
    if not {0, -m.head.ndim} & set(axes):
        return None
    return Fault(
        f"`{m.word}` compares the samples of a batch with each other along axis {written}",
        "test rows come in chunks, and the figure would be the mean of theirs",
        "`R2Score`" if m.head.ndim == _SAMPLES_OF_UNITS else other_metric(m),
    )


# Samples, and the units of each.
_SAMPLES_OF_UNITS = 2
_RULES: tuple[_Rule, ...] = (_truth_fault, _reading_fault, _extent_fault, *ARGUMENT_RULES)
_EVALUATION_RULES: tuple[_Rule, ...] = (*_RULES, _across_samples_fault)
