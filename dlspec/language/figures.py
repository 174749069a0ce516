"""What an evaluation asks for: metrics of this language by name, and those of Keras as objects."""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, assert_never

from dlspec.language.catalogue import Object, find_entry, names_of_kind
from dlspec.language.catalogue.traits import TruthTrait
from dlspec.language.features import ClassFeature, Feature
from dlspec.language.keras_names import snake_case
from dlspec.language.metrics import METRIC_OF, Better, target_kind
from dlspec.language.tensors import Dim

AskedMetric = str | Object
# What an array of a target holds.
Holds = Literal["ids", "one_hot", "binary", "numbers"]
# The targets that a metric of Keras is made for, each of which also fits others.
_MADE_FOR: Mapping[TruthTrait, Holds] = {
    "ids": "ids",
    "labels": "binary",
    "numbers": "numbers",
    "one_hot": "one_hot",
}


def figure_name(metric: AskedMetric) -> str:
    """Return what the figure of a metric is called: in Keras's way, or as its `name` says."""
    if isinstance(metric, str):
        return metric
    # `accuracy` and its like are words for Keras itself, in lower case and without an entry.
    name = metric.class_name if metric.class_name.islower() else metric["name"]
    return str(name or snake_case(metric.class_name))


def better_of(metric: AskedMetric) -> Better | None:
    """Return which values of a metric are better; None where neither are."""
    if isinstance(metric, str):
        return METRIC_OF[metric].better
    entry = metric.entry
    return entry.measures.better if entry and entry.measures else None


def counts_rows(metric: AskedMetric) -> bool:
    """Return whether a metric is the share of rows that are right as a whole."""
    return isinstance(metric, str) and METRIC_OF[metric].counts_rows


def named_figure(name: str, asked: Iterable[AskedMetric]) -> AskedMetric | None:
    """Return the metric that a figure is of: one that is asked for, else the language's own."""
    found = next((metric for metric in asked if figure_name(metric) == name), None)
    return found or (name if name in METRIC_OF else None)


def held_by(target: Feature) -> Holds:
    """Return what an array of a target holds."""
    match target.learned_as:
        case "class":
            return "one_hot" if isinstance(target, ClassFeature) and target.one_hot else "ids"
        case "tokens" | "sequence" | "mask":
            return "ids"
        case "binary" | "labels":
            return "binary"
        case "number" | None:
            return "numbers"
        case other:
            assert_never(other)


def takes_threshold(metric: Object) -> bool:
    """Tell whether it decides by a `threshold` above 0, or else by the largest unit."""
    entry = metric.entry
    assert entry is not None, "Keras chooses it"
    assert entry.measures is not None, "a test holds every metric to it"
    return entry.measures.truth == "one_hot" and entry.parameter_named("threshold") is not None


def compared_truth(metric: Object) -> TruthTrait:
    """Return what a metric of Keras compares with, as its arguments have it."""
    entry = metric.entry
    assert entry is not None, "Keras chooses it"
    assert entry.measures is not None, "a test holds every metric to it"
    if takes_threshold(metric) and metric.arguments.get("threshold") is not None:
        return "labels"
    if entry.parameter_named("sparse_y_true") is not None:
        return "ids" if metric["sparse_y_true"] else "one_hot"
    return entry.measures.truth


def fits_truth(truth: TruthTrait, holds: Holds, width: Dim) -> bool:
    """Return whether what a metric compares with is what a target of this width holds."""
    match truth:
        case "ids":
            return holds == "ids"
        case "one_hot":
            return holds == "one_hot" or (holds == "numbers" and width != 1)
        case "labels" | "numbers":
            return holds != "ids"
        case other:
            assert_never(other)


def measured_targets(
    metric: AskedMetric, targets: Mapping[str, Feature], aligned: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the targets that a metric is measured on.

    One of Keras is measured on those that it is made for; where there are none, on all that fit.

    Args:
        aligned: Those whose loss aligns them with steps, which no metric of Keras does.
    """
    if isinstance(metric, str):
        known = {n: target_kind(one, aligned=n in aligned) for n, one in targets.items()}
        return tuple(name for name, kind in known.items() if kind in METRIC_OF[metric].on)
    targets = {name: one for name, one in targets.items() if name not in aligned}
    truth = compared_truth(metric)
    made_for = tuple(name for name, one in targets.items() if held_by(one) == _MADE_FOR[truth])
    if made_for and fits_truth(truth, _MADE_FOR[truth], None):
        return made_for
    return tuple(
        name for name, one in targets.items() if fits_truth(truth, held_by(one), _width(one))
    )


def _width(target: Feature) -> Dim:
    shape = target.element.shape
    return shape[-1] if shape else None


def figures_by_target(
    metric: AskedMetric, targets: Mapping[str, Feature], aligned: Collection[str] = ()
) -> dict[str, str]:
    """Return the targets that a metric is measured on one by one, by `<target>_<metric>`.

    Of a single target there is the metric alone.

    Args:
        aligned: The targets whose loss aligns them with steps.
    """
    generated = isinstance(metric, str) and METRIC_OF[metric].reads == "generated"
    fitting = measured_targets(metric, targets, aligned)
    if generated or len(fitting) < 2:
        return {}
    return {f"{name}_{figure_name(metric)}": name for name in fitting}


def keras_figures() -> tuple[str, ...]:
    """Return what the figures of Keras's metrics are called where nobody names them."""
    known = (find_entry("metric", name) for name in names_of_kind("metric"))
    made = {e.name: Object("metric", e.name, {}) for e in known if e is not None and e.measures}
    return tuple(sorted(figure_name(metric) for metric in made.values()))
