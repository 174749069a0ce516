"""What a layer costs, and the one-output result most layers have.

A multiply-add of a matrix product or a convolution is one MAC and two FLOPs. Everything else
counts one FLOP for each element it reads once more: a bias, an activation, an element of a pooling
window, a step of a normalization. Moving data (reshapes, padding, lookups) and what happens in
training only (dropout, noise, augmentation) is free. All per sample: the batch axis is left out.
"""

from math import prod

from dlspec.language.tensors import Shape, Tensor
from dlspec.resolve.shapes.call import Call
from dlspec.resolve.shapes.tensor import Inferred, Weight

# Reads per element: mean, variance, centring, scaling; inference of BatchNormalization skips two.
STATISTICS = 4
# A multiplication and an addition for each number.
AFFINE = 2


def sample_elements(shape: Shape) -> int | None:
    """Return the elements of one sample; None when an extent is unknown."""
    return product_if_known(*shape[1:])


def product_if_known(*factors: int | None) -> int | None:
    """Return the product; None when a factor is unknown."""
    known = [factor for factor in factors if factor is not None]
    return prod(known) if len(known) == len(factors) else None


def sum_if_known(*terms: int | None) -> int | None:
    """Return the sum; None when a term is unknown."""
    known = [term for term in terms if term is not None]
    return sum(known) if len(known) == len(terms) else None


def activation_cost(call: Call, shape: Shape, *, argument: str = "activation") -> int | None:
    """Return what the activation of a layer costs; nothing for none and for `linear`."""
    return 0 if call.layer[argument] in (None, "linear") else sample_elements(shape)


def one_output(
    shape: Shape,
    dtype: str | None,
    *,
    weights: tuple[Weight, ...] = (),
    macs: int | None = 0,
    extra: int | None = 0,
) -> Inferred:
    """Return the result of a layer with one output; `extra` are FLOPs besides the MACs."""
    flops = sum_if_known(product_if_known(2, macs), extra)
    return Inferred((("out", Tensor(shape, dtype)),), weights, macs, flops)
