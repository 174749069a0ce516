"""What is known of each loss of Keras beside its arguments: one record each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dlspec.language.catalogue import Object, OwnLoss

# What a loss takes its targets for: class ids, ids that it aligns with the steps of the output,
# one-hot vectors, zeros and ones, numbers with an order; whatever has the shape of the output; or
# what its own graph, written in the spec, says.
LossTargets = Literal["ids", "sequence", "one_hot", "binary", "numbers", "alike", "own"]


@dataclass(frozen=True, slots=True)
class LossRecord:
    """All that rules and readers of outputs must know of a loss.

    Attributes:
        takes: What it takes its targets for.
        from_logits: The activation that makes probabilities of what it gets; None where it has no
            `from_logits`.
        margins: Whether what it gets are margins around 0, which no probability stands behind.
        sums_batch: Whether it sums over the whole batch where its `axis` says nothing else.
    """

    name: str
    takes: LossTargets
    from_logits: Literal["sigmoid", "softmax"] | None = None
    margins: bool = False
    sums_batch: bool = False


LOSSES: tuple[LossRecord, ...] = (
    LossRecord("BinaryCrossentropy", "binary", "sigmoid"),
    LossRecord("BinaryFocalCrossentropy", "binary", "sigmoid"),
    LossRecord("CTC", "sequence"),
    LossRecord("CategoricalCrossentropy", "one_hot", "softmax"),
    LossRecord("CategoricalFocalCrossentropy", "one_hot", "softmax"),
    LossRecord("CategoricalGeneralizedCrossEntropy", "alike"),
    LossRecord("CategoricalHinge", "alike", margins=True),
    LossRecord("Circle", "alike"),
    LossRecord("CosineSimilarity", "alike"),
    LossRecord("Dice", "alike", sums_batch=True),
    LossRecord("Hinge", "alike", margins=True),
    LossRecord("Huber", "numbers"),
    LossRecord("KLDivergence", "alike"),
    LossRecord("LogCosh", "numbers"),
    LossRecord("MeanAbsoluteError", "numbers"),
    LossRecord("MeanAbsolutePercentageError", "numbers"),
    LossRecord("MeanSquaredError", "numbers"),
    LossRecord("MeanSquaredLogarithmicError", "numbers"),
    LossRecord("Poisson", "alike"),
    LossRecord("SparseCategoricalCrossentropy", "ids", "softmax"),
    LossRecord("SquaredHinge", "alike", margins=True),
    LossRecord("Tversky", "alike", sums_batch=True),
)
LOSS_OF = {record.name: record for record in LOSSES}


def loss_record(loss: Object) -> LossRecord:
    """Return what is known of a loss; of one that the spec declares its graph says the rest."""
    if isinstance(loss, OwnLoss):
        return LossRecord(loss.class_name, "own")
    return LOSS_OF[loss.class_name]


def aligns_steps(loss: Object | Mapping[str, Object] | None, output: str) -> bool:
    """Tell whether an output is learned by aligning its steps with a sequence of ids.

    Args:
        loss: That of all outputs, or one for each.
    """
    made = loss.get(output) if isinstance(loss, Mapping) else loss
    return isinstance(made, Object) and loss_record(made).takes == "sequence"
