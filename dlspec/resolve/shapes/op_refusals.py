"""What Keras refuses of a keras.ops function whatever its outputs are: axes, parts, strings."""

from collections.abc import Mapping

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.language.tensors import Shape, Tensor
from dlspec.resolve.shapes.op_arguments import axis_of
from dlspec.resolve.shapes.tensor import ShapeError

# Their axis is not one of the first operand: of the result, of another operand, or of numbers.
_OTHER_AXES = frozenset(
    {
        *("expand_dims", "stack", "one_hot", "multi_hot", "cross"),
        *("linspace", "logspace", "geomspace", "sparse_categorical_crossentropy"),
    }
)
_AXES = ("axis", "axis1", "axis2", "source", "destination")
# These move or compare values; all others compute with them.
_TAKE_STRINGS = frozenset(
    {"copy", "equal", "flip", "not_equal", "ones_like", "roll", "stop_gradient", "zeros_like"}
)


def refuse_axes(name: str, arguments: Mapping[str, object]) -> None:
    """Refuse an axis that the first operand does not have.

    Raises:
        ShapeError: If there is one; `field` is the parameter.
    """
    first = next(iter(arguments.values()), None)
    if name in _OTHER_AXES or not isinstance(first, Tensor) or not first.shape:
        return
    for field in _AXES:
        value = arguments.get(field)
        for axis in value if isinstance(value, tuple | list) else (value,):
            if isinstance(axis, int) and not isinstance(axis, bool):
                axis_of(axis, len(first.shape), shape=first.shape, field=field)


def refuse_parts(name: str, arguments: Mapping[str, object]) -> None:
    """Refuse a number of parts that an axis cannot be split into.

    Raises:
        ShapeError: If the extent is no multiple of it.
    """
    x, parts, axis = (arguments.get(n) for n in ("x", "indices_or_sections", "axis"))
    if name not in ("split", "array_split") or not isinstance(x, Tensor) or x.shape is None:
        return
    if not isinstance(parts, int) or not isinstance(axis, int):
        return
    extent = x.shape[axis]
    if parts < 1 or (name == "split" and extent is not None and extent % parts):
        raise ShapeError(
            Code.RESHAPE,
            f"an extent of {extent} cannot be split into {counted(parts, 'equal part')}",
            field="indices_or_sections",
            help=_help_for_parts(extent, x.shape),
        )


def _help_for_parts(extent: int | None, shape: Shape) -> str:
    if extent is None:
        return "use a number of at least 1"
    divisors = [n for n in range(2, extent + 1) if extent % n == 0][:_MOST_DIVISORS]
    listed = " or ".join(map(str, divisors)) or "1"
    return f"use {listed}, or another axis of {shape}"


# More are no help: whoever splits has one in mind.
_MOST_DIVISORS = 4


def refuse_string_operands(name: str, arguments: Mapping[str, object]) -> None:
    """Refuse strings where a function computes; those of two strings are joined by `add`.

    Raises:
        ShapeError: If one of the operands holds strings.
    """
    dtypes = {value.dtype for value in arguments.values() if isinstance(value, Tensor)}
    alone = len(dtypes) == 1 and not any(isinstance(v, int | float) for v in arguments.values())
    if "string" not in dtypes or name in _TAKE_STRINGS or (name == "add" and alone):
        return
    raise ShapeError(
        Code.DTYPE,
        f"`ops.{name}` computes with numbers, not with strings",
        help="turn strings into ids first, with `StringLookup` or `TextVectorization`",
    )
