"""What a layer makes of its inputs, known before Keras builds it; pure functions."""

from dlspec.shapes.cost import plus
from dlspec.shapes.op_costs import op_cost
from dlspec.shapes.ops import infer_op
from dlspec.shapes.registry import infer
from dlspec.shapes.tensor import (
    Dim,
    Inferred,
    Inputs,
    Models,
    Shape,
    ShapeError,
    Tensor,
    Weight,
)

__all__ = [
    "Dim",
    "Inferred",
    "Inputs",
    "Models",
    "Shape",
    "ShapeError",
    "Tensor",
    "Weight",
    "infer",
    "infer_op",
    "op_cost",
    "plus",
]
