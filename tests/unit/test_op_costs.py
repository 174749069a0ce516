"""What functions of keras.ops cost: multiply-adds of products, elements read; moving is free."""

import pytest

import dlspec
from dlspec.resolve.costs import graph_cost
from dlspec.resolve.shapes import Tensor, infer_op, op_cost

X, Y = Tensor((None, 4, 6), "float32"), Tensor((None, 6, 5), "float32")


def cost(name, *arguments, **keywords):
    output = infer_op(name, arguments, keywords)
    return op_cost(name, (*arguments, *keywords.values()), output)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("matmul", (X, Y), (4 * 5 * 6, 2 * 4 * 5 * 6)),
        ("add", (X, X), (0, 2 * 24)),
        ("add", (X, 1), (0, 24)),
        ("tanh", (X,), (0, 24)),
        ("mean", (X,), (0, 24)),
        ("cumsum", (X, 1), (0, 24)),
        ("concatenate", ((X, X), 1), (0, 0)),
        ("transpose", (X,), (0, 0)),
        ("zeros_like", (X,), (0, 0)),
        ("matmul", (Tensor((None, None, 6), "float32"), Y), (None, None)),
        ("add", (Tensor(None, None), X), (None, None)),
    ],
)
def test_an_operation_is_counted_per_sample(name, arguments, expected):
    assert cost(name, *arguments) == expected


def test_what_only_keras_knows_has_no_cost():
    assert cost("svd", X) == (None, None)


def test_the_total_of_a_graph_holds_its_operations():
    plan = dlspec.loads(
        "dlspec: 1\nname: m\nmodel:\n  inputs: {a: [4], b: [4]}\n  graph:\n"
        "    - {ops.subtract: {args: [a, b]}}\n    - ops.square\n    - Dense: 3\n"
    )
    found = graph_cost(plan.graph)
    # Two operands, then one, then a product with its bias.
    assert (found.macs, found.flops) == (12, 8 + 4 + 2 * 12 + 3)


def test_a_model_inside_a_wrapper_hands_on_its_multiply_adds():
    plan = dlspec.loads(
        "dlspec: 1\nname: m\nmodel:\n  models:\n    inner: {inputs: {x: [4]}, graph: [Dense: 3]}\n"
        "  inputs: {steps: [5, 4]}\n  graph:\n"
        "    - TimeDistributed: {layer: {model: inner}}\n    - Flatten\n    - Dense: 2\n"
    )
    assert graph_cost(plan.graph).macs == 5 * 4 * 3 + 15 * 2
