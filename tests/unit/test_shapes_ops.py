"""Functions of keras.ops, written out."""

import pytest

from dlspec.diagnostics.codes import Code
from dlspec.resolve.shapes import ShapeError, Tensor, infer_op

X = Tensor((None, 4, 3))


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "out"),
    [
        ("tanh", (X,), {}, X),
        ("add", (X, 1), {}, X),
        ("multiply", (X, Tensor((4, 1))), {}, X),
        ("divide", (Tensor((2,), "int32"), 2), {}, Tensor((2,))),
        ("less", (X, 0.5), {}, Tensor((None, 4, 3), "bool")),
        ("mean", (X,), {"axis": 1}, Tensor((None, 3))),
        ("max", (X,), {"axis": -1, "keepdims": True}, Tensor((None, 4, 1))),
        ("argmax", (X,), {"axis": -1}, Tensor((None, 4), "int32")),
        ("matmul", (X, Tensor((3, 7))), {}, Tensor((None, 4, 7))),
        ("concatenate", ((X, X),), {"axis": -1}, Tensor((None, 4, 6))),
        ("stack", ((X, X), 1), {}, Tensor((None, 2, 4, 3))),
        ("reshape", (Tensor((2, 6)), (3, -1)), {}, Tensor((3, 4))),
        ("transpose", (X,), {"axes": (0, 2, 1)}, Tensor((None, 3, 4))),
        ("expand_dims", (X, 1), {}, Tensor((None, 1, 4, 3))),
        ("cast", (X, "int32"), {}, Tensor((None, 4, 3), "int32")),
        ("one_hot", (Tensor((None,), "int32"), 5), {}, Tensor((None, 5))),
    ],
)
def test_a_function_gives_the_shape_and_dtype_of_its_definition(name, arguments, keywords, out):
    assert infer_op(name, arguments, keywords) == out


@pytest.mark.parametrize(
    ("name", "arguments", "code", "field"),
    [
        ("add", (X, Tensor((None, 4, 2))), Code.MERGE, "x2"),
        ("matmul", (X, Tensor((4, 7))), Code.MERGE, "x2"),
        ("reshape", (Tensor((2, 6)), (5, -1)), Code.RESHAPE, "newshape"),
        ("squeeze", (X, 1), Code.AXIS, "axis"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(name, arguments, code, field):
    with pytest.raises(ShapeError) as caught:
        infer_op(name, arguments)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_functions_without_a_rule_are_left_to_keras():
    assert infer_op("fft2", (X,)) is None
    assert infer_op("no_such_function", (X,)) is None
