"""The input of a graph whose batch a weight of the graph's own is repeated over."""

from collections.abc import Sequence

from dlspec.diagnostics.codes import Code
from dlspec.expand.flat import Input
from dlspec.language.catalogue import FreeWeight
from dlspec.language.tensors import Tensor
from dlspec.resolve.shapes import Inferred, ShapeError
from dlspec.resolve.shapes.tensor import Weight


def batch_input(inputs: Sequence[Input]) -> Input | None:
    """Return the first input of which Keras can take a part; it takes none of a sparse one."""
    return next((one for one in inputs if not one.sparse), None)


def inferred_weight(made: FreeWeight, inputs: Sequence[Input], dtype: str) -> Inferred:
    """Infer a weight of the graph's own: the same for each sample of the batch.

    Shapes:
        returns: (batch, *shape)

    Raises:
        ShapeError: If no input tells how large the batch is.
    """
    taken = batch_input(inputs)
    if taken is None:
        raise ShapeError(
            Code.LAYER_INPUTS,
            "every input is sparse, and none tells the size of a batch",
            help="leave `sparse` out of one input",
        )
    out = Tensor((taken.shape[0], *made.shape), dtype)
    return Inferred((("out", out),), (Weight("kernel", made.shape),))
