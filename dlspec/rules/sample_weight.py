"""What `training.sample_weight` needs of the sections beside it."""

from collections.abc import Mapping

from dlspec.diagnostics.codes import Code
from dlspec.language.sample_weights import SampleWeight, places_with_losses
from dlspec.rules.heads import Head
from dlspec.rules.subject import Checked


def report_sample_weight(checked: Checked) -> None:
    """Report weights beside those of classes, and of outputs that have no loss for each sample."""
    training = checked.training
    if training is None or training.sample_weight is None:
        return
    if training.class_weight is not None:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.key("training.sample_weight"),
            "`sample_weight` and `class_weight` exclude each other",
            label="Keras takes one of the two",
            help="leave `class_weight` out, and let the column hold the product of both",
        )
    for head in checked.heads:
        if head.name in _column_by_output(checked) and _loss_places(head) is None:
            assert head.loss is not None
            assert head.target is not None
            axes = list(range(1, len(head.target.element.shape or ()) + 1))
            checked.reporter.error(
                Code.CONFLICT,
                checked.spec.places.key("training.sample_weight"),
                f"`{head.loss.class_name}` has no loss for each sample of `{head.name}`",
                label="it sums over the whole batch, which is one number",
                help=f"write `axis: {axes}` into the loss, or leave `sample_weight` out",
            )


def sample_weights_of(checked: Checked) -> dict[str, SampleWeight]:
    """Return the weights of each output that `training.sample_weight` weighs."""
    named = _column_by_output(checked)
    return {
        head.name: SampleWeight(named[head.name], places)
        for head in checked.heads
        if head.name in named and (places := _loss_places(head)) is not None
    }


def _column_by_output(checked: Checked) -> Mapping[str, str]:
    """Return the columns of weights by the outputs that have a target and a loss."""
    said = checked.training.sample_weight if checked.training is not None else None
    weighed = [head.name for head in checked.heads if head.target is not None and head.loss]
    if isinstance(said, str):
        return dict.fromkeys(weighed, said)
    return {} if said is None else {name: said[name] for name in weighed if name in said}


def _loss_places(head: Head) -> tuple[int | None, ...] | None:
    assert head.target is not None
    assert head.loss is not None
    return places_with_losses(head.target, head.loss)
