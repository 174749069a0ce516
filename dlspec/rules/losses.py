"""A loss against the head and the target of its output."""

from typing import assert_never

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Replacement
from dlspec.language.catalogue import OwnLoss
from dlspec.language.features import ClassFeature, MaskFeature, TextFeature, TokensFeature
from dlspec.language.loss_records import LossRecord, loss_record
from dlspec.language.metrics import target_kind
from dlspec.rules.heads import Head, activation_to_write, switch_of_logits, takes_logits
from dlspec.rules.subject import Checked

_PROBABILITIES = ("softmax", "sigmoid")


def report_logits(checked: Checked) -> None:
    """Report logits into a loss that takes probabilities, and the reverse."""
    for head in checked.heads:
        if head.loss is None or not head.activation:
            continue
        wanted = _wanted_activation(head)
        if wanted is None:
            continue
        from_logits = head.loss["from_logits"] is True
        word = head.loss.class_name
        layer = f"`{head.node.name}`" if head.node else "the output"
        if not from_logits and head.activation == "linear":
            checked.reporter.error(
                Code.LOGITS_AS_PROBABILITIES,
                head.loss_place,
                f"`{word}` takes probabilities and gets logits",
                label=f"{layer} has no activation, and `from_logits` is false",
                help=f"write `{{{word}: {{from_logits: true}}}}`, or "
                f"{activation_to_write(head, wanted)}",
            )
        if from_logits and head.activation in _PROBABILITIES:
            path = f"{head.loss_path}.from_logits"
            checked.reporter.error(
                Code.PROBABILITIES_AS_LOGITS,
                checked.spec.places.value(path),
                f"`{word}` takes logits and gets probabilities",
                label=f"{layer} ends with {head.activation}, and `from_logits` is true",
                help=f"leave `from_logits` out, or the {head.activation}",
            )


def _wanted_activation(head: Head) -> str | None:
    """Return the activation that makes probabilities of what a loss takes for logits."""
    if not isinstance(head.loss, OwnLoss):
        return None if head.loss is None else loss_record(head.loss).from_logits
    if not isinstance(switch_of_logits(head.loss), bool) or head.target is None:
        return None
    return {
        "class": "softmax",
        "mask": "softmax",
        "tokens": "softmax",
        "sequence": "softmax",
        "binary": "sigmoid",
        "labels": "sigmoid",
        "number": None,
    }[target_kind(head.target)]


def report_unclear_logits(checked: Checked) -> None:
    """Report a declared loss under which nobody can tell probabilities from logits."""
    for head in checked.heads:
        if not isinstance(head.loss, OwnLoss) or head.target is None:
            continue
        if target_kind(head.target) == "number" or takes_logits(head) is not None:
            continue
        word = head.loss.class_name
        checked.reporter.error(
            Code.MISSING_ARGUMENT,
            head.loss_place,
            f"`{word}` needs the param `from_logits`",
            label=f"the text does not show whether `{head.name}` gives probabilities or logits",
            help=f"end the model in a layer such as `{{Activation: sigmoid, name: {head.name}}}`, "
            f"or give `{word}` a param `from_logits` that its graph reads",
        )


def report_loss_on_target(checked: Checked) -> None:
    """Report a loss for ids on one-hot targets, the reverse, or a binary loss on classes."""
    for head in checked.heads:
        if head.loss is None or not isinstance(head.target, ClassFeature | MaskFeature):
            continue
        found = _loss_conflict(loss_record(head.loss), head.name, head.target, head.activation)
        if found is None:
            continue
        code, message, label, help_ = found
        checked.reporter.error(code, head.loss_place, message, label=label, help=help_)


def _loss_conflict(
    loss: LossRecord, name: str, target: ClassFeature | MaskFeature, activation: str | None
) -> tuple[Code, str, str, str] | None:
    """Return code, message, label and help where a loss takes classes for something else."""
    if isinstance(target, MaskFeature):
        return _mask_conflict(loss, name)
    match loss.takes:
        case "ids" if target.one_hot:
            return (
                Code.SPARSE_LOSS_ON_ONE_HOT,
                f"`{loss.name}` takes class ids",
                f"`{name}` is one-hot",
                "write `CategoricalCrossentropy`",
            )
        case "one_hot" if not target.one_hot:
            return (
                Code.CATEGORICAL_LOSS_ON_IDS,
                f"`{loss.name}` takes one-hot vectors",
                f"`{name}` holds class ids",
                "write `SparseCategoricalCrossentropy`",
            )
        case "binary":
            return (
                Code.BINARY_LOSS_ON_CLASSES,
                f"`{loss.name}` takes two classes as 0 and 1",
                f"`{name}` has {counted(target.num_classes, 'class')}",
                _classes_help(activation),
            )
        case "numbers" if not target.one_hot:
            return (
                Code.NUMBER_LOSS_ON_CLASSES,
                f"`{loss.name}` takes ids for numbers with an order",
                f"`{name}` holds class ids",
                "write `SparseCategoricalCrossentropy`, or make the target a `number`",
            )
        case "ids" | "one_hot" | "numbers" | "alike" | "own" | "sequence":
            return None
        case _:
            assert_never(loss.takes)


