"""What must hold for a promotion, against what is measured."""

from collections.abc import Iterable

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Help, Replacement
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.figures import (
    figure_name,
    figures_by_target,
    measured_targets,
    named_figure,
)
from dlspec.language.metrics import COMPARABLE_METRICS, GATED_WITHOUT_METRIC, METRIC_OF
from dlspec.language.penalty_figures import is_penalty_figure
from dlspec.language.sections import Evaluation, is_free_of_poison, minimised_as_read
from dlspec.resolve.planned_turns import units_trained_by
from dlspec.rules.subject import Checked


def report_gates(checked: Checked) -> None:
    """Report a gate, or a championship, on a metric that is not measured."""
    evaluation = checked.spec.evaluation
    if evaluation is None or not is_free_of_poison(evaluation):
        return
    minimised = minimised_as_read(checked.spec.training)
    penalties = checked.penalties
    measured = [figure_name(metric) for metric in evaluation.metrics]
    for gate in evaluation.gates:
        if gate.metric in (*minimised, *penalties, *measured, *GATED_WITHOUT_METRIC):
            continue
        if is_penalty_figure(gate.metric):
            _report_no_penalty(gate.metric, penalties, checked)
            continue
        if _waits_for_a_turn(gate.metric, checked):
            continue
        if gate.metric in METRIC_OF:
            _report_unmeasured(gate.metric, f"evaluation.gates.{gate.metric}", checked)
        else:
            _check_gate_of_target(gate.metric, evaluation, checked)
    champion = evaluation.champion
    if champion is not None and champion.metric not in measured:
        _report_unmeasured(champion.metric, "evaluation.champion.metric", checked)


def _waits_for_a_turn(name: str, checked: Checked) -> bool:
    """Tell whether a mistake that is told hides whether a term or a turn has this figure."""
    training, objective = checked.training, checked.objective
    if name in METRIC_OF or training is None or not training.minimised:
        return False
    if objective is None:
        return True
    known = {term for term, _, _ in objective.terms}
    if not known.issuperset(training.term_weights):
        return True
    turns = training.turns or ()
    return not all(
        turn.train and all(units_trained_by(one, objective.graph) for one in turn.train)
        for turn in turns
    )


def _report_no_penalty(name: str, penalties: tuple[str, ...], checked: Checked) -> None:
    """Report a gate on what layers add to the loss, where they do not; unread parts may."""
    if not checked.has_whole_graph:
        return
    near = replacement_word(name, penalties, work=checked.reporter.work)
    checked.reporter.error(
        Code.UNKNOWN_METRIC,
        checked.spec.places.key(f"evaluation.gates.{name}"),
        f"no figure is called `{name}`",
        label=f"layers add {', '.join(f'`{known}`' for known in penalties)} to the loss"
        if penalties
        else "no layer adds anything to the loss",
        help=near or "leave it out",
    )


def _report_unmeasured(metric: str, path: str, checked: Checked) -> None:
    places = checked.spec.places
    checked.reporter.error(
        Code.UNKNOWN_METRIC,
        places.key(path) if path.startswith("evaluation.gates") else places.value(path),
        f"`{metric}` is asked for and not measured",
        label="not among `evaluation.metrics`",
        help=f"add `{metric}` to `evaluation.metrics`",
    )


def _check_gate_of_target(name: str, evaluation: Evaluation, checked: Checked) -> None:
    """Report a gate `<target>_<metric>` that no measurement gives, or that two give."""
    data = checked.data
    if data is None:
        return
    asked = {figure_name(metric): metric for metric in evaluation.metrics}
    known_names = dict.fromkeys((*COMPARABLE_METRICS, *evaluation.keras_metrics))
    meant = [
        (target, metric)
        for metric in known_names
        for target in data.targets
        if f"{target}_{metric}" == name
    ]
    measured = {n: figures_by_target(m, data.targets, checked.aligned) for n, m in asked.items()}
    if len(meant) == 1 and name in measured.get(meant[0][1], {}):
        return
    help_: Help
    if len(meant) > 1:
        label = " and ".join(f"`{metric}` of `{target}`" for target, metric in meant)
        help_ = "give one of the two targets another name"
    elif meant:
        label, help_ = _why_not_measured(*meant[0], evaluation, checked)
    else:
        turns = (checked.training and checked.training.turns) or ()
        titles = [turn.title for turn in turns]
        label = _listed_after("the turns", titles) or _listed_after("the targets", data.targets)
        known = [one for names in measured.values() for one in names]
        others = [*asked, *minimised_as_read(checked.spec.training)]
        near = replacement_word(name, [*known, *others], work=checked.reporter.work)
        help_ = near or _one_of_gates(known)
    checked.reporter.error(
        Code.UNKNOWN_METRIC,
        checked.spec.places.key(f"evaluation.gates.{name}"),
        f"`{name}` means two figures" if len(meant) > 1 else f"no figure is called `{name}`",
        label=label,
        help=help_,
    )


def _listed_after(what: str, names: Iterable[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return listed and f"{what} are {listed}"


def _why_not_measured(
    target: str, metric: str, evaluation: Evaluation, checked: Checked
) -> tuple[str, Help]:
    """Return why a target has no such figure of its own, and what to write."""
    assert checked.data is not None
    targets, aligned = checked.data.targets, checked.aligned
    asked = named_figure(metric, evaluation.metrics)
    assert asked is not None, "it is a metric of this language, or one that is asked for"
    if target not in measured_targets(asked, targets, aligned):
        measured = [figures_by_target(known, targets, aligned) for known in evaluation.metrics]
        fitting = [name for names in measured for name, of in names.items() if of == target]
        return f"`{metric}` cannot be measured on `{target}`", _one_of_gates(fitting)
    if not figures_by_target(asked, targets, aligned):
        label = f"`{target}` is the only target of `{metric}`"
        if asked in evaluation.metrics:
            return label, Replacement(metric)
        return label, f"write `{metric}`, and add it to `evaluation.metrics`"
    return f"`{metric}` is not measured", f"add `{metric}` to `evaluation.metrics`"


def _one_of_gates(known: list[str]) -> str:
    if not known:
        return "leave it out"
    return f"write one of {', '.join(f'`{name}`' for name in known)}"
