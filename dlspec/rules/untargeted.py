"""Targets, losses and terms: something must be minimised, and a loss has a target."""

from dlspec.diagnostics.codes import Code
from dlspec.language.sample_draws import JoiningDraw, TripletsDraw
from dlspec.language.sections import Data, Training
from dlspec.resolve.minimised_terms import turns_of
from dlspec.rules.subject import Checked
from dlspec.syntax.scalars import Poison


def report_missing_targets(checked: Checked) -> None:
    """Report data that says nothing of what is learned, where nothing else says it either."""
    data = checked.spec.data
    if not isinstance(data, Data) or data.targets != {} or _terms_of(checked):
        return
    if isinstance(data.sampling, JoiningDraw):
        return
    checked.reporter.error(
        Code.MISSING_KEY,
        checked.spec.places.key("data"),
        "`data` needs `targets`",
        label="`targets` is not there",
        help="add `targets`: what it learns, by output name",
    )


def _terms_of(checked: Checked) -> bool:
    """Tell whether terms are minimised, or were to be."""
    training = checked.spec.training
    return isinstance(training, Training) and (
        bool(training.terms) or any(turn.terms for turn in turns_of(training))
    )


def report_untargeted_training(checked: Checked) -> None:
    """Report a training that minimises nothing, or compares outputs with targets that are not."""
    training, data = checked.spec.training, checked.data
    if not isinstance(training, Training):
        return
    if data is not None and not data.targets:
        if not _terms_of(checked) and not isinstance(data.sampling, JoiningDraw):
            return  # it is told that `targets` are missing
        _check_terms(checked)
        _check_comparisons(training, checked)
    elif training.loss is None and (data is not None or not _terms_of(checked)):
        places, path = checked.spec.places, "training.loss"
        # `loss: null` says nothing, too.
        written = path in places.keys
        checked.reporter.error(
            Code.MISSING_KEY,
            places.key(path if written else "training"),
            "`training` needs `loss`",
            label="this is nothing" if written else "`loss` is not there",
            help="write the loss that fits the target, such as `loss: MeanSquaredError` of numbers",
        )


def _check_terms(checked: Checked) -> None:
    assert checked.data is not None
    if isinstance(checked.data.sampling, TripletsDraw) and not _terms_of(checked):
        checked.reporter.error(
            Code.MISSING_KEY,
            checked.spec.places.key("training"),
            "`training` needs `terms`: `triplets` makes no target",
            label="nothing is minimised",
            help="add `terms`: entries of the graph that are minimised, each with its weight",
        )


def _check_comparisons(training: Training, checked: Checked) -> None:
    """Report what compares outputs with targets, where there are none."""
    sampling = checked.data.sampling if checked.data else None
    said = {
        "training.loss": training.loss,
        "training.loss_weights": training.loss_weights,
        "training.metrics": training.metrics,
        # Of every draw it is told with the draw.
        "training.class_weight": not isinstance(sampling, JoiningDraw) and training.class_weight,
        "training.sample_weight": not isinstance(sampling, JoiningDraw) and training.sample_weight,
        "evaluation.metrics": checked.evaluation and checked.evaluation.metrics,
    }
    for path, value in said.items():
        if not value or isinstance(value, Poison):
            continue
        word = path.rpartition(".")[2]
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key(path),
            f"`{word}` compares outputs with targets, and there are none",
            label="nothing to compare with",
            help="leave it out",
        )
