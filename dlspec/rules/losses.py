"""A loss against the head and the target of its output."""

from dlspec.diagnostics.codes import Code
from dlspec.language.features import ClassFeature, TokensFeature
from dlspec.rules.heads import Head
from dlspec.rules.subject import Checked

_FROM_LOGITS = {
    "BinaryCrossentropy": "sigmoid",
    "BinaryFocalCrossentropy": "sigmoid",
    "CategoricalCrossentropy": "softmax",
    "CategoricalFocalCrossentropy": "softmax",
    "SparseCategoricalCrossentropy": "softmax",
}


_ON_IDS = ("SparseCategoricalCrossentropy",)


_ON_ONE_HOT = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")


_ON_NUMBERS = (
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
)


_BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")


_PROBABILITIES = ("softmax", "sigmoid")


def report_logits(checked: Checked) -> None:
    """Report logits into a loss that takes probabilities, and the reverse."""
    for head in checked.heads:
        if head.loss is None or head.loss.class_name not in _FROM_LOGITS or not head.activation:
            continue
        wanted = _FROM_LOGITS[head.loss.class_name]
        from_logits = head.loss["from_logits"] is True
        word = head.loss.class_name
        layer = f"`{head.node.name}`" if head.node else "the output"
        if not from_logits and head.activation == "linear":
            checked.reporter.error(
                Code.LOGITS_AS_PROBABILITIES,
                head.loss_place,
                f"`{word}` takes probabilities and gets logits",
                label=f"{layer} has no activation, and `from_logits` is false",
                help=f"write `{{{word}: {{from_logits: true}}}}`, or `activation: {wanted}`",
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


def report_loss_on_target(checked: Checked) -> None:
    """Report a loss for ids on one-hot targets, the reverse, or a binary loss on classes."""
    for head in checked.heads:
        if head.loss is None or not isinstance(head.target, ClassFeature):
            continue
        word = head.loss.class_name
        if word in _ON_IDS and head.target.one_hot:
            code, label = Code.SPARSE_LOSS_ON_ONE_HOT, f"`{head.name}` is one-hot"
            message, help_ = f"`{word}` takes class ids", "write `CategoricalCrossentropy`"
        elif word in _ON_ONE_HOT and not head.target.one_hot:
            code, label = Code.CATEGORICAL_LOSS_ON_IDS, f"`{head.name}` holds class ids"
            message, help_ = (
                f"`{word}` takes one-hot vectors",
                "write `SparseCategoricalCrossentropy`",
            )
        elif word in _BINARY:
            code = Code.BINARY_LOSS_ON_CLASSES
            label = f"`{head.name}` has {head.target.num_classes} classes"
            message = f"`{word}` takes two classes as 0 and 1"
            help_ = "write `SparseCategoricalCrossentropy`, or make the target `binary`"
        elif word in _ON_NUMBERS and not head.target.one_hot:
            code, label = Code.NUMBER_LOSS_ON_CLASSES, f"`{head.name}` holds class ids"
            message = f"`{word}` takes ids for numbers with an order"
            help_ = "write `SparseCategoricalCrossentropy`, or make the target a `number`"
        else:
            continue
        checked.reporter.error(code, head.loss_place, message, label=label, help=help_)


def report_head_width(checked: Checked) -> None:
    """Report a head with another number of units than there are classes, or ids."""
    for head in checked.heads:
        wanted = _wanted_width(head)
        if wanted is None or head.width is None or head.width == wanted:
            continue
        if head.loss is not None and head.loss.class_name in _BINARY:
            continue
        what = "ids" if isinstance(head.target, TokensFeature) else "classes"
        trail = head.node.trail if head.node else ()
        with checked.reporter.with_trail(*trail):
            checked.reporter.error(
                Code.HEAD_WIDTH,
                head.place,
                f"the head of `{head.name}` has {head.width} units for {wanted} {what}",
                label=f"{head.width} here",
                help=f"write `{wanted}`",
            )


def _wanted_width(head: Head) -> int | None:
    if isinstance(head.target, ClassFeature):
        return head.target.num_classes
    return head.target.num_ids if isinstance(head.target, TokensFeature) else None


def report_sigmoid_classes(checked: Checked) -> None:
    """Report a sigmoid before a loss over exclusive classes."""
    for head in checked.heads:
        word = head.loss.class_name if head.loss else ""
        if head.activation == "sigmoid" and word in (*_ON_IDS, *_ON_ONE_HOT):
            checked.reporter.error(
                Code.SIGMOID_WITH_CATEGORICAL,
                head.loss_place,
                f"`{word}` needs a distribution over the classes",
                label=f"`{head.name}` ends with sigmoid, which gives each class its own",
                help="write `activation: softmax`, or a binary loss",
            )
