"""The arguments of a Keras metric against the units of its output."""

from collections.abc import Callable

from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import Value
from dlspec.rules.metric_words import (
    Fault,
    Measured,
    changed_argument,
    dropped_argument,
    other_metric,
)

# BinaryIoU takes no `num_classes`: there are two.
_TWO = 2


def _scores_fault(m: Measured) -> Fault | None:
    """Judge a metric that takes the output for ids, which a head never gives."""
    if m.parameter("sparse_y_pred") is not None and m.metric["sparse_y_pred"]:
        write, repair = changed_argument(m, "sparse_y_pred", value=False)
        return Fault(
            f"`{m.word}` takes the ids that are predicted",
            f"`{m.head.name}` gives a number for each class, and `sparse_y_pred` is true",
            write,
            "sparse_y_pred",
            repair,
        )
    if m.metric.arguments.get("from_sorted_ids") is True:
        write, repair = dropped_argument(m, "from_sorted_ids")
        return Fault(
            f"`{m.word}` takes the ids that are predicted, the likeliest first",
            f"`{m.head.name}` gives a number for each class, and `from_sorted_ids` is true",
            write,
            "from_sorted_ids",
            repair,
        )
    return None


def _best_fault(m: Measured) -> Fault | None:
    """Judge how many of the best units are looked at."""
    if m.width is None:
        return None
    best = m.metric["k"] if m.parameter("k") is not None else None
    if isinstance(best, int) and best >= m.width:
        write, repair = changed_argument(m, "k", m.width - 1)
        return Fault(
            f"`{m.word}` looks at the {best} best of {counted(m.width, 'class')}: it is always 1",
            "`k` is 5 where it is not given" if "k" not in m.metric.arguments else f"{best} here",
            write,
            "k",
            repair,
        )
    top = m.metric.arguments.get("top_k")
    if isinstance(top, int) and top > m.width:
        return _units_fault(m, "top_k", counted(top, "unit"), m.width)
    return None


def _units_fault(m: Measured, name: str, asked: str, value: Value) -> Fault:
    kind = "unit" if m.holds in ("binary", "numbers") else "class"
    assert m.width is not None, "what is asked for is held against it"
    changed = dropped_argument(m, name) if value is None else changed_argument(m, name, value)
    return Fault(
        f"`{name}` of `{m.word}` asks for {asked}",
        f"`{m.head.name}` has {counted(m.width, kind)}",
        changed[0],
        name,
        changed[1],
    )


def _class_fault(m: Measured) -> Fault | None:
    """Judge the classes that are named by their ids."""
    width, one = m.width, m.metric.arguments.get("class_id")
    if width is not None and isinstance(one, int) and not -width <= one < width:
        return _units_fault(m, "class_id", f"the class {one}", None)
    listed = m.metric.arguments.get("target_class_ids")
    classes = m.metric["num_classes"] if m.parameter("num_classes") is not None else _TWO
    if isinstance(listed, tuple) and isinstance(classes, int):
        beyond = [i for i in listed if not (isinstance(i, int) and 0 <= i < classes)]
        if beyond or not listed:
            write, repair = changed_argument(m, "target_class_ids", tuple(range(classes)))
            return Fault(
                f"`target_class_ids` of `{m.word}` names "
                + (f"the class {beyond[0]}" if beyond else "no class"),
                f"there are {classes}, from 0 to {classes - 1}",
                write,
                "target_class_ids",
                repair,
            )
    return None


def _count_fault(m: Measured) -> Fault | None:
    """Judge how many classes or labels the metric is told of."""
    given, width = m.metric.arguments, m.width
    if width is None:
        return None
    classes = given.get("num_classes")
    if isinstance(classes, int) and classes < width:
        return _units_fault(
            m, "num_classes", f"{counted(classes, 'class')}, and drops the others", width
        )
    labels = given.get("num_labels")
    if given.get("multi_label") is True and isinstance(labels, int) and labels not in (0, width):
        return _units_fault(m, "num_labels", counted(labels, "unit"), width)
    weights = given.get("label_weights")
    if isinstance(weights, tuple) and len(weights) != width:
        return _units_fault(m, "label_weights", counted(len(weights), "unit"), None)
    return None


def _axis_fault(m: Measured) -> Fault | None:
    """Judge an axis that the output does not have, or along which there are no classes."""
    if "axis" not in m.metric.arguments or m.head.ndim is None:
        return None
    written, last = m.metric.arguments["axis"], m.head.ndim - 1
    axes = written if isinstance(written, tuple) else (written,)
    if m.traits.reads == "numbers":
        fits = all(isinstance(axis, int) and -last - 1 <= axis <= last for axis in axes)
    else:
        fits = axes in ((-1,), (last,))
    if fits:
        return None
    write, repair = dropped_argument(m, "axis")
    fact = f"the classes of `{m.head.name}` are its last axis, {last}"
    if m.traits.along_axis and m.width == 1:  # without it, the metric compares a single unit
        write, repair = other_metric(m), ""
    return Fault(
        f"`{m.word}` has nothing along axis {written}",
        f"`{m.head.name}` has the axes 0 to {last}" if m.traits.reads == "numbers" else fact,
        write,
        "axis" if repair else "",
        repair,
    )


ARGUMENT_RULES: tuple[Callable[[Measured], Fault | None], ...] = (
    _scores_fault,
    _best_fault,
    _class_fault,
    _count_fault,
    _axis_fault,
)