def _mask_conflict(loss: LossRecord, name: str) -> tuple[Code, str, str, str] | None:
    if loss.takes in ("ids", "own", "sequence"):
        return None
    return (
        Code.CATEGORICAL_LOSS_ON_IDS,
        f"`{loss.name}` takes no class ids",
        f"`{name}` holds a class id for each place",
        "write `SparseCategoricalCrossentropy`",
    )


def _tells_classes_of_numbers(head: Head) -> bool:
    if head.loss is None or head.target is None:
        return False
    takes = loss_record(head.loss).takes
    if target_kind(head.target) == "labels":
        return takes in ("ids", "one_hot")
    single = head.width == 1 and takes == "one_hot"
    return target_kind(head.target) in ("number", "binary") and (takes == "ids" or single)


def _classes_help(activation: str | None) -> str:
    """Return the way to a loss over classes from the activation of a binary head."""
    beside = " and `activation: softmax`" if activation == "sigmoid" else ""
    return f"write `SparseCategoricalCrossentropy`{beside}, or make the target `binary`"


def report_class_loss_on_numbers(checked: Checked) -> None:
    """Report a loss over exclusive classes on targets that are amounts, labels, or 0 and 1."""
    for head in checked.heads:
        if head.loss is None or head.target is None or not _tells_classes_of_numbers(head):
            continue
        loss, kind = loss_record(head.loss), target_kind(head.target)
        wanted = "MeanSquaredError" if kind == "number" else "BinaryCrossentropy"
        holds = {"binary": "0 and 1", "labels": "any number of labels"}.get(kind, "numbers")
        checked.reporter.error(
            Code.CLASS_LOSS_ON_NUMBERS,
            head.loss_place,
            f"`{loss.name}` tells classes apart and gets {holds}",
            label=f"`{head.name}` holds {holds}",
            help=f"write `{wanted}`, or make the target a `class`",
        )


def report_head_width(checked: Checked) -> None:
    """Report a head with another number of units than there are classes, or ids."""
    for head in checked.heads:
        wanted = _wanted_width(head)
        if wanted is None or head.width is None or head.width == wanted:
            continue
        if head.loss is not None and loss_record(head.loss).takes == "binary":
            continue
        what = "id" if isinstance(head.target, TokensFeature | TextFeature) else "class"
        trail = head.node.trail if head.node else ()
        with checked.reporter.with_trail(*trail):
            checked.reporter.error(
                Code.HEAD_WIDTH,
                head.place,
                f"the head of `{head.name}` has {counted(head.width, 'unit')} for "
                f"{counted(wanted, what)}",
                label=f"{head.width} here",
                help=Replacement(str(wanted), certain=False)
                if head.has_written_width
                else f"write `{wanted}`",
            )


def _wanted_width(head: Head) -> int | None:
    if isinstance(head.target, ClassFeature):
        return head.target.num_classes
    if isinstance(head.target, TokensFeature | TextFeature | MaskFeature):
        return head.target.num_ids
    return None


def report_sigmoid_classes(checked: Checked) -> None:
    """Report a sigmoid before a loss over exclusive classes."""
    for head in checked.heads:
        if head.loss is None or head.activation != "sigmoid" or _tells_classes_of_numbers(head):
            continue
        word = head.loss.class_name
        if loss_record(head.loss).takes in ("ids", "one_hot"):
            checked.reporter.error(
                Code.SIGMOID_WITH_CATEGORICAL,
                head.loss_place,
                f"`{word}` needs a distribution over the classes",
                label=f"`{head.name}` ends with sigmoid, which gives each class its own",
                help="write `activation: softmax`, or make the target `labels`, of which several "
                "may hold, and the loss `BinaryCrossentropy`",
            )


def report_ignored_class(checked: Checked) -> None:
    """Report a loss that learns places of no class, or leaves out others than the mask does."""
    for head in checked.heads:
        target, loss = head.target, head.loss
        if not isinstance(target, MaskFeature) or loss is None:
            continue
        if loss_record(loss).takes != "ids":
            continue
        left_out = loss["ignore_class"]
        if left_out == target.ignore:
            continue
        if target.ignore is None:
            repair = f"write `ignore: {left_out}` beside the mask, or leave `ignore_class` out"
        else:
            repair = f"write `{{{loss.class_name}: {{ignore_class: {target.ignore}}}}}`"
        said = "nothing" if target.ignore is None else f"`{target.ignore}`"
        checked.reporter.error(
            Code.CONFLICT,
            head.loss_place,
            f"the loss and the mask `{head.name}` leave out different places",
            label=f"the mask ignores {said}, the loss "
            + ("nothing" if left_out is None else f"`{left_out}`"),
            help=repair,
        )
