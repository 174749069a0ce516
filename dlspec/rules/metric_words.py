"""A metric on an output as rules see it, and how another is written that fits there."""

from collections.abc import Mapping
from dataclasses import dataclass

from dlspec.language.catalogue import Object, Parameter, Value, find_entry
from dlspec.language.catalogue.traits import MetricTraits, TruthTrait
from dlspec.language.features import Feature
from dlspec.language.figures import Holds, compared_truth, held_by, takes_threshold
from dlspec.language.tensors import Dim
from dlspec.rules.heads import Head

TRUTH_WORDS: Mapping[TruthTrait, str] = {
    "ids": "class ids",
    "labels": "0 or 1 for each unit",
    "numbers": "numbers",
    "one_hot": "vectors over classes",
}
# What measures something on each target, where the metric has no sibling for it.
_ON_ANY: Mapping[Holds, str] = {
    "ids": "SparseCategoricalAccuracy",
    "one_hot": "CategoricalAccuracy",
    "binary": "BinaryAccuracy",
    "numbers": "MeanAbsoluteError",
}


# Arguments that say what target and output look like: those of another metric say it anew.
_OF_ANOTHER_FORM = ("axis", "from_logits", "sparse_y_pred", "sparse_y_true")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a metric, and the whole metric to write in its place.

    Where an `argument` is at fault and written by its name, it is marked and `repair` is the help.
    """

    message: str
    label: str
    write: str
    argument: str = ""
    repair: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric on an output whose target is known and fits its head."""

    metric: Object
    head: Head
    holds: Holds
    traits: MetricTraits

    @property
    def word(self) -> str:
        """Return the class of the metric."""
        return self.metric.class_name

    @property
    def width(self) -> Dim:
        """Return how many units the output has."""
        return self.head.width

    @property
    def takes_threshold(self) -> bool:
        """Tell whether it decides by a `threshold` above 0, or else by the largest unit."""
        return takes_threshold(self.metric)

    @property
    def truth(self) -> TruthTrait:
        """Return what it compares with, as its arguments have it."""
        return compared_truth(self.metric)

    @property
    def gives_logits(self) -> bool:
        """Tell whether the head gives logits: numbers that a loss or target takes for such."""
        loss = self.head.loss
        asked = loss is not None and loss.arguments.get("from_logits") is True
        return self.head.activation == "linear" and (self.holds != "numbers" or asked)

    @property
    def ending(self) -> str:
        """Return how the head ends, as the fact of a finding."""
        activation = self.head.activation
        how = "without an activation" if activation == "linear" else f"with {activation}"
        return f"`{self.head.name}` ends {how}"

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter called `name`; None when the metric takes none."""
        entry = self.metric.entry
        return entry.parameter_named(name) if entry else None


def measured_on(metric: Object, head: Head) -> Measured | None:
    """Return a metric on an output; None where nothing can be said, or something else is wrong."""
    entry, target = metric.entry, head.target
    # Without an entry Keras chooses the class from the shapes.
    if entry is None or entry.measures is None or target is None or not _fits_head(target, head):
        return None
    return Measured(metric, head, held_by(target), entry.measures)


def _fits_head(target: Feature, head: Head) -> bool:
    """Tell whether the target has the head's width; what does not is reported elsewhere."""
    shape = target.element.shape or ()
    wanted = target.num_ids if held_by(target) == "ids" else shape[-1] if shape else None
    return None in (wanted, head.width) or wanted == head.width


def reads_decisions(m: Measured) -> bool:
    """Tell whether the metric counts what lies above a threshold."""
    if m.takes_threshold:
        return m.truth == "labels"
    return m.traits.reads == "decisions" and m.metric.arguments.get("top_k") is None


def other_metric(m: Measured) -> str:
    """Return a metric that fits the output, as it is written, in backticks."""
    sibling = m.traits.instead.get(m.holds)
    made = None if sibling is None else _fitted_arguments(sibling, m)
    if sibling is None or made is None or _is_known_misfit(sibling, m):
        sibling = _ON_ANY[m.holds]
        made = _fitted_arguments(sibling, m)
    return f"`{written_metric(sibling, made or {})}`"


def _is_known_misfit(word: str, m: Measured) -> bool:
    """Tell whether a sibling would read logits that it does not take."""
    entry = find_entry("metric", word)
    assert entry is not None
    assert entry.measures is not None
    takes_logits = m.gives_logits and entry.parameter_named("from_logits") is not None
    takes_any = entry.measures.reads in ("order", "numbers")
    return m.head.gives_other_than_probabilities and not (takes_any or takes_logits)


def _fitted_arguments(word: str, m: Measured) -> dict[str, Value] | None:
    """Return the arguments that a metric needs on the output; None if some cannot be known."""
    entry = find_entry("metric", word)
    assert entry is not None
    known = {p.name: p for p in entry.parameters}
    found = {
        name: value
        for name, value in m.metric.arguments.items()
        if name in known and name not in _OF_ANOTHER_FORM
    }
    if "sparse_y_pred" in known and known["sparse_y_pred"].default is True:
        found["sparse_y_pred"] = False
    if m.width is not None:
        best = found.get("k", 5)
        if "k" in known and isinstance(best, int) and best >= m.width:
            found["k"] = m.width - 1
        if "num_classes" in known:
            found["num_classes"] = m.width
    if m.gives_logits and "from_logits" in known:
        found["from_logits"] = True
    if m.head.gives_other_than_probabilities and word == "BinaryAccuracy":
        found["threshold"] = 0
    missing = [name for name, p in known.items() if p.required and name not in found]
    return None if missing else found


def changed_argument(m: Measured, name: str, value: Value) -> tuple[str, str]:
    """Return the metric with an argument changed, and the repair of the argument alone."""
    whole = written_metric(m.word, {**m.metric.arguments, name: value})
    return f"`{whole}`", f"write `{name}: {_written_value(value)}`"


def dropped_argument(m: Measured, name: str) -> tuple[str, str]:
    """Return the metric without an argument, and the repair of the argument alone."""
    left = {key: value for key, value in m.metric.arguments.items() if key != name}
    return f"`{written_metric(m.word, left)}`", f"leave `{name}` out"


def written_metric(word: str, arguments: Mapping[str, Value]) -> str:
    """Return a metric with its arguments as a spec writes it on one line."""
    if not arguments:
        return word
    said = ", ".join(f"{name}: {_written_value(value)}" for name, value in arguments.items())
    return f"{{{word}: {{{said}}}}}"


def _written_value(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_written_value(item) for item in value)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
