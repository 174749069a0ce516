"""The corners of functions: every name with a rule, every axis, every kind of number."""

from itertools import product

from op_cases import OpCase

from dlspec.resolve.shapes import Tensor

X = Tensor((None, 4, 3))
KINDS = ("float32", "float16", "int32", "int64", "uint8", "bool")
ELEMENTWISE = (
    "abs absolute negative square sign relu relu6 stop_gradient copy flip exp expm1 log log1p log2 "
    "log10 sqrt rsqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh erf "
    "reciprocal sigmoid silu swish gelu elu selu celu softplus softsign softmax log_softmax "
    "log_sigmoid leaky_relu hard_sigmoid hard_silu hard_tanh isnan isinf isfinite logical_not "
    "signbit ones_like zeros_like"
)
BINARY = (
    "add subtract multiply maximum minimum divide true_divide equal not_equal greater "
    "greater_equal less less_equal logical_and logical_or logical_xor"
)
REDUCING = "max min amax amin sum prod mean std var any all argmax argmin"


def elementwise() -> list[OpCase]:
    """Return each function of one operand on each kind of number, and on an open shape."""
    return [
        *(
            OpCase(name, (Tensor((None, 4), kind),))
            for name, kind in product(ELEMENTWISE.split(), KINDS)
            # Keras announces float32 for it, and computes in float16.
            if (name, kind) != ("reciprocal", "float16")
        ),
        *(OpCase("roll", (Tensor((None, 4), kind), 1), {"axis": 1}) for kind in KINDS),
        *(
            OpCase(name, (Tensor((None, None, 3)),))
            for name in ("ones_like", "isnan", "tanh", "relu", "exp")
        ),
        *(
            OpCase(name, (Tensor((2, 3), kind),), {"dtype": dtype})
            for name, kind, dtype in product(
                ("ones_like", "zeros_like"), ("float32", "int32"), ("int64", "float16", None)
            )
        ),
    ]


def binary() -> list[OpCase]:
    """Return operands of the same and of other kinds and shapes, numbers and arrays among them."""
    others = [Tensor((4, 3)), Tensor((1, 3)), Tensor((None, 1, 1)), Tensor((3,)), Tensor((2, 4, 3))]
    refused = [Tensor((4, 2)), Tensor((2,)), Tensor((None, 3, 3))]
    numbers = [2, 0.5, True]
    return [
        *(
            OpCase(name, (Tensor((None, 3), a), Tensor((None, 3), b)))
            for name, a, b in product(BINARY.split(), KINDS, ("float32", "int32", "bool"))
        ),
        *(OpCase("add", (X, other)) for other in (*others, *refused, *numbers)),
        *(OpCase("less", (other, X)) for other in (*others, *refused)),
        *(
            OpCase(name, (Tensor((None, 3), kind), number))
            for name, kind, number in product(("add", "divide"), KINDS, (2, 0.5, True))
        ),
        *(
            OpCase("where", (Tensor(shape, "bool"), a, b))
            for shape, a, b in product(
                ((None, 4, 3), (4, 1), (2,)), (X, Tensor((4, 3), "int32")), (X, Tensor((3,)), 0.0)
            )
        ),
    ]


def reducing() -> list[OpCase]:
    """Return each reduction over each axis, with and without the axes that go."""
    return [
        *(
            OpCase(name, (X,), {"axis": axis, "keepdims": keep})
            for name, axis, keep in product(
                REDUCING.split(), (None, 0, 1, 2, -1, -3, 3, -4), (True, False)
            )
        ),
        *(
            OpCase(name, (X,), {"axis": axis})
            for name, axis in product(("sum", "mean", "max", "any"), ((1, 2), (0, -1), (1, 3)))
        ),
        *(
            OpCase(name, (Tensor((None, 4), kind),), {"axis": 1})
            for name, kind in product(REDUCING.split(), KINDS)
        ),
        *(
            OpCase(name, (Tensor(shape, kind),), {"axis": axis, **more})
            for name, shape, kind, axis, more in product(
                ("cumsum", "cumprod"),
                ((2, 3), (None, 3)),
                ("float32", "int32", "float16"),
                (0, 1, None),
                ({}, {"dtype": "float16"}),
            )
        ),
    ]


