"""What a layer makes of its inputs, known before Keras builds it; pure functions."""

from dlspec.language.tensors import Dim, Shape, Tensor
from dlspec.resolve.shapes.cost import sum_if_known
from dlspec.resolve.shapes.op_costs import op_cost
from dlspec.resolve.shapes.ops import infer_op
from dlspec.resolve.shapes.registry import infer_layer
from dlspec.resolve.shapes.tensor import Inferred, Inputs, Models, ShapeError, Weight

__all__ = [
    "Dim",
    "Inferred",
    "Inputs",
    "Models",
    "Shape",
    "ShapeError",
    "Tensor",
    "Weight",
    "infer_layer",
    "infer_op",
    "op_cost",
    "sum_if_known",
]
