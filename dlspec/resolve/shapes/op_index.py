"""What stands between the brackets of `x[:, 0]`, as YAML says it: `[":", 0]`."""

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.indexing import ELLIPSIS, Item, is_index, slice_of
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.op_arguments import Asked, UnknownError
from dlspec.resolve.shapes.tensor import ShapeError


def infer_get_item_op(asked: Asked) -> Tensor:
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
            f"{counted(named, 'item')} for the {counted(len(shape), 'axis')} of {shape}",
            field="key",
            help=f"give at most {counted(len(shape), 'item')} beside `...` and null, "
            "the batch axis first",
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
                left.append(_slice_extent(item, shape[axis]))
            else:
                _require_inside(item, axis, shape)
            axis += 1
    return left


def _slice_extent(text: str, extent: Dim) -> Dim:
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
