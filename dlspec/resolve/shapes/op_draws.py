"""Functions of keras.ops.random: a draw for each sample of the tensor they take."""

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Shape, Tensor
from dlspec.resolve.shapes.op_arguments import Asked, axis_of, floating_dtype
from dlspec.resolve.shapes.tensor import ShapeError


def infer_draw_op(asked: Asked) -> Tensor:
    """Infer numbers drawn in the shape of a tensor, or so many of another for each sample."""
    return Tensor(_drawn_shape(asked), floating_dtype(asked.tensor("x").dtype))


def infer_whole_draw_op(asked: Asked) -> Tensor:
    """Infer whole numbers drawn as `infer_draw_op` says."""
    return Tensor(_drawn_shape(asked), "int32")


def infer_class_draw_op(asked: Asked) -> Tensor:
    """Infer so many classes for each row of logits."""
    shape = asked.shape("logits")
    if len(shape) != 2:
        raise ShapeError(
            Code.RANK,
            f"logits of shape {shape} are no row of classes for each sample",
            field="logits",
            help="bring them to (batch, classes)",
        )
    return Tensor((shape[0], asked.integer("num_samples")), "int32")


def infer_shuffle_op(asked: Asked) -> Tensor:
    """Infer the same values in another order."""
    shape, x = asked.shape("x"), asked.tensor("x")
    axis_of(asked.integer("axis"), len(shape), shape=shape)
    return Tensor(shape, x.dtype)


def _drawn_shape(asked: Asked) -> Shape:
    shape, written = asked.shape("x"), asked.arguments["shape"]
    if asked.tensor("x").dtype == "string":
        raise ShapeError(Code.DTYPE, "numbers are not drawn like texts", field="x")
    least, most = asked.arguments.get("minval"), asked.arguments.get("maxval")
    if isinstance(least, int | float) and isinstance(most, int | float) and least >= most:
        raise ShapeError(
            Code.OUT_OF_RANGE,
            f"nothing lies from {least} to below {most}",
            field="maxval",
            help="write a `maxval` above `minval`",
        )
    if written is None:
        return shape
    if not shape:
        raise ShapeError(
            Code.RANK,
            "a single number has no samples to draw for",
            field="x",
            help="name a tensor with an axis of samples, such as an input",
        )
    if not isinstance(written, tuple | list) or None in written:
        raise ShapeError(
            Code.UNKNOWN_EXTENT,
            "so many numbers are drawn for each sample, and null says no number",
            field="shape",
            help="write each extent, or leave `shape` out for that of the tensor",
        )
    return (shape[0], *(asked.integers("shape") or ()))
