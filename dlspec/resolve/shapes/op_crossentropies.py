"""The crossentropies of keras.ops: one number for each place that holds a class."""

from dlspec.diagnostics.codes import Code
from dlspec.language.tensors import Shape, Tensor, may_be_equal
from dlspec.resolve.shapes.op_arguments import Asked, axis_of
from dlspec.resolve.shapes.tensor import ShapeError


def infer_binary_crossentropy_op(asked: Asked) -> Tensor:
    """Infer the crossentropy of zeros and ones.

    Shapes:
        target: that of `output`
        returns: the same
    """
    _require_alike(asked)
    return Tensor(asked.shape("output"), asked.tensor("output").dtype)


def infer_categorical_crossentropy_op(asked: Asked) -> Tensor:
    """Infer the crossentropy of one-hot vectors.

    Shapes:
        target: that of `output`, (..., classes)
        returns: (...)
    """
    _require_alike(asked)
    # Keras announces and gives the shape without the last axis, whichever `axis` says.
    return Tensor(asked.shape("output")[:-1], asked.tensor("output").dtype)


def infer_sparse_crossentropy_op(asked: Asked) -> Tensor:
    """Infer the crossentropy of class ids.

    Shapes:
        target: (...) or (..., 1)
        output: (..., classes)
        returns: (...)
    """
    target, output = asked.shape("target"), asked.shape("output")
    if not output:
        raise ShapeError(Code.RANK, "the output holds no axis of classes", field="output")
    written = asked.arguments.get("axis", -1)
    axis = axis_of(written if isinstance(written, int) else -1, len(output), shape=output)
    places = output[:axis] + output[axis + 1 :]
    ids = target[:-1] if len(target) == len(output) and target[-1] == 1 else target
    if not may_be_equal(ids, places):
        raise ShapeError(
            Code.MERGE,
            f"ids of shape {target} do not fit an output of shape {output}",
            field="target",
            help=f"give ids of shape {places}",
        )
    return Tensor(places, asked.tensor("output").dtype)


def _require_alike(asked: Asked) -> None:
    target, output = asked.shape("target"), asked.shape("output")
    if not may_be_equal(target, output):
        raise ShapeError(
            Code.MERGE,
            f"a target of shape {target} does not fit an output of shape {output}",
            field="target",
            help="give both the same shape" + _ids_for_classes_help(target, output),
        )


def _ids_for_classes_help(target: Shape, output: Shape) -> str:
    ids = len(target) + 1 == len(output)
    return "; of class ids, write `ops.sparse_categorical_crossentropy`" if ids else ""