def products() -> list[OpCase]:
    """Return matrix products of every rank, and of extents that do not fit."""
    shapes = ((3,), (4, 3), (3, 5), (None, 3), (None, 4, 3), (2, 4, 3), (2, 3, 5), (5, 1, 3, 2))
    return [
        *(OpCase("matmul", (Tensor(a), Tensor(b))) for a, b in product(shapes, shapes)),
        *(
            OpCase("matmul", (Tensor((2, 3), a), Tensor((3, 2), b)))
            for a, b in product(KINDS, ("float32", "int32", "bool"))
        ),
    ]


def joining() -> list[OpCase]:
    """Return tensors joined along old and new axes."""
    others = [X, Tensor((None, 5, 3)), Tensor((None, 4, 2)), Tensor((2, 4, 3)), Tensor((4, 3))]
    return [
        *(
            OpCase(name, ((X, other),), {"axis": axis})
            for name, other, axis in product(
                ("concatenate", "stack"), others, (0, 1, 2, 3, -1, -2, -3, -4, 4, -5)
            )
        ),
        *(
            OpCase(name, ((Tensor((2, 3), a), Tensor((2, 3), b)),), {"axis": 1})
            for name, a, b in product(("concatenate", "stack"), KINDS, ("float32", "int32"))
        ),
        OpCase("concatenate", ((X, X, X),), {"axis": 1}),
        OpCase("concatenate", ((Tensor((None, None)), Tensor((None, 3))),), {"axis": 1}),
        OpCase("stack", ((X, X, X),), {"axis": 1}),
    ]


def moving() -> list[OpCase]:
    """Return shapes changed in every way that they can be, and in some that they cannot."""
    x, ids = Tensor((2, 4, 3), "int32"), Tensor((None, 5), "int32")
    targets = (
        (24,),
        (-1,),
        (4, 6),
        (4, -1),
        (-1, 12),
        (-1, -1),
        (5, -1),
        (25,),
        (0, -1),
        (2, 3, 4),
    )
    orders = (None, (0, 2, 1), (2, 1, 0), (0, 1), (0, 0, 1), (-3, -1, -2), (0, 1, 2, 3))
    axes = (0, 1, 2, 3, -1, -2, -3, -4, 4)
    return [
        *(OpCase("reshape", (one, target)) for one, target in product((x, X), targets)),
        *(OpCase("transpose", (one,), {"axes": order}) for one, order in product((x, X), orders)),
        *(OpCase("expand_dims", (X, axis)) for axis in (*axes, -5, (0, 1), (1, -1))),
        *(
            OpCase("squeeze", (Tensor(shape),), {"axis": axis})
            for shape, axis in product(((None, 1, 3, 1), (1, 2)), (None, 0, 1, 2, 3, -1, 4, (1, 3)))
        ),
        *(OpCase("swapaxes", (X, a, b)) for a, b in product((0, 1, -1, 3), (0, 2, -2, -4))),
        *(OpCase("cast", (X, dtype)) for dtype in KINDS),
        *(OpCase("one_hot", (ids, 7), {"axis": axis}) for axis in (-1, 0, 1, 2, -2, 3)),
        *(OpCase("one_hot", (ids, 7), {"dtype": dtype}) for dtype in ("int32", "float16")),
        *(
            OpCase("take", (x, indices), {"axis": axis})
            for indices, axis in product((ids, Tensor((), "int32"), 1), (None, *axes))
        ),
        *(
            OpCase("broadcast_to", (Tensor(shape), target))
            for shape, target in product(
                ((1, 3), (3,), (2, 1), (2, 3)), ((2, 3), (4, 2, 3), (2, 2), (3,))
            )
            # Keras announces fewer axes than there are, and refuses them when it runs.
            if len(shape) <= len(target)
        ),
    ]


OP_CORNERS = {
    "elementwise": elementwise(),
    "of two": binary(),
    "reductions": reducing(),
    "products": products(),
    "joined": joining(),
    "moved": moving(),
}
