"""The arguments of a keras.ops function, by name, and what their rules share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.tensor import ShapeError


@dataclass(frozen=True, slots=True)
class Asked:
    """A function and its arguments by name, defaults included."""

    name: str
    arguments: Mapping[str, object]

    def tensor(self, name: str) -> Tensor:
        """Return an argument that is a tensor."""
        value = self.arguments.get(name)
        if isinstance(value, Tensor):
            return value
        raise UnknownError

    def shape(self, name: str) -> Shape:
        """Return the shape of an argument that is a tensor of known rank."""
        shape = self.tensor(name).shape
        if shape is None:
            raise UnknownError
        return shape

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return an argument of one or several integers as a tuple; None stays None."""
        value = self.arguments.get(name)
        if value is None:
            return None
        items = value if isinstance(value, tuple | list) else (value,)
        if not all(isinstance(item, int) for item in items):
            raise UnknownError
        return tuple(item for item in items if isinstance(item, int))

    def integer(self, name: str) -> int:
        """Return an argument that is an integer."""
        value = self.arguments.get(name)
        if isinstance(value, int):
            return value
        raise UnknownError


class UnknownError(Exception):
    """An argument of a kind that these rules do not follow."""


# The types of the parameters that operands are given for.
TENSORS = ("tensor", "tensors")
# What written numbers are as an array; a mix is float32.
_WRITTEN = {bool: "bool", int: "int32", float: "float32"}
FLOATS = ("float16", "bfloat16", "float32", "float64")


def floating_dtype(dtype: str | None) -> str | None:
    """Return the dtype of a function that computes in floats: integers become Keras's default."""
    return dtype if dtype is None or dtype in FLOATS else "float32"


def joint_dtype(values: Sequence[object]) -> str | None:
    """Return the dtype of several operands; None for mixes that depend on Keras's lattice."""
    dtypes = {value.dtype for value in values if isinstance(value, Tensor)}
    literal_float = any(isinstance(value, float) for value in values)
    floats = dtypes & set(FLOATS)
    if len(floats) == 1:
        return floats.pop()
    if floats or len(dtypes) != 1:
        return None
    only = dtypes.pop()
    if only == "bool" and any(type(value) in (int, float) for value in values):
        return None
    return floating_dtype(only) if literal_float else only


def first_name(asked: Asked) -> str:
    """Return the name of the function's first operand."""
    return next(iter(asked.arguments))


def broadcast_shapes(a: Shape, b: Shape, *, field: str | None = None) -> Shape:
    """Return the shape of two tensors combined elementwise, aligned at their last axes.

    Raises:
        ShapeError: If two extents differ and neither is 1.
    """
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    return tuple(_broadcast_extent(i, j, (a, b), field) for i, j in pairs)


def _broadcast_extent(i: Dim, j: Dim, shapes: tuple[Shape, Shape], field: str | None) -> Dim:
    if i == 1:
        return j
    if j in (1, None) or i == j:
        return i
    if i is None:
        return j
    raise ShapeError(
        Code.MERGE,
        f"extents of {i} and {j} do not fit: {shapes[0]}, {shapes[1]}",
        field=field,
        help="bring both to one shape, or to 1 where they differ",
    )


def operand_shape(value: object) -> Shape:
    """Return the shape of a tensor or of a number, which has no axes."""
    if isinstance(value, Tensor):
        if value.shape is None:
            raise UnknownError
        return value.shape
    if isinstance(value, bool | int | float):
        return ()
    raise UnknownError


def constant_tensor(value: object, *, field: str | None = None) -> Tensor | None:
    """Return the array that nested lists of numbers stand for; None when something else is in them.

    Truth values make bool, whole numbers int32, any other number float32.

    Raises:
        ShapeError: If lists of one depth differ in length.
    """
    if isinstance(value, bool | int | float):
        return Tensor((), _WRITTEN[type(value)])
    if not isinstance(value, tuple | list):
        return None
    items = [constant_tensor(item, field=field) for item in value]
    known = [item for item in items if item is not None and item.shape is not None]
    if len(known) != len(items):
        return None
    if len({item.shape for item in known}) > 1:
        raise ShapeError(
            Code.MERGE,
            "the rows have different shapes",
            field=field,
            help="give every row the same number of items",
        )
    inner = known[0].shape if known else ()
    found = {item.dtype for item in known}
    dtype = next((dtype for dtype in _WRITTEN.values() if found == {dtype}), "float32")
    return Tensor((len(items), *(inner or ())), dtype)


def axis_of(axis: int, rank: int, *, shape: Shape, field: str = "axis") -> int:
    """Return an axis counted from the front.

    Raises:
        ShapeError: If `shape` has no such axis.
    """
    if -rank <= axis < rank:
        return axis % rank
    raise ShapeError(
        Code.AXIS,
        f"{shape} has no axis {axis}",
        field=field,
        help=f"use an axis from {-rank} to {rank - 1}",
    )
