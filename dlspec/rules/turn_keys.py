"""Turns beside the other keys of a training: each says once what is minimised, and how."""

from dlspec.diagnostics.codes import Code
from dlspec.language.sections import Training
from dlspec.language.turns import Turn
from dlspec.rules.subject import Checked


def report_turns(checked: Checked) -> None:
    """Report turns that minimise nothing, and keys beside them that no turn uses."""
    training = checked.training
    if training is None or training.turns is None:
        return
    if not training.turns:
        checked.reporter.error(
            Code.MISSING_KEY,
            checked.spec.places.key("training.turns"),
            "`turns` names no turn",
            label="the list is empty",
            help="add a turn, such as `{train: [model], terms: {term: 1.0}}`, or leave `turns` out",
        )
        return
    for index, turn in enumerate(training.turns):
        _check_turn(index, turn, training, checked)
    _check_keys_beside(training, checked)


def _check_turn(index: int, turn: Turn, training: Training, checked: Checked) -> None:
    path, places = f"training.turns.{index}", checked.spec.places
    if not turn.train:
        checked.reporter.error(
            Code.TURN_WITHOUT_WEIGHTS,
            places.value(f"{path}.train"),
            "this turn trains nothing",
            label="the list is empty",
            help="name a model under `models`, or an entry of the graph",
        )
    if not turn.loss and not turn.terms:
        checked.reporter.error(
            Code.MISSING_KEY,
            places.value(path),
            f"the turn `{turn.title}` minimises nothing",
            label="neither `terms` nor `loss` is there",
            help="add `terms`: entries of the graph with their weights",
        )
    targets = checked.data is not None and checked.data.targets
    if turn.loss and training.loss is None and not targets:
        checked.reporter.error(
            Code.CONFLICT,
            places.key(f"{path}.loss"),
            "this turn minimises the loss, and there is none",
            label="no output has a target",
            help="leave it out",
        )


def _check_keys_beside(training: Training, checked: Checked) -> None:
    turns, places = training.turns or (), checked.spec.places
    if training.terms:
        checked.reporter.error(
            Code.CONFLICT,
            places.key("training.terms"),
            "with `turns`, terms stand in the turns",
            label="no turn minimises these",
            help="write each of them under `terms` of a turn",
        )
    if training.loss is not None and not any(turn.loss for turn in turns):
        checked.reporter.error(
            Code.CONFLICT,
            places.key("training.loss"),
            "no turn minimises the loss",
            label="written here, used nowhere",
            help="write `loss: true` in a turn",
        )
    written = "training.optimizer" in places.values
    if written and all(turn.optimizer is not None for turn in turns):
        checked.reporter.error(
            Code.CONFLICT,
            places.key("training.optimizer"),
            "every turn has an optimizer of its own",
            label="written here, used nowhere",
            help="leave it out, or leave `optimizer` out of a turn that shall have one like it",
        )
