"""Random calls of keras.ops functions, for comparison with Keras."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from shape_cases import Draw, batch, extent, flags

from dlspec.resolve.shapes import Tensor
from dlspec.resolve.shapes.ops import RULES


@dataclass(frozen=True)
class OpCase:
    """One call of one function."""

    name: str
    arguments: tuple
    keywords: dict = field(default_factory=dict)


_ONE = (
    "abs negative square sign relu stop_gradient copy flip exp log sqrt tanh sigmoid softmax gelu "
    "normalize"
)
_TWO = "add subtract multiply maximum minimum divide power equal less logical_and"
_REDUCING = "max min sum prod mean std var any all argmax argmin"
_dtypes = st.sampled_from(["float32", "float32", "float16", "int32", "bool"])
_axis = st.integers(-3, 3)


@st.composite
def ops(draw: Draw) -> OpCase:
    """Draw a call of a function that has a rule."""
    base = [draw(batch), *draw(st.lists(extent, max_size=3))]
    x = Tensor(tuple(base), draw(_dtypes))
    near = tuple(draw(st.sampled_from([n, n, n, 1, 3])) for n in base[draw(st.integers(0, 1)) :])
    y = Tensor(near, draw(st.sampled_from([x.dtype, x.dtype, "float32"])))
    kind = draw(st.sampled_from(["one", "two", "reduce", "layout", "layout"]))
    if kind == "one":
        return OpCase(draw(st.sampled_from(_ONE.split())), (x,))
    if kind == "two":
        other = draw(st.sampled_from([y, y, y, 2, 0.5]))
        return OpCase(draw(st.sampled_from(_TWO.split())), (x, other))
    if kind == "reduce":
        name = draw(st.sampled_from(_REDUCING.split()))
        return OpCase(name, (x,), {"axis": draw(_axis | st.none()), "keepdims": draw(flags)})
    sizes = st.lists(st.sampled_from([1, 2, 3, 6, -1]), min_size=1, max_size=3)
    order = st.permutations(range(draw(st.sampled_from([len(base), len(base), 2]))))
    choices = {
        "clip": ((x, 0.0, 1.0), {}),
        "logsumexp": ((x,), {"axis": draw(_axis | st.none()), "keepdims": draw(flags)}),
        "binary_crossentropy": ((x, Tensor(draw(st.sampled_from([x.shape, near])), "float32")), {}),
        "categorical_crossentropy": (
            (x, Tensor(draw(st.sampled_from([x.shape, near])), "float32")),
            {},
        ),
        "sparse_categorical_crossentropy": (
            (Tensor(draw(st.sampled_from([x.shape[:-1], near])), "int32"), x),
            {},
        ),
        "matmul": ((x, y), {}),
        "where": ((Tensor(x.shape, "bool"), x, y), {}),
        "concatenate": (((x, Tensor(y.shape, x.dtype)),), {"axis": draw(_axis)}),
        "stack": (((x, Tensor(y.shape, x.dtype)),), {"axis": draw(_axis)}),
        "reshape": ((x, tuple(draw(sizes))), {}),
        "transpose": ((x,), {"axes": draw(st.none() | order.map(tuple))}),
        "expand_dims": ((x, draw(_axis)), {}),
        "squeeze": ((x,), {"axis": draw(_axis | st.none())}),
        "swapaxes": ((x, draw(_axis), draw(_axis)), {}),
        "cast": ((x, "int32"), {}),
        "one_hot": ((Tensor(x.shape, "int32"), 4), {"axis": draw(_axis)}),
        "take": ((x, Tensor(near, "int32")), {"axis": draw(_axis | st.none())}),
        "broadcast_to": ((x, tuple(n or 2 for n in base)), {}),
    }
    name = draw(st.sampled_from(sorted(choices)))
    arguments, keywords = choices[name]
    return OpCase(name, arguments, keywords)


COVERED = {*_ONE.split(), *_TWO.split(), *_REDUCING.split()} & set(RULES)
