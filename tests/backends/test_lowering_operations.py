"""Functions of keras.ops, slices and written arrays as the Keras model they mean."""

import numpy as np
import pytest

import dlspec


def _loads(text: str) -> dlspec.Plan:
    return dlspec.loads("dlspec: 1\nname: m\n" + text)


def test_operations_take_tensors_and_literals():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {a: [3], b: [3]}
  graph:
    - ops.subtract: {args: [a, b]}
    - ops.absolute
    - ops.clip: [0, 1]
    - {ops.concatenate: {axis: -1}, from: [clip, a]}
""")
    )
    a, b = np.array([[1.0, 2.0, 3.0]], "float32"), np.array([[1.5, 2.0, 9.0]], "float32")
    assert np.array_equal(model([a, b]), [[0.5, 0.0, 1.0, 1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("key", "index"),
    [
        ('[":", 0]', (slice(None), 0)),
        ("-1", -1),
        ('[":", "1:3"]', (slice(None), slice(1, 3))),
        ("[..., 1]", (Ellipsis, 1)),
        ('["::-1", null, "-2:"]', (slice(None, None, -1), None, slice(-2, None))),
        ('[":", "$2 - 1", "::2"]', (slice(None), 1, slice(None, None, 2))),
    ],
)
def test_an_index_takes_what_numpy_takes(key, index):
    plan = _loads(f"model:\n  inputs: {{x: [4, 6]}}\n  graph: [{{ops.get_item: {{key: {key}}}}}]\n")
    x = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")
    planned = plan.graph.nodes[0].outputs[0][1].shape
    assert len(planned) == x[index].ndim
    assert all(n in (None, m) for n, m in zip(planned, x[index].shape, strict=True))
    np.testing.assert_array_equal(dlspec.compile(plan)(x), x[index])


@pytest.mark.parametrize(
    ("key", "code", "label"),
    [
        ('["1:x"]', "DL203", 'this is the text "1:x"'),
        ('[":", 0.5]', "DL203", "this is 0.5"),
        ('["::0"]', "DL203", 'this is the text "::0"'),
        ("[..., ...]", "DL209", "it stands here again"),
        ("[0, 0, 0, 0]", "DL412", "4 items for the 3 axes of (None, 4, 6)"),
        ('[":", 4]', "DL412", "axis 1 of (None, 4, 6) has no index 4"),
    ],
)
def test_an_index_that_means_nothing_is_reported_at_its_place(key, code, label):
    with pytest.raises(dlspec.SpecError) as refused:
        _loads(f"model:\n  inputs: {{x: [4, 6]}}\n  graph:\n    - ops.get_item: {key}\n")
    (found,) = refused.value.diagnostics
    assert (found.code.value, found.span.line, found.label) == (code, 6, label)


def test_written_arrays_are_operands():
    plan = _loads("""
model:
  inputs: {x: [2]}
  graph:
    - ops.matmul: {args: [x, [[1, 2, 3], [4, 5, 6.5]]]}
    - ops.take: {args: [matmul, [2, 0]], axis: 1}
""")
    assert [node.outputs[0][1].shape for node in plan.graph.nodes] == [(None, 3), (None, 2)]
    x = np.array([[1.0, 2.0]], "float32")
    np.testing.assert_array_equal(dlspec.compile(plan)(x), [[16.0, 9.0]])


def test_rows_of_a_written_array_have_one_length():
    with pytest.raises(dlspec.SpecError, match="the rows have different shapes"):
        _loads("model:\n  inputs: {x: [2]}\n  graph:\n    - ops.add: {args: [x, [[1, 2], [3]]]}\n")


def test_functions_of_several_results_and_of_many_tensors():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {x: [4]}
  graph:
    - {ops.split: {indices_or_sections: 2, axis: 1}, name: half}
    - {ops.einsum: "bi,bj->bij", from: [half, half.1], name: outer}
    - {ops.stack: {axis: 1}, from: [half.1, half], name: swapped}
  outputs: [outer, swapped]
""")
    )
    x = np.array([[1.0, 2.0, 3.0, 4.0]], "float32")
    outer, swapped = model(x)
    np.testing.assert_array_equal(outer, [[[3, 4], [6, 8]]])
    np.testing.assert_array_equal(swapped, [[[3, 4], [1, 2]]])


def test_an_output_that_a_function_does_not_give_is_reported_when_it_is_built():
    plan = _loads(
        "model:\n  inputs: {x: [4]}\n  graph:\n"
        "    - {ops.split: {indices_or_sections: 2, axis: 1}, name: half}\n  outputs: [half.2]\n"
    )
    with pytest.raises(dlspec.SpecError) as refused:
        dlspec.compile(plan)
    (found,) = refused.value.diagnostics
    assert (found.code.value, found.label) == ("DL409", "`half` has no output 2: 2 come out")


def test_a_tensor_may_stand_where_a_function_takes_numbers():
    model = dlspec.compile(
        _loads("""
model:
  inputs: {x: {shape: [4], batch: 2}, start: {shape: [], dtype: int32, batch: 2}}
  graph:
    - {ops.slice: {start_indices: start, shape: [1, 2]}, from: x}
""")
    )
    x = np.arange(8, dtype="float32").reshape(2, 4)
    np.testing.assert_array_equal(model([x, np.array([1, 2], "int32")]), [[6, 7]])
