"""Learning-rate schedules against what Keras refuses when it makes them."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.catalogue import Object
from dlspec.rules.subject import Checked
from dlspec.rules.training import rate_schedule


def report_uneven_schedules(checked: Checked) -> None:
    """Report steps of a rate that are not one more than the borders between them."""
    if checked.training is None:
        return
    _check_schedule(checked.training.optimizer, "training.optimizer", checked)
    for index, turn in enumerate(checked.training.turns or ()):
        if turn.optimizer is not None:
            _check_schedule(turn.optimizer, f"training.turns.{index}.optimizer", checked)


def _check_schedule(optimizer: Object, path: str, checked: Checked) -> None:
    schedule = rate_schedule(optimizer)
    if schedule is None or schedule.class_name != "PiecewiseConstantDecay":
        return
    borders, rates = schedule["boundaries"], schedule["values"]
    if not isinstance(borders, tuple) or not isinstance(rates, tuple):
        return
    if len(rates) == len(borders) + 1:
        return
    between = counted(len(borders), "border")
    wanted = len(borders) + 1
    checked.reporter.error(
        Code.CONFLICT,
        checked.spec.places.value(f"{path}.learning_rate.values"),
        "`PiecewiseConstantDecay` takes one value more than boundaries",
        label=f"{between}, and {counted(len(rates), 'value')}",
        help=f"write {counted(wanted, 'value')}, the first of them before the first boundary",
    )
