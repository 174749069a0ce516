"""What stands between the brackets of `x[:, 0]`, as YAML says it: `[":", 0]`."""

import re

from dlspec.diagnostics import Code
from dlspec.shapes.op_arguments import Asked, UnknownError
from dlspec.shapes.tensor import Dim, Shape, ShapeError, Tensor

ELLIPSIS = "..."
_SLICE = re.compile(r"(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?")

Item = int | str | None


def is_index(value: object) -> bool:
    """Return whether a value is an index: an item, or a list of items with at most one `...`.

    An item is a whole number, a slice as text (`1:5:2`), `...`, or null for a new axis.
    """
    items = value if isinstance(value, tuple | list) else (value,)
    return list(items).count(ELLIPSIS) <= 1 and all(_is_item(item) for item in items)


def _is_item(item: object) -> bool:
    if isinstance(item, str):
        return item == ELLIPSIS or slice_of(item) is not None
    return item is None or (isinstance(item, int) and not isinstance(item, bool))


def slice_of(text: str) -> slice | None:
    """Return the slice that a text such as `1:5:2` means; None when it means none."""
    found = _SLICE.fullmatch(text)
    if found is None:
        return None
    start, stop, step = (int(part) if part else None for part in found.groups())
    return None if step == 0 else slice(start, stop, step)


def get_item(asked: Asked) -> Tensor:
    """Infer the part of a tensor that an index leaves.

    Raises:
        ShapeError: If the index has more items than the tensor has axes, or a number lies outside.
    """
    shape, key = asked.shape("x"), asked.arguments.get("key")
    if not is_index(key):
        raise UnknownError
    items: list[Item] = list(key) if isinstance(key, tuple | list) else [key]  # type: ignore[list-item]  # by `is_index`
    if ELLIPSIS not in items:
        items.append(ELLIPSIS)
    named = len([item for item in items if item is not None and item != ELLIPSIS])
    if named > len(shape):
        raise ShapeError(
            Code.AXIS,
            f"{named} items for the {len(shape)} axes of {shape}",
            field="key",
            help=f"give at most {len(shape)} items beside `...` and null, the batch axis first",
        )
    return Tensor(tuple(_axes_left(items, shape, len(shape) - named)), asked.tensor("x").dtype)


def _axes_left(items: list[Item], shape: Shape, whole: int) -> list[Dim]:
    """Return the extents that are left; `...` stands for `whole` axes."""
    left: list[Dim] = []
    axis = 0
    for item in items:
        if item == ELLIPSIS:
            left += shape[axis : axis + whole]
            axis += whole
        elif item is None:
            left.append(1)
        else:
            if isinstance(item, str):
                left.append(_part(item, shape[axis]))
            else:
                _require_inside(item, axis, shape)
            axis += 1
    return left


def _part(text: str, extent: Dim) -> Dim:
    part = slice_of(text)
    assert part is not None, text
    return None if extent is None else len(range(*part.indices(extent)))


def _require_inside(index: int, axis: int, shape: Shape) -> None:
    extent = shape[axis]
    if extent is not None and not -extent <= index < extent:
        raise ShapeError(
            Code.AXIS,
            f"axis {axis} of {shape} has no index {index}",
            field="key",
            help=f"use an index from {-extent} to {extent - 1}",
        )
