"""What a sample counts for in the losses: the column that says it, and the places it weighs."""

from dataclasses import dataclass

from dlspec.language.catalogue import Object
from dlspec.language.features import Feature
from dlspec.language.loss_records import loss_record


@dataclass(frozen=True, slots=True)
class SampleWeight:
    """The weights of one output.

    Attributes:
        column: The column of the source that holds them.
        extents: The places of a sample that have a loss each: none of one class, the length of a
            sequence of classes, height and width of a mask. An array of weights has this shape.
    """

    column: str
    extents: tuple[int | None, ...]


def places_with_losses(target: Feature, loss: Object) -> tuple[int | None, ...] | None:
    """Return the places of a sample that have a loss each; None where a batch has one as a whole.

    Source: keras.losses; all but those on ids take the mean over the last axis, or over `axis`.
    """
    record, element = loss_record(loss), target.element.shape or ()
    if record.takes in ("own", "sequence"):
        return ()
    if record.takes == "ids":
        return element
    axis = loss.arguments.get("axis")
    if axis is None:
        return None if record.sums_batch else element[:-1]
    # Axes count from the batch on.
    axes = axis if isinstance(axis, tuple) else (axis,)
    summed = {one % (len(element) + 1) for one in axes if isinstance(one, int)}
    if 0 in summed:
        return None
    return tuple(extent for at, extent in enumerate(element, 1) if at not in summed)
