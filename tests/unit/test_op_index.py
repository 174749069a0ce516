"""What stands between brackets: our shapes against numpy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlspec.diagnostics.codes import Code
from dlspec.language.indexing import is_index, slice_of
from dlspec.resolve.shapes import ShapeError, Tensor, infer_op

ends = st.none() | st.integers(-6, 6)
steps = st.none() | st.integers(-3, 3).filter(bool)
slices = st.builds(
    lambda start, stop, step: ":".join("" if n is None else str(n) for n in (start, stop, step)),
    *(ends, ends, steps),
)
items = st.none() | st.integers(-4, 4) | slices | st.just("...")
keys = st.lists(items, max_size=5).filter(lambda key: key.count("...") < 2)


def as_numpy(item):
    if isinstance(item, str):
        return ... if item == "..." else slice_of(item)
    return item


@given(st.lists(st.integers(1, 5), max_size=4), keys)
def test_an_index_leaves_the_shape_that_numpy_leaves(shape, key):
    x, index = Tensor(tuple(shape), "int32"), tuple(as_numpy(item) for item in key)
    try:
        expected = np.zeros(shape)[index].shape
    except IndexError:
        expected = None
    if expected is None:
        with pytest.raises(ShapeError) as refused:
            infer_op("get_item", (x, tuple(key)))
        assert refused.value.code is Code.AXIS
    else:
        assert infer_op("get_item", (x, tuple(key))) == Tensor(expected, "int32")


def test_an_open_axis_stays_open_under_a_slice_and_goes_under_a_number():
    x = Tensor((None, 4, 6), "float32")
    assert infer_op("get_item", (x, (":5", 0, "::2"))) == Tensor((None, 3), "float32")
    assert infer_op("get_item", (x, 7)) == Tensor((4, 6), "float32")


@pytest.mark.parametrize(
    "value", [True, 0.5, "1", "1:2:0", "a:b", "1:2:3:4", ("...", "..."), (0, (1,))]
)
def test_what_is_no_index(value):
    assert not is_index(value)


@pytest.mark.parametrize(
    ("text", "part"),
    [(":", slice(None)), ("-2:", slice(-2, None)), ("1:5:2", slice(1, 5, 2)), ("::", slice(None))],
)
def test_a_slice_is_written_as_in_python(text, part):
    assert slice_of(text) == part


def test_written_rows_are_arrays_of_the_widest_number():
    x = Tensor((None, 2), "float32")
    assert infer_op("matmul", (x, ((1, 2, 3), (4, 5, 6)))) == Tensor((None, 3), "float32")
    whole = Tensor((None, 2), "int32")
    assert infer_op("add", (whole, (1, 2))) == Tensor((None, 2), "int32")
    assert infer_op("add", (whole, (1, 2.5))) == Tensor((None, 2), "float32")
