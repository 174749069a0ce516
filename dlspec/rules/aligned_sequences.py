"""Ids that the loss `CTC` aligns with the steps of an output: target, steps, head, decoding."""

from typing import assert_never

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.features import TextFeature, TokensFeature
from dlspec.language.metrics import target_kind
from dlspec.language.sections import is_free_of_poison
from dlspec.rules.heads import PROBABILITIES, Head
from dlspec.rules.subject import Checked


def report_aligned_sequences(checked: Checked) -> None:
    """Report what a loss that aligns steps with ids cannot be taught, and decoding without one."""
    for head in checked.heads:
        if head.is_aligned:
            _check_aligned_head(head, checked)
    _check_decoding(checked)


def _check_aligned_head(head: Head, checked: Checked) -> None:
    _check_logits(head, checked)
    if head.target is None:
        return
    if not isinstance(head.target, TokensFeature | TextFeature):
        _report_no_sequence(head, checked)
        return
    _check_padding(head.name, head.target, checked)
    _check_steps(head, head.target.length, checked)


def _check_logits(head: Head, checked: Checked) -> None:
    if head.activation in PROBABILITIES:
        assert head.loss is not None
        checked.reporter.error(
            Code.PROBABILITIES_AS_LOGITS,
            head.loss_place,
            f"`{head.loss.class_name}` takes logits and gets probabilities",
            label=f"`{head.name}` ends with {head.activation}",
            help=f"leave the {head.activation} out",
        )


def _report_no_sequence(head: Head, checked: Checked) -> None:
    assert head.loss is not None
    checked.reporter.error(
        Code.NOT_ALIGNED,
        head.loss_place,
        f"`{head.loss.class_name}` aligns steps with ids, and `{head.name}` is no sequence of ids",
        label="its target is neither `text` nor `tokens`",
        help=f"write `{_other_loss(head)}`, or make the target a `text`",
    )


def _other_loss(head: Head) -> str:
    assert head.target is not None
    kind = target_kind(head.target)
    match kind:
        case "class" if not getattr(head.target, "one_hot", False):
            return "{SparseCategoricalCrossentropy: {from_logits: true}}"
        case "class":
            return "{CategoricalCrossentropy: {from_logits: true}}"
        case "mask" | "tokens" | "sequence":
            return "{SparseCategoricalCrossentropy: {from_logits: true}}"
        case "binary" | "labels":
            return "{BinaryCrossentropy: {from_logits: true}}"
        case "number":
            return "MeanSquaredError"
        case _:
            assert_never(kind)


def _check_padding(name: str, target: TokensFeature | TextFeature, checked: Checked) -> None:
    if target.pad == "start":
        checked.reporter.error(
            Code.NOT_ALIGNED,
            checked.spec.places.value(f"data.targets.{name}.pad"),
            f"`{name}` is filled up at the start, and `CTC` reads ids from the first place on",
            label="id 0, which fills it up, is the blank of `CTC`",
            help="write `pad: end`",
        )


def _check_steps(head: Head, length: int, checked: Checked) -> None:
    """Compare the steps with the most ids that a target has; how many each row needs is counted."""
    output = next((one for name, one in checked.graph.outputs if name == head.name), None)
    shape = checked.graph.tensor(output).shape if output is not None else None
    if shape is None:
        return
    trail = head.node.trail if head.node else ()
    with checked.reporter.with_trail(*trail):
        if len(shape) != 3:
            listed = ", ".join("null" if extent is None else str(extent) for extent in shape[1:])
            checked.reporter.error(
                Code.NOT_ALIGNED,
                head.place,
                f"`{head.name}` gives no row of steps for `CTC` to align",
                label=f"it gives [{listed}], and steps of units have two axes",
                help="let the layers before it keep one axis of steps, as "
                "`return_sequences: true` does",
            )
        elif shape[1] is not None and shape[1] < length:
            checked.reporter.error(
                Code.NOT_ALIGNED,
                head.place,
                f"`{head.name}` has fewer steps than its target may have ids",
                label=f"{counted(shape[1], 'step')} for up to {counted(length, 'id')}",
                notes=("`CTC` gives each id a step, and one more between two that are equal",),
                help=f"let the layers before it keep more steps, or write `length: {shape[1]}`",
            )


def _check_decoding(checked: Checked) -> None:
    """Report a `prediction` that says nothing, or of decoding where nothing is aligned."""
    asked, places = checked.spec.prediction, checked.spec.places
    if asked is None or not is_free_of_poison(asked):
        return
    if asked.generate is None and asked.decode is None:
        checked.reporter.error(
            Code.MISSING_KEY,
            places.key("prediction"),
            "`prediction` needs `generate` or `decode`",
            label="neither is there",
            help="leave it out",
        )
    readable = checked.training is not None and checked.heads
    if asked.decode is not None and readable and not any(h.is_aligned for h in checked.heads):
        checked.reporter.error(
            Code.CONFLICT,
            places.key("prediction.decode"),
            "`decode` reads steps that the loss `CTC` aligned, and no output is learned with it",
            label="there is nothing to decode",
            help="leave it out",
        )
